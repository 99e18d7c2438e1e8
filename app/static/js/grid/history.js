// Steps that can be taken back and done again; what a step is, its owner knows.

const LONGEST = 200; // steps remembered

export class History {
  #done = [];
  #undone = [];

  /** Remember a step that was done; what had been taken back before can no longer be done again. */
  push(step) {
    this.#done.push(step);
    if (this.#done.length > LONGEST) this.#done.shift();
    this.#undone = [];
  }

  /** Return the step to take back, or null. */
  undo() {
    return move(this.#done, this.#undone);
  }

  /** Return the step to do again, or null. */
  redo() {
    return move(this.#undone, this.#done);
  }

  get canUndo() {
    return this.#done.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  /** Forget everything: what was saved is not taken back by Ctrl+Z. */
  clear() {
    this.#done = [];
    this.#undone = [];
  }
}

function move(from, to) {
  const step = from.pop();
  if (!step) return null;
  to.push(step);
  return step;
}
