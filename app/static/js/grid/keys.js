// The keyboard of the grid, as people know it from spreadsheets.

/** Bind the keys of the editor's input. `commands`: save, undo, redo, find, help, nextError, edit, commit. */
export function bind(editor, selection, actions, table, commands) {
  editor.input.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return; // the input method has it
    const handled = editor.editing ? whileEditing(event) : whileMoving(event);
    if (handled) {
      event.preventDefault();
      event.stopPropagation();
    }
  });
  for (const kind of ["copy", "cut", "paste"]) editor.input.addEventListener(kind, (event) => clipboard(kind, event));

  function whileEditing(event) {
    const { key } = event;
    if (key === "Escape") return done(editor.cancel());
    if (key === "Enter") return entered(event);
    if (key === "Tab") return done(commands.commit(), selection.tab(event.shiftKey));
    if (key === "ArrowDown" || key === "ArrowUp") {
      const down = key === "ArrowDown" ? 1 : -1;
      if (editor.moveInList(down)) return true;
      return editor.inside ? false : done(commands.commit(), selection.step(down, 0));
    }
    if (!editor.inside && (key === "ArrowLeft" || key === "ArrowRight") && !event.shiftKey) {
      return done(commands.commit(), selection.step(0, key === "ArrowRight" ? 1 : -1));
    }
    if (key === "F2") return done((editor.inside = true));
    return command(event, "s", () => done(commands.commit(), commands.save()));
  }

  function entered(event) {
    if (event.ctrlKey || event.metaKey) return done(actions.setAll(editor.finish()));
    return done(commands.commit(), selection.step(event.shiftKey ? -1 : 1, 0));
  }

  function whileMoving(event) {
    if (event.ctrlKey || event.metaKey) return withControl(event);
    return moved(event) || edited(event);
  }

  function moved({ key, shiftKey }) {
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], PageUp: [-table.pageSize, 0], PageDown: [table.pageSize, 0] };
    if (moves[key]) return done(selection.step(...moves[key], shiftKey));
    const row = (shiftKey ? selection.head : selection.active).index;
    if (key === "Home") return done(selection.go(row, 0, shiftKey));
    if (key === "End") return done(selection.go(row, selection.columns.length - 1, shiftKey));
    if (key === "Tab") return selection.tab(shiftKey) || (shiftKey ? done(commands.leave()) : false);
    return false;
  }

  function edited({ key, altKey }) {
    if (key === "Enter" || key === "F2" || (altKey && key === "ArrowDown")) return done(commands.edit());
    if (key === "Delete" || key === "Backspace") return done(actions.clear());
    if (key === "Escape") return done(commands.leave());
    if (key === "F1") return done(commands.help());
    if (key === "F8") return done(commands.nextError());
    return false;
  }

  function withControl(event) {
    const key = event.key.toLowerCase();
    const last = selection.rows() - 1;
    const jumps = {
      home: [0, 0], end: [last, selection.columns.length - 1],
      arrowup: [0, selection.head.column], arrowdown: [last, selection.head.column],
      arrowleft: [selection.head.index, 0], arrowright: [selection.head.index, selection.columns.length - 1],
    };
    if (jumps[key]) return done(selection.go(...jumps[key], event.shiftKey));
    const acts = {
      a: () => selection.chooseAll(),
      d: () => actions.fillDown(),
      f: () => commands.find(),
      s: () => commands.save(),
      y: () => commands.redo(),
      z: () => (event.shiftKey ? commands.redo() : commands.undo()),
    };
    return acts[key] ? done(acts[key]()) : false;
  }

  function clipboard(kind, event) {
    if (editor.editing) return;
    event.preventDefault();
    if (kind === "paste") return actions.paste(event.clipboardData.getData("text/plain"));
    event.clipboardData.setData("text/plain", actions.copied());
    if (kind === "cut") actions.clear();
  }
}

function command(event, letter, act) {
  return (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === letter ? act() : false;
}

function done() {
  return true;
}
