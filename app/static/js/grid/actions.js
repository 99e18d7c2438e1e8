// What is done to blocks of cells: copy, paste, clear, fill, set. Each is one step that Ctrl+Z takes back.

import { text } from "../client.js";
import { toast } from "../dialog.js";
import { format, parse } from "./clipboard.js";

export class Actions {
  constructor(sheet, selection) {
    this.sheet = sheet;
    this.selection = selection;
  }

  #value(index, name) {
    const row = this.sheet.rows[index];
    return row ? this.sheet.value(row, name) : "";
  }

  /** The chosen block as the clipboard takes it. */
  copied() {
    const { indices, names } = this.selection;
    return format(indices.map((index) => names.map((name) => this.#value(index, name))));
  }

  /** Set cells as one step and tell what could not be set. */
  set(cells) {
    const { changed, locked } = this.sheet.set(cells);
    if (locked) toast(text("lockedCells", { count: locked }), true);
    return changed;
  }

  clear() {
    this.set(this.selection.cells.filter(([index, name]) => this.#value(index, name) !== "").map(([index, name]) => [index, name, ""]));
  }

  /** Paste a block where the selection begins; a smaller block fills the whole selection. */
  paste(copied) {
    const rows = parse(copied).map((row) => row.map((cell) => cell.replace(/\s*[\r\n]+\s*/g, " ").trim()));
    if (!rows.length) return;
    const { names, body } = this.#headed(rows);
    const { top, bottom } = this.selection.block;
    const height = this.#fitting(top, this.#height(body.length, bottom - top + 1));
    const cells = [];
    for (let down = 0; down < height; down += 1) {
      const row = body[down % body.length];
      names.forEach((name, place) => {
        if (name) cells.push([top + down, name, row[place % row.length] ?? ""]);
      });
    }
    const lost = names.filter((name) => name === undefined).length;
    if (lost) toast(text("columnsLost", { count: lost }), true);
    const changed = this.set(cells);
    this.#choosePasted(names, top, height);
    toast(text("pasted", { rows: height, cells: changed }));
  }

  #height(copied, chosen) {
    return chosen > copied && chosen % copied === 0 ? chosen : copied;
  }

  /** How many rows fit: those there are, and as many new ones as may be added. */
  #fitting(top, wanted) {
    const present = this.sheet.rows.length - top;
    const most = this.sheet.mayCreate ? present + Math.max(0, this.sheet.room - 1) : present;
    if (wanted > most) toast(text("rowsLost", { count: wanted - most, most: this.sheet.most }), true);
    return Math.min(wanted, most);
  }

  /** Tell which column each pasted one goes to. A first row of column names is not data: it says where they go. */
  #headed(rows) {
    const byLabel = new Map(this.sheet.columns.map((column) => [column.label, column.name]));
    const heads = rows[0].map((cell) => byLabel.get(cell.replace(/\s*\*$/, "")));
    if (rows.length > 1 && rows[0].length > 1 && heads.every(Boolean)) return { names: heads, body: rows.slice(1) };
    const { left, right } = this.selection.block;
    const copied = Math.max(...rows.map((row) => row.length));
    const width = this.#height(copied, right - left + 1);
    return { names: Array.from({ length: width }, (_, place) => this.selection.columns[left + place]), body: rows };
  }

  #choosePasted(names, top, height) {
    const places = names.map((name) => this.selection.columns.indexOf(name)).filter((place) => place >= 0);
    if (!places.length || !height) return;
    this.selection.choose({ index: top, column: Math.min(...places) }, { index: top + height - 1, column: Math.max(...places) });
  }

  /** Fill the selection with its first row (Ctrl+D); of a single row, with the row above. */
  fillDown() {
    const { top, bottom } = this.selection.block;
    const from = bottom > top ? top : top - 1;
    if (from < 0) return;
    this.set(this.selection.cells.filter(([index]) => index > from).map(([index, name]) => [index, name, this.#value(from, name)]));
  }

  /** Continue the chosen block into the cells the handle was drawn over. */
  fillReach() {
    const { fill, block, columns } = this.selection;
    if (!fill) return;
    const height = block.bottom - block.top + 1;
    const cells = [];
    for (let index = fill.top; index <= fill.bottom; index += 1) {
      const from = block.top + ((((index - block.top) % height) + height) % height);
      for (const name of columns.slice(fill.left, fill.right + 1)) cells.push([index, name, this.#value(from, name)]);
    }
    this.set(cells);
    this.selection.choose(
      { index: Math.min(block.top, fill.top), column: block.left },
      { index: Math.max(block.bottom, fill.bottom), column: block.right },
    );
  }

  /** Write the same text into every chosen cell. */
  setAll(content) {
    this.set(this.selection.cells.map(([index, name]) => [index, name, content]));
  }

  /** Write the same text into one column of these rows. */
  setColumn(indices, name, content) {
    return this.set(indices.map((index) => [index, name, content]));
  }
}
