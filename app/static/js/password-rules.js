// While a new password is typed: which rules it meets already. The server alone judges (ACC-4).

import { ask } from "./client.js";

const PAUSE = 350; // milliseconds without a key before the server is asked

export function mount(root) {
  for (const box of root.querySelectorAll("[data-password-rules]")) watch(box);
}

function watch(box) {
  const field = document.getElementById(box.dataset.field);
  if (!field) return;
  let waiting;
  let asked = 0;
  const look = async () => {
    const mine = ++asked;
    if (!field.value) return show(box, null);
    const { data } = await ask(box.dataset.passwordRules, { new: field.value });
    if (mine === asked && data?.reasons) show(box, new Set(data.reasons));
  };
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(look, PAUSE);
  });
  if (field.value) look();
}

function show(box, reasons) {
  for (const line of box.querySelectorAll("[data-rule]")) {
    const state = reasons === null ? "" : reasons.has(line.dataset.rule) ? "missing" : "met";
    line.dataset.state = state;
    line.querySelector("i").className = `ti ${{ met: "ti-check", missing: "ti-x" }[state] ?? "ti-point"}`;
    line.querySelector("[data-said]").textContent = state ? ` (${box.dataset[state]})` : "";
  }
  const summary = box.querySelector("[data-summary]");
  summary.textContent = reasons?.size ? summary.dataset.summary.replace("{count}", reasons.size) : "";
}
