// Long work: ask how far it is, show it, until it is over (parts/progress.html).

import { ask, text } from "./client.js";

const EVERY = 1000; // milliseconds between questions
const SAID = 5000; // milliseconds between announcements to screen readers
const OVER = new Set(["done", "failed", "cancelled"]);

export function mount(root) {
  for (const card of root.querySelectorAll("[data-progress]:not([data-watched])")) watch(card);
}

async function watch(card) {
  card.dataset.watched = "1";
  let said = 0;
  while (card.isConnected) {
    if (!document.hidden) {
      const { data } = await ask(card.dataset.progress);
      if (data) {
        const over = OVER.has(data.state);
        const now = Date.now();
        show(card, data, over || now - said > SAID);
        if (over || now - said > SAID) said = now;
        if (over) return finish(card, data);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, EVERY));
  }
}

function show(card, { label, done = 0, total = 0 }, announce) {
  const share = total ? Math.min(100, Math.round((100 * done) / total)) : 0;
  const bar = card.querySelector("[data-progress-bar]");
  bar.setAttribute("aria-valuenow", share);
  bar.firstElementChild.style.width = `${share}%`;
  const numbers = total ? text("left", { done: done.toLocaleString(), total: total.toLocaleString(), left: (total - done).toLocaleString() }) : "";
  card.querySelector("[data-progress-numbers]").textContent = numbers;
  if (announce) card.querySelector("[data-progress-label]").textContent = total ? `${label} · ${share}%` : label;
}

function finish(card, { result, problems = [] }) {
  card.querySelector("[data-progress-cancel]")?.remove();
  const link = card.querySelector("[data-progress-result]");
  if (result?.open) {
    location.assign(result.url); // the page the work led to
  } else if (result) {
    link.href = result.url;
    link.textContent = result.label;
    link.hidden = false;
  }
  const list = card.querySelector("[data-progress-problems]");
  list.replaceChildren(...problems.map((problem) => Object.assign(document.createElement("li"), { textContent: problem })));
  list.hidden = problems.length === 0;
  card.dispatchEvent(new CustomEvent("progress:over", { bubbles: true }));
}
