// Reviewing declarations by keyboard: j and k go on and back, a approves, r refuses, x chooses a row, Enter opens it.
// Items carry data-decide-item: rows of the list, or the decision of each class on the page of a programme.

export function mount(root) {
  const page = root.querySelector("[data-decide-keys]");
  if (page) document.addEventListener("keydown", (event) => press(page, event));
}

function press(page, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
  const act = { j: () => go(page, 1), k: () => go(page, -1), a: () => approve(page), r: () => refuse(page), x: () => choose(current(page)) }[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

function typing(target) {
  return Boolean(target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]"));
}

function items(page) {
  return [...page.querySelectorAll("[data-decide-item]")];
}

function current(page) {
  return page.querySelector("[data-decide-item].is-current");
}

function go(page, by) {
  const all = items(page);
  if (!all.length) return null;
  const at = all.indexOf(current(page));
  const item = all[at < 0 ? 0 : Math.max(0, Math.min(all.length - 1, at + by))];
  all.forEach((one) => one.classList.toggle("is-current", one === item));
  (item.querySelector("[data-decide-focus]") ?? item.querySelector("input")).focus({ preventScroll: true });
  item.scrollIntoView({ block: "nearest" });
  return item;
}

function choose(item) {
  item?.querySelector("[data-check-row]")?.click();
}

/** On the list: approve what is chosen, or the current row. On the page: choose “approve” for the class. */
function approve(page) {
  const item = current(page) ?? go(page, 0);
  const choice = item?.querySelector("input[type=radio][value=approve]");
  if (choice) return choice.click();
  if (!page.querySelector("[data-check-row]:checked")) choose(item);
  if (page.querySelector("[data-check-row]:checked")) page.querySelector("[data-decide-approve]").click();
}

/** On the list: open the programme to refuse there. On the page: choose “refuse” and ask for the reason. */
function refuse(page) {
  const item = current(page) ?? go(page, 0);
  const choice = item?.querySelector("input[type=radio][value=refuse]");
  if (!choice) return item?.querySelector("[data-decide-focus]")?.click();
  choice.click();
  item.querySelector("textarea").focus();
}
