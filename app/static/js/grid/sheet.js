// What stands in the grid, without any page: rows of texts, what was changed, what the server said of it.
// A cell is the text a person reads and types; the server alone says what it means.

import { History } from "./history.js";

/** What may be said of a row, the most urgent first. */
export const MARKS = ["conflict", "invalid", "new", "changed", "saved", ""];

export class Sheet extends EventTarget {
  #history = new History();
  #numbers = 0;

  /** `data` as the server sends it: columns, rows, most, may_create, defaults. */
  constructor(data) {
    super();
    this.columns = data.columns;
    this.most = data.most;
    this.mayCreate = data.may_create;
    this.defaults = data.defaults ?? {};
    this.byName = new Map(this.columns.map((column) => [column.name, column]));
    this.rows = data.rows.map((row) => stored(row));
    if (this.mayCreate) this.rows.push(this.#blank());
  }

  #blank() {
    this.#numbers += 1;
    const row = { key: `new-${this.#numbers}`, id: null, version: null, editable: true };
    return { ...row, base: {}, values: {}, derived: {}, problems: {}, theirs: null, saved: false };
  }

  /** The text of a cell; where nothing was typed, what the record will get by itself (from the ID number, the school). */
  value(row, name) {
    return row.values[name] || row.derived[name] || (row.id === null && isStarted(row) && this.defaults[name]) || "";
  }

  /** Whether a cell shows what nobody typed. */
  isDerived(row, name) {
    return !row.values[name] && this.value(row, name) !== "";
  }

  isLocked(row, name) {
    const column = this.byName.get(name);
    return !row.editable || column.locked || (column.only_new && row.id !== null);
  }

  isChanged(row, name) {
    return (row.values[name] ?? "") !== (row.base[name] ?? "");
  }

  isDirty(row) {
    return this.columns.some((column) => this.isChanged(row, column.name));
  }

  /** The rows that saving would send. */
  get dirty() {
    return this.rows.filter((row) => this.isDirty(row));
  }

  get canUndo() {
    return this.#history.canUndo;
  }

  get canRedo() {
    return this.#history.canRedo;
  }

  mark(row) {
    if (row.theirs) return "conflict";
    if (Object.keys(row.problems).length) return "invalid";
    if (this.isDirty(row)) return row.id === null ? "new" : "changed";
    return row.saved ? "saved" : "";
  }

  counts() {
    const wrong = this.rows.reduce((sum, row) => sum + Object.keys(row.problems).length, 0);
    return { changed: this.dirty.length, wrong, conflicts: this.rows.filter((row) => row.theirs).length };
  }

  /** Every problem: {row, index, name, messages}; `name` is "" for one of the whole row. */
  problems() {
    return this.rows.flatMap((row, index) =>
      Object.entries(row.problems).map(([name, messages]) => ({ row, index, name, messages })),
    );
  }

  /** How many rows may still be added at the end. */
  get room() {
    return this.mayCreate ? Math.max(0, this.most - this.rows.filter((row) => row.id === null && isStarted(row)).length) : 0;
  }

  /**
   * Set texts as one step: `cells` are [row number, column name, text]; rows below the last are added.
   * Return {changed, locked}: how many cells changed, and how many could not.
   */
  set(cells) {
    const step = { changes: [], added: [] };
    let locked = 0;
    for (const [index, name, text] of cells) {
      const row = this.#rowAt(index, step);
      if (!row || this.isLocked(row, name)) {
        locked += 1;
        continue;
      }
      const before = row.values[name] ?? "";
      if (before !== text) step.changes.push({ row, name, before, after: text });
      row.values[name] = text;
    }
    if (step.changes.length) this.#finish(step);
    return { changed: step.changes.length, locked };
  }

