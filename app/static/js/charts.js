// Charts: ECharts with the colours of the theme, the table behind a button (parts/chart.html).

import { text } from "./client.js";
import * as echarts from "../vendor/echarts/echarts.js";

const COLOURS = {
  light: ["#2f6fd0", "#1c8a5a", "#c77700", "#8a4fc7", "#c0392b", "#0f8b9c", "#7a6a1f", "#5b6b7d"],
  dark: ["#7db0ff", "#6fd3a0", "#f0b95b", "#c79bf2", "#ff9486", "#62cfdd", "#d6c56a", "#a7b6c6"],
};

export function mount(root) {
  for (const figure of root.querySelectorAll("[data-chart]:not([data-drawn])")) start(figure);
}

function start(figure) {
  figure.dataset.drawn = "1";
  const canvas = figure.querySelector(".chart-canvas");
  const option = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
  const button = figure.querySelector("[data-chart-toggle]");
  const table = document.getElementById(button.getAttribute("aria-controls"));
  canvas.hidden = false;
  button.hidden = false;
  showTable(button, table, "open" in figure.dataset);
  button.addEventListener("click", () => showTable(button, table, table.hidden));
  let chart = draw(canvas, option);
  new ResizeObserver(() => chart.resize()).observe(canvas);
  document.addEventListener("kit:theme", () => {
    chart.dispose();
    chart = draw(canvas, option);
  });
}

function showTable(button, table, shown) {
  table.hidden = !shown;
  button.setAttribute("aria-expanded", String(shown));
  button.querySelector("span").textContent = text(shown ? "hideTable" : "showTable");
}

function draw(canvas, option) {
  const style = getComputedStyle(canvas);
  const colour = (name) => style.getPropertyValue(name).trim();
  const theme = document.documentElement.dataset.bsTheme === "dark" ? "dark" : "light";
  const words = { color: colour("--kit-text"), fontFamily: style.fontFamily };
  const line = { lineStyle: { color: colour("--kit-line") } };
  const axis = { axisLabel: { color: colour("--kit-muted") }, axisLine: line, splitLine: line };
  const chart = echarts.init(canvas, null, { renderer: "canvas" });
  chart.setOption({
    color: COLOURS[theme],
    textStyle: words,
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    grid: { left: 12, right: 16, top: 40, bottom: 8, containLabel: true },
    tooltip: { trigger: "axis", backgroundColor: colour("--kit-surface"), borderColor: colour("--kit-line"), textStyle: words },
    ...option,
    ...(option.legend ? { legend: { top: 4, textStyle: words, ...option.legend } } : {}),
    ...(option.xAxis ? { xAxis: merged(axis, option.xAxis) } : {}),
    ...(option.yAxis ? { yAxis: merged(axis, option.yAxis) } : {}),
  });
  return chart;
}

function merged(common, own) {
  return Array.isArray(own) ? own.map((one) => ({ ...common, ...one })) : { ...common, ...own };
}
