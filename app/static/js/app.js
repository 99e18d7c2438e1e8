// The script of every page. What only some pages need is loaded when they have it.

import "../vendor/tabler/tabler.js";
import { ask, meta, text } from "./client.js";
import { toast } from "./dialog.js";
import * as forms from "./forms.js";
import { watchHtmx } from "./keep-alive.js";
import * as lists from "./lists.js";

const ON_DEMAND = [
  ["select.js-remote", () => import("./remote-select.js")],
  ["[data-region-tree]", () => import("./region-tree.js")],
  ["[data-progress]", () => import("./progress.js")],
  ["[data-chart]", () => import("./charts.js")],
  ["[data-password-rules]", () => import("./password-rules.js")],
  ["[data-search]", () => import("./search.js")],
  ["[data-declaration]", () => import("./declaration.js")],
  ["[data-decide-keys]", () => import("./decide-keys.js")],
  ["[data-bell]", () => import("./bell.js")],
  ["[data-review]", () => import("./review.js")],
  ["[data-teacher-grid]", () => import("./grid/grid.js")],
  ["[data-verify-draw]", () => import("./verify-draw.js")],
];

async function mount(root) {
  forms.mount(root);
  lists.mount(root);
  for (const [selector, load] of ON_DEMAND) {
    if (root.querySelector(selector)) (await load()).mount(root);
  }
}

function shortcuts(event) {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const field = document.querySelector('[data-shortcut="/"]');
  if (!field) return;
  event.preventDefault();
  field.focus();
}

async function switchTheme(event) {
  const form = event.target;
  if (!form.matches("[data-theme-switch]")) return;
  event.preventDefault();
  const button = form.querySelector("button");
  const theme = button.value;
  document.documentElement.dataset.bsTheme = theme;
  button.value = theme === "dark" ? "light" : "dark";
  document.dispatchEvent(new CustomEvent("kit:theme", { detail: theme }));
  const { status } = await ask(form.action, { theme, csrf_token: meta("csrf-token") });
  if (!status) toast(text("notSent"), true);
}

/** Groups of the menu stay as the person left them. */
function keepMenu() {
  for (const group of document.querySelectorAll("[data-menu] details")) {
    const key = `menu:${group.dataset.group}`;
    const kept = localStorage.getItem(key);
    if (kept && !group.querySelector("[aria-current]")) group.open = kept === "open";
    group.addEventListener("toggle", () => localStorage.setItem(key, group.open ? "open" : "closed"));
  }
}

async function reveal(event) {
  const button = event.target.closest?.("[data-reveal]");
  if (!button) return;
  const { data } = await ask(button.dataset.reveal, { field: button.dataset.field });
  if (!data?.value) return toast(text("requestFailed"), true);
  const place = button.closest("dd").querySelector("[data-protected]");
  place.textContent = data.value;
  place.tabIndex = -1;
  place.focus();
  button.remove();
}

/** Load a script that is no module; `path` is relative to this one. */
function classic(path) {
  const script = document.createElement("script");
  script.src = new URL(path, import.meta.url).href;
  return new Promise((resolve, reject) => {
    script.addEventListener("load", resolve, { once: true });
    script.addEventListener("error", reject, { once: true });
    document.head.append(script);
  });
}

async function startHtmx() {
  if (!document.querySelector("[hx-get], [hx-post], [data-hx-get], [data-hx-post], [hx-boost]")) return;
  await classic("../vendor/htmx/htmx.min.js");
  watchHtmx(globalThis.htmx);
  document.addEventListener("htmx:load", (event) => {
    if (event.target !== document.body) mount(event.target);
  });
  globalThis.htmx.process(document.body);
}

forms.start();
document.addEventListener("keydown", shortcuts);
document.addEventListener("submit", switchTheme);
document.addEventListener("click", reveal);
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-print]")) globalThis.print();
});
keepMenu();
mount(document);
startHtmx();