  #rowAt(index, step) {
    while (this.mayCreate && index >= this.rows.length) this.#add(step);
    return this.rows[index];
  }

  #add(step) {
    const row = this.#blank();
    this.rows.push(row);
    step.added.push(row);
  }

  #finish(step) {
    if (this.mayCreate && isStarted(this.rows.at(-1))) this.#add(step);
    this.#history.push(step);
    this.#touched(step);
  }

  undo() {
    const step = this.#history.undo();
    if (!step) return null;
    for (const { row, name, before } of [...step.changes].reverse()) row.values[name] = before;
    if (step.added.length) this.rows = this.rows.filter((row) => !step.added.includes(row));
    this.#touched(step);
    return step;
  }

  redo() {
    const step = this.#history.redo();
    if (!step) return null;
    this.rows.push(...step.added);
    for (const { row, name, after } of step.changes) row.values[name] = after;
    this.#touched(step);
    return step;
  }

  #touched(step) {
    const rows = new Set(step.changes.map((change) => change.row));
    for (const row of rows) row.saved = false;
    for (const { row, name } of step.changes) delete row.problems[name];
    this.#tell("change", { rows: [...rows], resized: step.added.length > 0 });
  }

  #tell(kind, detail = {}) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }

  /** What the server needs of a row: what changed, or of a new one everything. */
  sent(row) {
    const names = this.columns.map((column) => column.name).filter((name) => this.isChanged(row, name));
    const values = Object.fromEntries(names.map((name) => [name, row.values[name] ?? ""]));
    if (row.id === null) for (const name of Object.keys(this.defaults)) values[name] ||= this.defaults[name];
    return { key: row.key, line: this.rows.indexOf(row) + 1, id: row.id, version: row.version, values };
  }

  /** Take what the check said: problems by cell, and the texts as they will be stored (1980/1/2 → 1980-01-02). */
  takeCheck(answers, asked) {
    const rows = new Map(this.rows.map((row) => [row.key, row]));
    for (const { key, problems, values } of answers) {
      const row = rows.get(key);
      if (!row) continue;
      row.problems = problems;
      row.derived = {};
      this.#takeSame(row, asked.get(key) ?? {}, values);
      for (const [name, text] of Object.entries(values)) {
        const sent = asked.get(key)?.[name];
        if (sent && row.values[name] === sent) row.values[name] = text;
        else if (!sent && !row.values[name]) row.derived[name] = text;
      }
    }
    this.#tell("check");
  }

  /** What was sent without a problem and will not be stored is what stands there already, written otherwise. */
  #takeSame(row, sent, stored) {
    if (row.id === null) return;
    for (const [name, text] of Object.entries(sent)) {
      if (!(name in stored) && !row.problems[name] && row.values[name] === text) row.values[name] = row.base[name] ?? "";
    }
  }

  /** Forget what was said of rows in which nothing is changed any more. */
  forgetSettled() {
    for (const row of this.rows) if (!this.isDirty(row)) Object.assign(row, { problems: {}, derived: {} });
  }

  /** Take what saving answered: rows now stored, rows somebody else has changed, problems. */
  takeSaved({ saved = [], conflicts = [], invalid = [] }) {
    const rows = new Map(this.rows.map((row) => [row.key, row]));
    for (const one of saved) Object.assign(rows.get(one.key) ?? {}, { ...stored(one), key: one.key, saved: true });
    for (const { key, ...theirs } of conflicts) if (rows.has(key)) rows.get(key).theirs = theirs;
    for (const { key, problems } of invalid) if (rows.has(key)) rows.get(key).problems = problems;
    if (saved.length) this.#history.clear();
    this.#tell("saved");
  }

  /** The cells of a row that two people changed differently: {name, before, mine, theirs}. */
  differences(row) {
    return this.columns
      .map(({ name }) => ({ name, before: row.base[name] ?? "", mine: row.values[name] ?? "", theirs: row.theirs.values[name] ?? "" }))
      .filter(({ before, mine, theirs }) => theirs !== before || mine !== before)
      .filter(({ mine, theirs }) => mine !== theirs);
  }

  /** End a conflict: `mine` names the cells in which the own text stays, everything else becomes theirs. */
  settle(row, mine) {
    const kept = Object.fromEntries(mine.map((name) => [name, row.values[name] ?? ""]));
    row.base = { ...row.theirs.values };
    row.values = { ...row.theirs.values, ...kept };
    row.version = row.theirs.version;
    row.theirs = null;
    this.#history.clear();
    this.#tell("change", { rows: [row], resized: false });
  }

  /** The places whose text contains `wanted`, row by row: [row number, column name]. */
  find(wanted, names) {
    const text = wanted.trim().toLowerCase();
    if (!text) return [];
    return this.rows.flatMap((row, index) =>
      names.filter((name) => this.value(row, name).toLowerCase().includes(text)).map((name) => [index, name]),
    );
  }
}

/** Whether anything stands in a row. */
export function isStarted(row) {
  return row.id !== null || Object.values(row.values).some((text) => text !== "");
}

function stored({ id, version, editable = true, values }) {
  return { key: `row-${id}`, id, version, editable, base: { ...values }, values: { ...values }, derived: {}, problems: {}, theirs: null, saved: false };
}
