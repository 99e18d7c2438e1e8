// Around the table: counters, the list of errors, the conflicts, bulk setting, columns, find.

import { text } from "../client.js";

const MOST_LISTED = 100; // errors written out

const make = (tag, values = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), values);
  element.append(...children);
  return element;
};

/** The name of a row for people: its number and whose it is. */
export function rowName(sheet, row, index) {
  return text("rowName", { number: index + 1, name: sheet.value(row, "name") || text("newTeacher") });
}

/** How many rows were changed and how many cells are wrong, and which buttons make sense now. */
export function showCounts(root, sheet, state) {
  const { changed, wrong, conflicts } = sheet.counts();
  const parts = [changed ? text("changedRows", { count: changed }) : text("nothingChanged")];
  if (wrong) parts.push(text("wrongCells", { count: wrong }));
  if (conflicts) parts.push(text("conflictRows", { count: conflicts }));
  const line = root.querySelector("[data-grid-counts]");
  const told = parts.join(text("comma"));
  if (line.textContent !== told) line.textContent = told;
  line.classList.toggle("has-errors", wrong + conflicts > 0);
  root.querySelector("[data-grid-state]").textContent = state ? text(state) : "";
  const disabled = { save: !changed, valid: !changed, undo: !sheet.canUndo, redo: !sheet.canRedo, error: !wrong && !conflicts };
  for (const [name, off] of Object.entries(disabled)) {
    for (const button of root.querySelectorAll(`[data-do="${name}"]`)) button.disabled = off;
  }
  root.querySelector('[data-do="valid"]').hidden = !wrong;
}

/** Every error as a button that leads to its cell. */
export function showErrors(root, sheet, go) {
  const panel = root.querySelector("[data-grid-errors]");
  const found = sheet.problems();
  panel.hidden = found.length === 0;
  panel.querySelector("h2").textContent = text("errorsTitle", { count: found.length });
  const lines = found.slice(0, MOST_LISTED).map(({ row, index, name, messages }) => {
    const column = sheet.byName.get(name);
    const place = [rowName(sheet, row, index), column?.label].filter(Boolean).join(" · ");
    const button = make("button", { type: "button", className: "grid-error", onclick: () => go(index, name) });
    button.append(make("strong", { textContent: place }), make("span", { textContent: messages.join(" ") }));
    return make("li", {}, button);
  });
  if (found.length > MOST_LISTED) lines.push(make("li", { textContent: text("moreErrors", { count: found.length - MOST_LISTED }) }));
  panel.querySelector("ul").replaceChildren(...lines);
}

/** Rows that somebody else has changed: what was, what they wrote, what one wrote oneself; choose for each cell. */
export function showConflicts(root, sheet) {
  const panel = root.querySelector("[data-grid-conflicts]");
  const rows = sheet.rows.map((row, index) => [row, index]).filter(([row]) => row.theirs);
  panel.hidden = rows.length === 0;
  panel.querySelector("[data-conflict-rows]").replaceChildren(...rows.map(([row, index]) => conflict(sheet, row, index)));
  if (rows.length && !panel.contains(document.activeElement)) panel.querySelector("h2").focus();
}

function conflict(sheet, row, index) {
  const heads = ["column", "was", "theirs", "mine"].map((name) => make("th", { scope: "col", textContent: text(name) }));
  const body = make("tbody");
  for (const { name, before, mine, theirs } of sheet.differences(row)) {
    const line = make("tr", {}, make("th", { scope: "row", textContent: sheet.byName.get(name).label }), make("td", { textContent: before || "—" }));
    const own = mine !== before;
    line.append(choice(row, name, "theirs", theirs, !own), choice(row, name, "mine", mine, own));
    body.append(line);
  }
  const form = make("form", { className: "grid-conflict" });
  const table = make("table", { className: "table data-table" }, make("caption", { textContent: rowName(sheet, row, index) }), make("thead", {}, make("tr", {}, ...heads)), body);
  const scroll = make("div", { className: "table-scroll" }, table);
  const all = (side) => () => form.querySelectorAll(`input[value="${side}"]`).forEach((one) => (one.checked = true));
  form.append(
    scroll,
    make("div", { className: "form-buttons" },
      make("button", { className: "btn btn-primary", textContent: text("takeChoice") }),
      make("button", { type: "button", className: "btn", textContent: text("allMine"), onclick: all("mine") }),
      make("button", { type: "button", className: "btn", textContent: text("allTheirs"), onclick: all("theirs") })),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    sheet.settle(row, [...form.querySelectorAll('input[value="mine"]:checked')].map((one) => one.name.slice(row.key.length + 1)));
  });
  return form;
}

