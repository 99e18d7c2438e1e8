// The visible table: Tabulator draws the rows in view, this paints cells, selection and marks into them.

import { FormatModule, FrozenColumnsModule, ResizeColumnsModule, Tabulator } from "../../vendor/tabulator/tabulator.js";
import { text } from "../client.js";

Tabulator.registerModule([FormatModule, FrozenColumnsModule, ResizeColumnsModule]);

const ROW_HEIGHT = 34; // pixels, as in css/grid.css
export const HEAD = "_row"; // the column of row numbers and marks

export class Table {
  #sheet;
  #selection;
  #tabulator;
  #found = new Set();
  #waiting = false;
  #revealed = null; // the column that was brought into view last

  constructor(element, sheet, selection, hidden) {
    this.element = element;
    this.#sheet = sheet;
    this.#selection = selection;
    this.#tabulator = new Tabulator(element, {
      data: sheet.rows,
      index: "key",
      height: "100%",
      layout: "fitData",
      rowHeight: ROW_HEIGHT,
      columnDefaults: { resizable: "header" },
      columns: [headColumn(), ...sheet.columns.map((column) => columnOf(column, hidden.has(column.name)))],
      rowFormatter: (row) => this.#paintRow(row.getElement(), row.getData()),
    });
    this.ready = new Promise((resolve) => this.#tabulator.on("tableBuilt", () => resolve(this.#built())));
    this.#tabulator.on("scrollVertical", () => this.paint());
    sheet.addEventListener("check", () => this.paint());
    sheet.addEventListener("change", (event) => this.#changed(event.detail));
  }

  #built() {
    this.holder = this.element.querySelector(".tabulator-tableholder");
    this.holder.setAttribute("role", "rowgroup"); // it scrolls, so it can be focused, and needs a role in the grid
    this.element.querySelector(".tabulator-table").setAttribute("role", "presentation");
    this.element.removeAttribute("aria-owns");
    this.element.setAttribute("aria-label", text("gridLabel"));
    this.element.setAttribute("aria-multiselectable", "true");
    this.#count();
    this.paint();
  }

  #count() {
    this.element.setAttribute("aria-rowcount", this.#sheet.rows.length + 1);
    this.element.setAttribute("aria-colcount", this.#sheet.columns.length + 1);
  }

  #changed({ resized }) {
    if (resized) this.#resize();
    this.paint();
  }

  async #resize() {
    const [left, top] = [this.holder.scrollLeft, this.holder.scrollTop];
    await this.#tabulator.replaceData(this.#sheet.rows);
    this.holder.scrollTo(left, top);
    this.#count();
    this.paint();
    this.element.dispatchEvent(new CustomEvent("grid:resized"));
  }

  /** Show the rows of the sheet anew, after some were added or removed. */
  refresh() {
    return this.#resize();
  }

  show(name, shown) {
    this.#tabulator[shown ? "showColumn" : "hideColumn"](name);
    this.paint();
  }

  /** Mark the cells that a search has found: a set of "row/column". */
  highlight(found) {
    this.#found = found;
    this.paint();
  }

  /** Paint what is in view, once before the next frame. */
  paint() {
    if (this.#waiting) return;
    this.#waiting = true;
    requestAnimationFrame(() => {
      this.#waiting = false;
      this.paintNow();
    });
  }

  paintNow() {
    const rows = new Map(this.#sheet.rows.map((row, index) => [row.key, [row, index]]));
    for (const element of this.element.querySelectorAll(".tabulator-row")) {
      const found = rows.get(element.dataset.key);
      if (found) this.#paintRow(element, ...found);
    }
    this.element.dispatchEvent(new CustomEvent("grid:painted"));
  }

  #paintRow(element, row, index = this.#sheet.rows.indexOf(row)) {
    element.dataset.key = row.key;
    element.dataset.index = index;
    element.setAttribute("aria-rowindex", index + 2);
    for (const cell of element.querySelectorAll(".tabulator-cell")) {
      const name = cell.getAttribute("tabulator-field");
      if (name === HEAD) this.#paintHead(cell, row, index);
      else this.#paintCell(cell, row, index, name);
    }
  }

  #paintHead(cell, row, index) {
    const mark = this.#sheet.mark(row);
    const label = mark ? text(`mark_${mark}`) : "";
    cell.setAttribute("role", "rowheader");
    setClass(cell, "is-selected", this.#selection.hasRow(index));
    if (cell.dataset.shown === `${index}${mark}`) return;
    cell.dataset.shown = `${index}${mark}`;
    cell.title = label;
    cell.replaceChildren(span("grid-number", row.id === null && !mark ? "+" : String(index + 1)));
    if (mark) cell.append(icon(MARK_ICONS[mark], `mark-${mark}`), span("visually-hidden", label));
  }

  #paintCell(cell, row, index, name) {
    const shown = this.#sheet.value(row, name);
    const wrong = row.problems[name];
    const changed = this.#sheet.isChanged(row, name);
    const locked = this.#sheet.isLocked(row, name);
    const column = this.#selection.columns.indexOf(name);
    if (cell.dataset.shown !== shown || cell.dataset.wrong !== String(Boolean(wrong))) {
      cell.dataset.shown = shown;
      cell.dataset.wrong = String(Boolean(wrong));
      cell.replaceChildren(document.createTextNode(shown));
      if (wrong) cell.prepend(icon("ti-alert-triangle", "cell-alert"), span("visually-hidden", text("wrong")));
    }
    cell.title = wrong ? wrong.join("\n") : changed ? text("before", { value: row.base[name] || text("empty") }) : "";
    setClass(cell, "is-wrong", Boolean(wrong));
    setClass(cell, "is-changed", changed && !wrong);
    setClass(cell, "is-locked", locked);
    setClass(cell, "is-derived", this.#sheet.isDerived(row, name));
    setClass(cell, "is-found", this.#found.has(`${index}/${name}`));
    setClass(cell, "is-selected", this.#selection.has(index, column));
    setClass(cell, "is-active", this.#selection.isActive(index, column));
    setClass(cell, "is-fill", this.#selection.isFill(index, column));
    setClass(cell, "has-handle", this.#selection.isCorner(index, column));
    cell.setAttribute("aria-colindex", this.#sheet.columns.findIndex((one) => one.name === name) + 2);
    setAttribute(cell, "aria-selected", this.#selection.has(index, column) ? "true" : null);
    setAttribute(cell, "aria-invalid", wrong ? "true" : null);
    setAttribute(cell, "aria-readonly", locked ? "true" : null);
  }

  /** The element of a cell, when it is in view. */
  cell(index, name) {
    return this.element.querySelector(`.tabulator-row[data-index="${index}"] > .tabulator-cell[tabulator-field="${name}"]`)
      ?? this.element.querySelector(`.tabulator-row[data-index="${index}"] [tabulator-field="${name}"]`);
  }

  /** How many rows are in view. */
  get pageSize() {
    return Math.max(1, Math.floor(this.holder.clientHeight / ROW_HEIGHT) - 1);
  }

  /** Bring a cell into view; the frozen columns at the left cover nothing, and who goes to them goes to the left end. */
  reveal(index, name) {
    const { holder } = this;
    const moved = name !== this.#revealed;
    this.#revealed = name;
    const top = index * ROW_HEIGHT;
    if (top < holder.scrollTop) holder.scrollTop = top;
    const bar = holder.offsetHeight - holder.clientHeight;
    if (top + ROW_HEIGHT > holder.scrollTop + holder.clientHeight) holder.scrollTop = top + ROW_HEIGHT - holder.clientHeight + Math.min(bar, 1);
    const head = this.element.querySelector(`.tabulator-col[tabulator-field="${name}"]`);
    if (head?.classList.contains("tabulator-frozen") && moved) holder.scrollLeft = 0;
    if (!head || head.classList.contains("tabulator-frozen")) return;
    const covered = [...this.element.querySelectorAll(".tabulator-header .tabulator-frozen")].reduce((sum, one) => sum + one.offsetWidth, 0);
    if (head.offsetLeft < holder.scrollLeft + covered) holder.scrollLeft = head.offsetLeft - covered;
    if (head.offsetLeft + head.offsetWidth > holder.scrollLeft + holder.clientWidth) holder.scrollLeft = head.offsetLeft + head.offsetWidth - holder.clientWidth;
  }

  /** Where an event of the mouse happened: {index, name}, `name` null at a row's number, `index` null in the head. */
  place(target) {
    const cell = target.closest?.(".tabulator-cell, .tabulator-col");
    if (!cell || !this.element.contains(cell)) return null;
    const name = cell.getAttribute("tabulator-field");
    const row = cell.closest(".tabulator-row");
    return { index: row ? Number(row.dataset.index) : null, name: name === HEAD ? null : name };
  }
}

const MARK_ICONS = { conflict: "ti-git-merge", invalid: "ti-alert-triangle", new: "ti-plus", changed: "ti-pencil", saved: "ti-check" };

function headColumn() {
  return { title: "#", field: HEAD, width: 64, frozen: true, resizable: false, cssClass: "grid-head", formatter: () => "" };
}

function columnOf(column, hidden) {
  return {
    title: column.label,
    field: column.name,
    width: column.width,
    frozen: column.frozen,
    visible: !hidden,
    titleFormatter: () => title(column),
    formatter: () => "",
  };
}

function title(column) {
  const element = span("grid-title", column.label);
  element.title = column.about || column.label;
  if (column.required) element.append(span("required", "*"), span("visually-hidden", text("required")));
  return element;
}

function span(name, content) {
  return Object.assign(document.createElement("span"), { className: name, textContent: content });
}

function icon(name, extra) {
  const element = Object.assign(document.createElement("i"), { className: `ti ${name} ${extra}` });
  element.setAttribute("aria-hidden", "true");
  return element;
}

function setClass(element, name, on) {
  if (element.classList.contains(name) !== on) element.classList.toggle(name, on);
}

function setAttribute(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
