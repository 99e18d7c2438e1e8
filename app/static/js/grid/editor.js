// The one input of the grid. It has the focus all the time, so that an input method for Chinese begins in it with the
// first key; it is invisible until something is typed, then it stands over the active cell.

import { text } from "../client.js";
import { matching } from "./choices.js";

const MOST_SHOWN = 12; // choices in the list below the cell

export class Editor extends EventTarget {
  #stage;
  #list;
  #choices = null;
  #highlighted = -1;
  /** False while one only moves about. */
  editing = false;
  /** Begun with F2 or a double click: the arrows move in the text, not on the sheet. */
  inside = false;

  /** `stage` surrounds the table; `cellAt()` gives the element of the active cell, `about()` its column and names. */
  constructor(stage, cellAt, about) {
    super();
    this.#stage = stage;
    this.cellAt = cellAt;
    this.about = about;
    this.input = stage.querySelector("[data-grid-input]");
    this.#list = stage.querySelector("[data-grid-choices]");
    this.input.addEventListener("input", () => this.#typed());
    this.input.addEventListener("compositionstart", () => this.begin("", false));
    this.input.addEventListener("blur", () => this.#left());
    this.#list.addEventListener("pointerdown", (event) => this.#picked(event));
  }

  focus() {
    this.input.focus({ preventScroll: true });
  }

  /** Tell screen readers where one stands. */
  describe(label, described) {
    this.input.setAttribute("aria-label", label);
    this.input.title = "";
    this.#stage.querySelector("[data-grid-place]").textContent = described;
  }

  /** Begin to edit the active cell with this text; `inside` keeps the arrows in the text. */
  begin(content, inside, hint = "") {
    if (this.editing) return;
    const { locked, column } = this.about();
    if (locked) {
      this.input.value = "";
      this.dispatchEvent(new Event("locked"));
      return;
    }
    this.editing = true;
    this.inside = inside;
    this.#choices = column.choices ?? null;
    this.input.maxLength = column.longest ?? 200;
    if (content && content !== this.input.value) this.input.value = content;
    this.input.placeholder = hint;
    this.#stage.classList.add("is-editing");
    this.place();
    if (content) this.input.setSelectionRange(this.input.value.length, this.input.value.length);
    this.#offer(inside ? "" : this.input.value);
  }

  #typed() {
    if (!this.editing) {
      const typed = this.input.value;
      this.begin(typed, false);
      return;
    }
    this.#offer(this.input.value);
  }

  /** Stand over the active cell. */
  place() {
    const cell = this.cellAt();
    if (!cell) return;
    const [own, around] = [cell.getBoundingClientRect(), this.#stage.getBoundingClientRect()];
    const style = this.input.style;
    style.left = `${own.left - around.left}px`;
    style.top = `${own.top - around.top}px`;
    style.width = `${own.width}px`;
    style.height = `${own.height}px`;
    this.#list.style.left = style.left;
    this.#list.style.minWidth = `${own.width}px`;
    const below = around.bottom - own.bottom;
    const upwards = below < 220 && own.top - around.top > below;
    this.#list.style.top = upwards ? "auto" : `${own.bottom - around.top}px`;
    this.#list.style.bottom = upwards ? `${around.bottom - own.top}px` : "auto";
  }

  #offer(typed) {
    if (!this.#choices) return;
    const found = matching(this.#choices, typed);
    this.#list.replaceChildren(...found.slice(0, MOST_SHOWN).map((choice, place) => option(choice, place)));
    if (found.length > MOST_SHOWN) this.#list.append(note(text("moreChoices", { count: found.length - MOST_SHOWN })));
    if (!found.length) this.#list.append(note(text("noMatch")));
    this.#list.hidden = false;
    this.input.setAttribute("role", "combobox");
    this.input.setAttribute("aria-expanded", "true");
    this.input.setAttribute("aria-controls", this.#list.id);
    this.input.setAttribute("aria-autocomplete", "list");
    this.#light(typed && found.length ? 0 : -1);
  }

  #light(place) {
    const options = [...this.#list.querySelectorAll("[role=option]")];
    this.#highlighted = options.length ? Math.max(-1, Math.min(place, options.length - 1)) : -1;
    options.forEach((one, index) => one.setAttribute("aria-selected", String(index === this.#highlighted)));
    const lit = options[this.#highlighted];
    if (lit) {
      this.input.setAttribute("aria-activedescendant", lit.id);
      lit.scrollIntoView({ block: "nearest" });
    } else this.input.removeAttribute("aria-activedescendant");
  }

  /** Move in the list of choices; false when there is none. */
  moveInList(by) {
    if (this.#list.hidden) return false;
    this.#light(this.#highlighted + by);
    return true;
  }

  #picked(event) {
    event.preventDefault();
    const chosen = event.target.closest("[role=option]");
    if (!chosen) return;
    this.input.value = chosen.textContent;
    this.#light(-1);
    this.dispatchEvent(new Event("picked"));
  }

  /** End editing and return what stands in the cell now. */
  finish() {
    const lit = this.#list.querySelector("[aria-selected=true]");
    const value = lit && !this.#list.hidden ? lit.textContent : this.input.value;
    this.#close();
    return value.trim();
  }

  cancel() {
    this.#close();
  }

  #close() {
    this.editing = false;
    this.inside = false;
    this.#stage.classList.remove("is-editing");
    this.#list.hidden = true;
    this.input.value = "";
    for (const name of ["role", "aria-expanded", "aria-controls", "aria-autocomplete", "aria-activedescendant"]) this.input.removeAttribute(name);
  }

  #left() {
    if (this.editing && document.hasFocus()) this.dispatchEvent(new Event("left"));
  }
}

function option(choice, place) {
  const element = document.createElement("li");
  element.id = `grid-choice-${place}`;
  element.setAttribute("role", "option");
  element.textContent = choice.name;
  return element;
}

function note(content) {
  const element = Object.assign(document.createElement("li"), { className: "choice-note", textContent: content });
  element.setAttribute("role", "presentation");
  return element;
}
