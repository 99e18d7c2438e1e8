// Which cells are chosen: a block between the active cell and the one opposite, and the cells a fill will reach.

export class Selection extends EventTarget {
  /** `columns` are the names of the visible columns, in order; `rows()` tells how many rows there are. */
  constructor(columns, rows) {
    super();
    this.columns = columns;
    this.rows = rows;
    this.active = { index: 0, column: 0 };
    this.head = { index: 0, column: 0 };
    this.fill = null;
  }

  get block() {
    const { active: a, head: h } = this;
    return {
      top: Math.min(a.index, h.index),
      bottom: Math.max(a.index, h.index),
      left: Math.min(a.column, h.column),
      right: Math.max(a.column, h.column),
    };
  }

  get name() {
    return this.columns[this.active.column];
  }

  /** The names of the chosen columns. */
  get names() {
    const { left, right } = this.block;
    return this.columns.slice(left, right + 1);
  }

  /** The numbers of the chosen rows. */
  get indices() {
    const { top, bottom } = this.block;
    return Array.from({ length: bottom - top + 1 }, (_, step) => top + step);
  }

  /** Every chosen cell: [row number, column name]. */
  get cells() {
    return this.indices.flatMap((index) => this.names.map((name) => [index, name]));
  }

  get isSingle() {
    const { top, bottom, left, right } = this.block;
    return top === bottom && left === right;
  }

  go(index, column, extend = false) {
    const to = { index: clamp(index, this.rows() - 1), column: clamp(column, this.columns.length - 1) };
    this.head = to;
    if (!extend) this.active = to;
    this.fill = null;
    this.dispatchEvent(new Event("move"));
  }

  /** Go `down` rows and `right` columns from where the selection ends. */
  step(down, right, extend = false) {
    const from = extend ? this.head : this.active;
    this.go(from.index + down, from.column + right, extend);
  }

  /** Go to the next cell; past the end of a row to the next row. False at the very end. */
  tab(back) {
    const { index, column } = this.active;
    const last = this.columns.length - 1;
    const [row, place] = back ? (column > 0 ? [index, column - 1] : [index - 1, last]) : column < last ? [index, column + 1] : [index + 1, 0];
    if (row < 0 || row >= this.rows()) return false;
    this.go(row, place);
    return true;
  }

  choose(from, to) {
    this.active = { index: clamp(from.index, this.rows() - 1), column: clamp(from.column, this.columns.length - 1) };
    this.head = { index: clamp(to.index, this.rows() - 1), column: clamp(to.column, this.columns.length - 1) };
    this.fill = null;
    this.dispatchEvent(new Event("move"));
  }

  chooseRows(from, to) {
    this.choose({ index: from, column: 0 }, { index: to, column: this.columns.length - 1 });
  }

  chooseColumn(column, extend = false) {
    this.choose({ index: 0, column: extend ? this.active.column : column }, { index: this.rows() - 1, column });
  }

  chooseAll() {
    this.choose({ index: 0, column: 0 }, { index: this.rows() - 1, column: this.columns.length - 1 });
  }

  /** Show that a fill would reach down to this row; null: it would reach nowhere. */
  reachTo(index) {
    const { top, bottom, left, right } = this.block;
    this.fill = null;
    if (index !== null && index < top) this.fill = { top: index, bottom: top - 1, left, right };
    if (index !== null && index > bottom) this.fill = { top: bottom + 1, bottom: index, left, right };
    this.dispatchEvent(new Event("reach"));
  }

  has(index, column) {
    return within(this.block, index, column);
  }

  hasRow(index) {
    return index >= this.block.top && index <= this.block.bottom;
  }

  isActive(index, column) {
    return index === this.active.index && column === this.active.column;
  }

  isCorner(index, column) {
    return index === this.block.bottom && column === this.block.right;
  }

  isFill(index, column) {
    return this.fill !== null && within(this.fill, index, column);
  }
}

function within({ top, bottom, left, right }, index, column) {
  return index >= top && index <= bottom && column >= left && column <= right;
}

function clamp(value, most) {
  return Math.max(0, Math.min(value, most));
}
