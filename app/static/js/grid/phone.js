// On a small screen: the teachers as a list, and one of them at a time as a form; the same rows, check and saving.

import { text } from "../client.js";
import { control, rowName } from "./panels.js";

const MARK_PILLS = { conflict: "pill-bad", invalid: "pill-bad", new: "pill-calm", changed: "pill-waiting", saved: "pill-good" };

export class Phone {
  #sheet;
  #dialog;
  #row = null;

  constructor(root, sheet) {
    this.#sheet = sheet;
    this.list = root.querySelector("[data-grid-phone]");
    this.#dialog = root.querySelector("[data-grid-row]");
    this.form = this.#dialog.querySelector("form");
    this.#dialog.querySelector("[data-close]").addEventListener("click", () => this.#dialog.close());
    this.form.addEventListener("submit", (event) => this.#take(event));
    for (const kind of ["change", "check", "saved"]) sheet.addEventListener(kind, () => this.show());
    this.show();
  }

  show() {
    this.list.replaceChildren(...this.#sheet.rows.map((row, index) => this.#line(row, index)));
  }

  #line(row, index) {
    const mark = this.#sheet.mark(row);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "grid-line";
    button.onclick = () => this.open(index);
    const name = document.createElement("strong");
    name.textContent = row.id === null && !mark ? text("addTeacher") : this.#sheet.value(row, "name") || text("newTeacher");
    const about = document.createElement("span");
    about.textContent = ["stage", "subject", "title"].map((column) => this.#sheet.value(row, column)).filter(Boolean).join(" · ");
    button.append(name, about);
    if (mark) button.append(pill(mark));
    const item = document.createElement("li");
    item.append(button);
    return item;
  }

  /** Open the form of one row; `name` is the field to begin with. */
  open(index, name = "name") {
    const row = this.#sheet.rows[index];
    this.#row = row;
    this.#dialog.querySelector("h2").textContent = rowName(this.#sheet, row, index);
    const fields = this.#sheet.columns.map((column) => this.#field(row, column));
    this.form.querySelector("[data-row-fields]").replaceChildren(...fields);
    this.#dialog.showModal();
    this.form.elements[name]?.focus();
  }

  #field(row, column) {
    const field = document.createElement("div");
    field.className = "field";
    const input = control(column, this.#sheet.value(row, column.name));
    input.name = column.name;
    input.id = `row-${column.name}`;
    input.removeAttribute("aria-label");
    input.disabled = this.#sheet.isLocked(row, column.name);
    const label = Object.assign(document.createElement("label"), { className: "form-label", htmlFor: input.id, textContent: column.label });
    field.append(label, input);
    const wrong = row.problems[column.name];
    if (!wrong) return field;
    input.classList.add("is-invalid");
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", `${input.id}-error`);
    const told = Object.assign(document.createElement("p"), { className: "field-error", id: `${input.id}-error`, textContent: wrong.join(" ") });
    field.append(told);
    return field;
  }

  #take(event) {
    event.preventDefault();
    event.stopPropagation();
    const index = this.#sheet.rows.indexOf(this.#row);
    const inputs = [...this.form.querySelector("[data-row-fields]").querySelectorAll("input, select")];
    const changed = inputs.filter((input) => !input.disabled && input.value.trim() !== this.#sheet.value(this.#row, input.name));
    this.#sheet.set(changed.map((input) => [index, input.name, input.value.trim()]));
    this.#dialog.close();
  }
}

function pill(mark) {
  const element = document.createElement("span");
  element.className = `pill ${MARK_PILLS[mark]}`;
  element.textContent = text(`mark_${mark}`);
  return element;
}
