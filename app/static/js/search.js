// The search of the top bar: hits below the field while one types. Without scripts Enter leads to the page of results.

import { text } from "./client.js";

const PAUSE = 200; // milliseconds without a key before the server is asked

export function mount(root) {
  for (const form of root.querySelectorAll("[data-search]")) build(form);
}

function build(form) {
  const field = form.querySelector('input[type="search"]');
  const panel = form.querySelector("[data-search-panel]");
  let waiting;
  let asked = 0;
  const close = () => (panel.hidden = true);
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    asked += 1;
    if (!field.value.trim()) return close();
    const turn = asked;
    waiting = setTimeout(async () => {
      const found = await look(form.dataset.search, field.value);
      if (turn !== asked) return;
      panel.innerHTML = found ?? "";
      if (found === null) panel.append(text("requestFailed"));
      panel.hidden = false;
    }, PAUSE);
  });
  field.addEventListener("focus", () => (panel.hidden = !field.value.trim() || !panel.childElementCount));
  form.addEventListener("submit", () => clearTimeout(waiting));
  form.addEventListener("focusout", (event) => form.contains(event.relatedTarget) || close());
  form.addEventListener("keydown", (event) => steer(event, field, panel, close));
}

/** ↓ ↑ move through the hits, Escape closes. */
function steer(event, field, panel, close) {
  if (event.key === "Escape" && !panel.hidden) {
    event.preventDefault();
    field.focus();
    return close();
  }
  if (panel.hidden || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
  const stops = [field, ...panel.querySelectorAll("a")];
  const next = stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
  event.preventDefault();
  stops.at(next % stops.length).focus();
}

async function look(url, words) {
  try {
    const answer = await fetch(`${url}?${new URLSearchParams({ q: words })}`, { credentials: "same-origin", cache: "no-store" });
    return answer.ok && !answer.redirected ? await answer.text() : null;
  } catch {
    return null;
  }
}