function choice(row, name, side, value, checked) {
  const radio = make("input", { type: "radio", className: "form-check-input", name: `${row.key}/${name}`, value: side, checked });
  return make("td", {}, make("label", { className: "conflict-choice" }, radio, make("span", { textContent: value || text("empty") })));
}

/** The columns to show, kept in the browser under `key`; `change(name, shown)` on every choice. */
export function columnChoice(root, sheet, hidden, change) {
  const menu = root.querySelector("[data-grid-columns]");
  for (const column of sheet.columns.filter((one) => !one.frozen)) {
    const box = make("input", { type: "checkbox", className: "form-check-input", value: column.name, checked: !hidden.has(column.name) });
    box.addEventListener("change", () => change(column.name, box.checked));
    menu.append(make("label", { className: "dropdown-item" }, box, document.createTextNode(column.label)));
  }
}

/** The dialog that sets one field of the chosen rows: `indices()` tells which, `set(indices, name, text)` does it. */
export function bulkDialog(root, sheet, indices, set) {
  const dialog = root.querySelector("[data-grid-bulk]");
  const form = dialog.querySelector("form");
  const [field, place] = [form.elements.field, dialog.querySelector("[data-bulk-value]")];
  const columns = sheet.columns.filter((column) => column.bulk);
  field.replaceChildren(...columns.map((column) => make("option", { value: column.name, textContent: column.label })));
  const open = () => {
    const chosen = indices();
    dialog.querySelector("[data-bulk-rows]").textContent = text("bulkRows", { count: chosen.length });
    form.elements.ok.disabled = chosen.length === 0;
    dialog.showModal();
    field.focus();
  };
  const offer = () => {
    const made = control(sheet.byName.get(field.value));
    if (made.options) made.append(made.firstElementChild); // emptying many cells is nobody's first choice
    if (made.options) made.selectedIndex = 0;
    place.replaceChildren(made);
  };
  field.addEventListener("change", offer);
  offer();
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    dialog.close();
    set(indices(), field.value, place.firstElementChild.value);
  });
  return open;
}

/** The control for one column outside the table: a list of choices, or a line of text. */
export function control(column, value = "") {
  if (!column.choices) {
    const input = make("input", { className: "form-control", value, maxLength: column.longest ?? 200, autocomplete: "off" });
    input.setAttribute("aria-label", column.label);
    return input;
  }
  const names = column.choices.map((one) => one.name);
  const known = value && !names.includes(value) ? [value] : [];
  const options = ["", ...known, ...names].map((name) => make("option", { value: name, textContent: name || text("empty") }));
  const select = make("select", { className: "form-select" }, ...options);
  select.value = value;
  select.setAttribute("aria-label", column.label);
  return select;
}

/** Search in the grid: Enter goes on, Shift+Enter back, Escape leaves. */
export function finder(root, sheet, selection, table, focus) {
  const input = root.querySelector("[data-grid-find]");
  const count = root.querySelector("[data-grid-found]");
  let found = [];
  let at = -1;
  const look = () => {
    found = sheet.find(input.value, selection.columns);
    table.highlight(new Set(found.map(([index, name]) => `${index}/${name}`)));
    at = -1;
    tell();
  };
  const tell = () => {
    count.textContent = input.value.trim() ? text("found", { at: at + 1, count: found.length }) : "";
  };
  const go = (by) => {
    if (!found.length) return;
    at = (at + by + found.length) % found.length;
    const [index, name] = found[at];
    selection.go(index, selection.columns.indexOf(name));
    tell();
  };
  input.addEventListener("input", look);
  sheet.addEventListener("change", () => input.value && look());
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") go(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") {
      input.value = "";
      look();
      focus();
    } else return;
    event.preventDefault();
  });
  return () => input.select();
}
