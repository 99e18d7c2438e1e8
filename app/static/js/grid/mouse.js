// Choosing cells with the mouse, and drawing the handle at the corner of the selection to fill.

/** Bind the mouse. `commands`: edit, commit; `focus()` gives the keyboard back to the grid. */
export function bind(table, editor, selection, actions, commands) {
  const { element } = table;
  let drawing = null;

  element.addEventListener("pointerdown", (event) => {
    const at = event.button === 0 && !event.target.closest(".tabulator-col-resize-handle") ? table.place(event.target) : null;
    if (!at) return;
    if (editor.editing) commands.commit();
    event.preventDefault();
    editor.focus();
    drawing = begin(at, event);
    if (drawing && event.pointerType === "mouse") element.setPointerCapture?.(event.pointerId);
  });
  element.addEventListener("pointermove", (event) => drawing && draw(document.elementFromPoint(event.clientX, event.clientY)));
  for (const kind of ["pointerup", "pointercancel"]) element.addEventListener(kind, end);
  element.addEventListener("dblclick", (event) => {
    const at = table.place(event.target);
    if (at?.name && at.index !== null) commands.edit();
  });

  function begin(at, event) {
    const column = at.name === null ? null : selection.columns.indexOf(at.name);
    if (at.index === null) {
      if (column === null) selection.chooseAll();
      else selection.chooseColumn(column, event.shiftKey);
      return null;
    }
    if (column === null) {
      const from = event.shiftKey ? selection.active.index : at.index;
      selection.chooseRows(from, at.index);
      return { kind: "rows", from };
    }
    if (isHandle(event)) return { kind: "fill" };
    selection.go(at.index, column, event.shiftKey);
    return { kind: "cells" };
  }

  function draw(target) {
    const at = target && table.place(target);
    if (!at || at.index === null) return;
    if (drawing.kind === "fill") selection.reachTo(at.index);
    else if (drawing.kind === "rows") selection.chooseRows(drawing.from, at.index);
    else if (at.name) selection.go(at.index, selection.columns.indexOf(at.name), true);
  }

  function end() {
    if (drawing?.kind === "fill") actions.fillReach();
    drawing = null;
  }
}

const HANDLE = 10; // pixels from the corner that belong to the handle

function isHandle(event) {
  const cell = event.target.closest(".has-handle");
  if (!cell) return false;
  const box = cell.getBoundingClientRect();
  return box.right - event.clientX <= HANDLE && box.bottom - event.clientY <= HANDLE;
}
