// Lists: choosing rows, the bar that appears then, filters that leave a short address.

import { text } from "./client.js";

export function mount(root) {
  for (const form of root.querySelectorAll("[data-bulk-form]")) choose(form);
  for (const list of root.querySelectorAll("[data-pick-list]")) pick(list);
  for (const form of root.querySelectorAll("[data-filter-bar]")) form.addEventListener("submit", () => leaveOutEmpty(form));
}

function choose(form) {
  const rows = [...form.querySelectorAll("[data-check-row]")];
  const all = form.querySelector("[data-check-all]");
  const bar = form.querySelector("[data-bulk-bar]");
  if (!rows.length) return;
  let last = null;
  const show = () => {
    const count = rows.filter((row) => row.checked).length;
    if (bar) {
      bar.hidden = count === 0;
      bar.querySelector("[data-bulk-count]").textContent = text("chosen", { count });
    }
    if (!all) return;
    all.checked = count === rows.length;
    all.indeterminate = count > 0 && count < rows.length;
  };
  form.addEventListener("click", (event) => {
    if (event.target === all) return; // its change follows; showing now would take the click back
    const row = event.target.closest("[data-check-row]");
    if (row && event.shiftKey && last) between(rows, last, row).forEach((one) => (one.checked = row.checked));
    if (row) last = row;
    if (event.target.closest("[data-bulk-none]")) {
      rows.forEach((one) => (one.checked = false));
      (all ?? rows[0]).focus();
    }
    show();
  });
  all?.addEventListener("change", () => {
    rows.forEach((row) => (row.checked = all.checked));
    show();
  });
  if (all?.checked) rows.forEach((row) => (row.checked = true)); // ticked before this script was there
  show();
}

/** A long list of check boxes: search in it, see how many are chosen, choose all that are shown. */
function pick(list) {
  const items = [...list.querySelectorAll("[data-pick]")];
  const box = (item) => item.querySelector("input[type=checkbox]");
  const search = list.querySelector("[data-pick-search]");
  const count = () => {
    list.querySelector("[data-pick-count]").textContent = text("chosen", { count: items.filter((item) => box(item).checked).length });
  };
  const choose = (checked, which) => {
    which.forEach((item) => (box(item).checked = checked));
    count();
  };
  search.closest("[hidden]").hidden = false;
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    for (const item of items) item.hidden = !item.textContent.toLowerCase().includes(wanted);
  });
  search.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
  list.addEventListener("change", count);
  list.querySelector("[data-pick-all]").addEventListener("click", () => choose(true, items.filter((item) => !item.hidden)));
  list.querySelector("[data-pick-none]").addEventListener("click", () => choose(false, items));
  count();
}

function between(rows, one, other) {
  const [from, to] = [rows.indexOf(one), rows.indexOf(other)].sort((a, b) => a - b);
  return rows.slice(from, to + 1);
}

function leaveOutEmpty(form) {
  const empty = [...form.elements].filter((field) => field.name && !field.value && !field.disabled);
  empty.forEach((field) => (field.disabled = true));
  setTimeout(() => empty.forEach((field) => (field.disabled = false)));
}
