// The grid of teachers: puts the parts together (docs/grid.md).

import { addTexts, ask, text } from "../client.js";
import { confirmed, toast } from "../dialog.js";
import { Actions } from "./actions.js";
import { Editor } from "./editor.js";
import { bind as bindKeys } from "./keys.js";
import { bind as bindMouse } from "./mouse.js";
import { bulkDialog, columnChoice, finder, rowName, showConflicts, showCounts, showErrors } from "./panels.js";
import { Phone } from "./phone.js";
import { Selection } from "./selection.js";
import { Server } from "./server.js";
import { Sheet } from "./sheet.js";
import { Table } from "./table.js";

const KEPT = "teacher-grid:hidden"; // names of columns only; nothing about people is kept in the browser
const SMALL = "(max-width: 767.98px)";

export async function mount(root) {
  const element = root.querySelector("[data-teacher-grid]:not([data-mounted])");
  if (!element) return;
  element.dataset.mounted = "1";
  addTexts(JSON.parse(element.querySelector("[data-grid-texts]").textContent));
  const { status, data } = await ask(element.dataset.url);
  element.querySelector("[data-grid-loading]").remove();
  if (status !== 200 || !data?.rows) return toast(text("requestFailed"), true);
  tellMore(element, data);
  new Grid(element, data);
}

/** Say that the filter finds more than the grid holds. */
function tellMore(root, { rows, count, most }) {
  const line = root.querySelector("[data-grid-more]");
  line.hidden = count <= rows.length;
  line.textContent = line.hidden ? "" : text("moreRows", { count, most });
}

class Grid {
  #state = "";
  #saving = false;

