// The bell of the top bar: its drop-down is fetched when it opens. Without scripts the bell leads to the inbox.

import { text } from "./client.js";

export function mount(root) {
  for (const bell of root.querySelectorAll("[data-bell]")) bell.addEventListener("show.bs.dropdown", () => fill(bell));
}

async function fill(bell) {
  const menu = bell.querySelector(".dropdown-menu");
  try {
    const answer = await fetch(bell.dataset.bell, { credentials: "same-origin", cache: "no-store" });
    if (!answer.ok || answer.redirected) throw new TypeError(answer.statusText);
    menu.innerHTML = await answer.text();
  } catch {
    menu.querySelector("p").textContent = text("requestFailed");
  }
}
