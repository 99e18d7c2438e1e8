// Blocks of cells as the clipboard carries them: tabs between cells, quotes around a cell that holds a tab, a quote or a line break.

const QUOTED = /"((?:[^"]|"")*)"(?=\t|\r\n|\n|\r|$)/y;
const PLAIN = /[^\t\r\n]*/y;
const BREAK = /\r\n|\n|\r/y;

/** Return the rows of a block copied from a spreadsheet, each a list of texts; [] for nothing. */
export function parse(text) {
  const rows = [];
  let row = [];
  let at = 0;
  while (at < text.length || row.length) {
    const [cell, next] = cellAt(text, at);
    row.push(cell);
    at = next;
    if (text[at] === "\t") {
      at += 1;
      if (at < text.length) continue;
      row.push("");
    }
    rows.push(row);
    row = [];
    at += matched(BREAK, text, at)?.[0].length ?? 0;
  }
  return rows;
}

function cellAt(text, at) {
  const quoted = text[at] === '"' ? matched(QUOTED, text, at) : null;
  if (quoted) return [quoted[1].replaceAll('""', '"'), at + quoted[0].length];
  const plain = matched(PLAIN, text, at)[0];
  return [plain, at + plain.length];
}

function matched(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** Return rows of texts as a spreadsheet takes them. */
export function format(rows) {
  return rows.map((row) => row.map(quotedIfNeeded).join("\t")).join("\r\n");
}

function quotedIfNeeded(cell) {
  return /[\t\r\n"]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