  constructor(root, data) {
    this.root = root;
    this.sheet = new Sheet(data);
    this.hidden = new Set(keptHidden());
    this.server = new Server(this.sheet, { check: root.dataset.check, save: root.dataset.save }, (state) => this.#told(state));
    this.small = matchMedia(SMALL);
    root.querySelector("[data-grid-body]").hidden = false;
    this.selection = new Selection(this.#visible(), () => this.sheet.rows.length);
    this.actions = new Actions(this.sheet, this.selection);
    if (this.small.matches) this.phone = new Phone(root, this.sheet);
    else this.#drawTable();
    for (const kind of ["change", "check", "saved"]) this.sheet.addEventListener(kind, () => this.#show());
    root.addEventListener("click", (event) => this.#clicked(event));
    addEventListener("keydown", (event) => this.#pageKey(event));
    addEventListener("beforeunload", (event) => this.sheet.dirty.length && event.preventDefault());
    this.#show();
    root.dataset.ready = "1";
  }

  #visible() {
    return this.sheet.columns.map((column) => column.name).filter((name) => !this.hidden.has(name));
  }

  #drawTable() {
    const stage = this.root.querySelector("[data-grid-stage]");
    stage.hidden = false;
    this.table = new Table(stage.querySelector("[data-grid-table]"), this.sheet, this.selection, this.hidden);
    this.editor = new Editor(stage, () => this.table.cell(this.selection.active.index, this.selection.name), () => this.#about());
    const commands = this.#commands();
    bindKeys(this.editor, this.selection, this.actions, this.table, commands);
    bindMouse(this.table, this.editor, this.selection, this.actions, commands);
    this.editor.addEventListener("picked", () => commands.commit() ?? this.selection.step(1, 0));
    this.editor.addEventListener("left", () => commands.commit());
    this.editor.addEventListener("locked", () => toast(text("locked"), true));
    this.selection.addEventListener("move", () => this.#moved());
    this.selection.addEventListener("reach", () => this.table.paint());
    this.table.element.addEventListener("grid:painted", () => this.editor.editing && this.editor.place());
    this.bulk = bulkDialog(this.root, this.sheet, () => this.#chosenRows(), (rows, name, value) => this.#setColumn(rows, name, value));
    this.find = finder(this.root, this.sheet, this.selection, this.table, () => this.editor.focus());
    columnChoice(this.root, this.sheet, this.hidden, (name, shown) => this.#showColumn(name, shown));
    this.table.ready.then(() => this.#begin());
    this.table.element.addEventListener("focusin", () => this.editor.focus());
  }

  #begin() {
    this.#moved();
    this.editor.focus();
    if ("bulk" in this.root.dataset) {
      this.selection.chooseRows(0, this.sheet.rows.filter((row) => row.id !== null).length - 1);
      this.bulk();
    }
  }

  #commands() {
    return {
      commit: () => this.#commit(),
      edit: () => this.#edit(),
      find: () => this.find(),
      help: () => this.#help(),
      leave: () => this.#leave(),
      nextError: () => this.#nextError(),
      redo: () => this.#step("redo"),
      save: () => this.#save(),
      undo: () => this.#step("undo"),
    };
  }

  get #row() {
    return this.sheet.rows[this.selection.active.index];
  }

  #about() {
    const { name } = this.selection;
    return { column: this.sheet.byName.get(name), locked: this.sheet.isLocked(this.#row, name) };
  }

  #setColumn(rows, name, value) {
    this.actions.setColumn(rows, name, value);
    this.editor.focus();
  }

  /** Rows with a teacher among the chosen ones. */
  #chosenRows() {
    return this.selection.indices.filter((index) => this.sheet.rows[index]?.id !== null || this.sheet.isDirty(this.sheet.rows[index]));
  }

  /** Edit what stands in the cell; a masked value can only be typed anew. */
  #edit() {
    const { name } = this.selection;
    const masked = this.sheet.byName.get(name).masked && !this.sheet.isChanged(this.#row, name);
    this.editor.begin(masked ? "" : this.sheet.value(this.#row, name), true, masked ? text("typeWhole") : "");
  }

  #commit() {
    if (!this.editor.editing) return;
    const { index } = this.selection.active;
    const { name } = this.selection;
    const value = this.editor.finish();
    const untouched = this.sheet.byName.get(name).masked && value === "" && !this.sheet.isChanged(this.#row, name);
    if (!untouched) this.actions.set([[index, name, value]]);
  }

  #moved() {
    const { index } = this.selection.active;
    const { name } = this.selection;
    const { head, columns, names } = this.selection;
    this.table.reveal(head.index, names.length === columns.length ? name : columns[head.column]); // whole rows: stay at the left
    this.table.paint();
    const row = this.#row;
    const wrong = row.problems[name];
    const value = this.sheet.value(row, name) || text("empty");
    const parts = [rowName(this.sheet, row, index), this.sheet.byName.get(name).label, value];
    if (this.sheet.isLocked(row, name)) parts.push(text("lockedShort"));
    if (wrong) parts.push(text("wrong"), wrong.join(" "));
    if (!this.selection.isSingle) parts.push(text("chosenCells", { count: this.selection.cells.length }));
    this.editor.describe(parts.slice(0, 2).join(" "), parts.join(text("comma")));
    this.root.querySelector("[data-grid-why]").textContent = wrong ? wrong.join(" ") : "";
  }

  #showColumn(name, shown) {
    this.hidden[shown ? "delete" : "add"](name);
    localStorage.setItem(KEPT, JSON.stringify([...this.hidden]));
    this.selection.columns = this.#visible();
    this.selection.go(this.selection.active.index, 0);
    this.table.show(name, shown);
  }

  #told(state, data) {
    this.#state = state;
    if (state === "unchecked" && data?.problems) toast(data.problems.map((one) => one.message).join(" "), true);
    this.#show();
  }

  #show() {
    showCounts(this.root, this.sheet, this.#saving ? "saving" : this.#state === "checked" ? "" : this.#state);
    showErrors(this.root, this.sheet, (index, name) => this.#go(index, name));
    showConflicts(this.root, this.sheet);
  }

  #go(index, name) {
    if (this.phone) return this.phone.open(index, name);
    if (this.hidden.has(name)) this.root.querySelector(`[data-grid-columns] input[value="${name}"]`).click();
    const column = Math.max(0, this.selection.columns.indexOf(name));
    this.selection.go(index, column);
    this.editor.focus();
  }

  #nextError() {
    const found = this.sheet.problems();
    if (!found.length) return this.root.querySelector("[data-grid-conflicts]:not([hidden]) h2")?.focus();
    const place = ({ index, name }) => index * 1000 + Math.max(0, this.sheet.columns.findIndex((column) => column.name === name));
    const here = this.phone ? -1 : place({ index: this.selection.active.index, name: this.selection.name });
    const sorted = found.sort((a, b) => place(a) - place(b));
    const next = sorted.find((one) => place(one) > here) ?? sorted[0];
    this.#go(next.index, next.name || this.sheet.columns[0].name);
  }

  #leave() {
    this.root.querySelector("[data-do=save]:not(:disabled), [data-do=help]").focus();
  }

  #help() {
    this.root.querySelector("[data-grid-help]").showModal();
  }

  #clicked(event) {
    const what = event.target.closest("[data-do]")?.dataset.do;
    const acts = {
      save: () => this.#save(),
      valid: () => this.#saveValid(),
      undo: () => this.#step("undo"),
      redo: () => this.#step("redo"),
      fill: () => this.actions.fillDown(),
      bulk: () => this.bulk(),
      error: () => this.#nextError(),
      help: () => this.#help(),
    };
    if (!acts[what]) return;
    if (this.editor?.editing) this.#commit();
    acts[what]();
    if (this.table && ["undo", "redo", "fill"].includes(what)) this.editor.focus();
  }

  #pageKey(event) {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    const dialog = event.target.closest?.("dialog");
    if (dialog || (typing && event.key !== "F8")) return;
    const control = event.ctrlKey || event.metaKey ? "Control+" : "";
    const acts = {
      "?": () => this.#help(),
      F8: () => this.#nextError(),
      "Control+s": () => this.#save(),
      "Control+z": () => this.#step(event.shiftKey ? "redo" : "undo"),
      "Control+y": () => this.#step("redo"),
      "Control+f": this.find,
    };
    const act = acts[control + (control ? event.key.toLowerCase() : event.key)];
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** Take a step back, or do it again. */
  #step(way) {
    if (!this.sheet[way]() || !this.table) return;
    const last = this.sheet.rows.length - 1;
    if (this.selection.active.index > last || this.selection.head.index > last) this.selection.go(last, this.selection.active.column);
    this.root.querySelector("[data-grid-place]").textContent = text(way === "undo" ? "undone" : "redone");
  }

  async #saveValid() {
    const wrong = this.sheet.rows.filter((row) => Object.keys(row.problems).length).length;
    const count = this.sheet.dirty.length - wrong;
    const message = text("validQuestion", { count, wrong });
    if (count > 0 && (await confirmed({ message, title: text("validTitle"), button: text("validButton") }))) this.#save(true);
  }

  async #save(onlyValid = false) {
    if (this.#saving || !this.sheet.dirty.length) return;
    this.#saving = true;
    this.#show();
    const before = this.sheet.rows.length;
    const answer = await this.server.save(onlyValid);
    this.#saving = false;
    this.#show();
    if (!answer) return;
    if (this.table && before !== this.sheet.rows.length) this.table.refresh();
    this.table?.paint();
    this.#tellSaved(answer);
  }

  #tellSaved({ status, data }) {
    if (!data?.saved) {
      const why = data?.problems?.map((one) => one.message).join(" ");
      return toast(why || text(status === 0 ? "notSent" : "requestFailed"), true);
    }
    if (document.activeElement === document.body) this.editor?.focus(); // the button that was pressed is off now
    if (data.saved.length) toast(text("savedRows", { count: data.saved.length }));
    if (data.conflicts.length) return toast(text("conflictTold", { count: data.conflicts.length }), true);
    if (data.invalid.length && !data.saved.length) {
      toast(text("nothingSaved", { count: data.invalid.length }), true);
      this.#nextError();
    }
  }
}

function keptHidden() {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "[]");
  } catch {
    return [];
  }
}
