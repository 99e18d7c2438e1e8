// The declaration form: rows that are added and removed, names offered to the timetable, and who will review.

import { ask, text } from "./client.js";
import { toast } from "./dialog.js";

export function mount(root) {
  for (const form of root.querySelectorAll("[data-declaration]")) start(form);
}

function start(form) {
  form.addEventListener("click", (event) => {
    const add = event.target.closest("[data-add-row]");
    if (add) addRow(form, add);
    const remove = event.target.closest("[data-remove-row]");
    if (remove) removeRow(form, remove);
  });
  form.addEventListener("input", (event) => {
    if (event.target.matches("[data-lecturer-name]")) offerNames(form);
  });
  form.addEventListener("region-tree:change", (event) => route(form, event.detail));
  limit(form);
}

function rowsOf(box) {
  return [...box.children].filter((row) => row.matches("[data-row]"));
}

/** The number after the highest one in use: removed numbers are never given again, so no two rows share a name. */
function nextNumber(box) {
  const next = Number(box.dataset.next ?? rowsOf(box).length);
  box.dataset.next = next + 1;
  return next;
}

function addRow(form, button) {
  const box = form.querySelector(`[data-rows="${button.dataset.into}"]`);
  const part = document.querySelector(`template[data-part="${button.dataset.addRow}"]`);
  const made = document.createElement("template");
  made.innerHTML = part.innerHTML.replaceAll("__at__", button.dataset.into).replaceAll("__n__", nextNumber(box));
  const row = made.content.querySelector("[data-row]");
  takeOver(form, rowsOf(box).at(-1), row, button.dataset.addRow);
  box.append(row);
  limit(form);
  row.querySelector("input:not([type=hidden])")?.focus();
}

// What a new row begins with: a class has mostly the place, seats, fee and boarding of the one before; a session its day.
const TAKEN_OVER = { class: ["place", "planned_seats", "fee", "boarding"], session: ["day", "lecturer", "place"] };

function takeOver(form, before, row, part) {
  for (const name of TAKEN_OVER[part] ?? []) field(row, name).value = before ? field(before, name).value : "";
  if (part === "session" && !before) field(row, "day").value = firstDay(form, row);
}

/** The first control of a row whose name ends in `name`: a class's own stands before those of its sessions. */
function field(row, name) {
  return row.querySelector(`[name$="-${name}"]`);
}

function firstDay(form, row) {
  const [root, number] = field(row, "day").name.split("-");
  return form.querySelector(`[name="${root}-${number}-starts_on"]`)?.value ?? "";
}

function removeRow(form, button) {
  const row = button.closest("[data-row]");
  const box = row.parentElement;
  const at = rowsOf(box).indexOf(row);
  row.remove();
  limit(form);
  offerNames(form);
  const near = rowsOf(box)[Math.max(at - 1, 0)];
  (near?.querySelector("[data-remove-row]") ?? form.querySelector(`[data-add-row][data-into="${box.dataset.rows}"]`)).focus();
}

/** Number the classes, and offer no more of them than are allowed. */
function limit(form) {
  const box = form.querySelector('[data-rows="classes"]');
  if (!box) return;
  const rows = rowsOf(box);
  rows.forEach((row, index) => (row.querySelector("[data-row-number]").textContent = index + 1));
  form.querySelector('[data-add-row="class"]').disabled = rows.length >= Number(box.dataset.most);
}

/** Offer the timetable the names typed above; where the lecturers no longer change the page offers them itself. */
function offerNames(form) {
  if (!form.querySelector('[data-rows="lecturers"]')) return;
  const names = new Set([...form.querySelectorAll("[data-lecturer-name]")].map((field) => field.value.trim()).filter(Boolean));
  form.querySelector("[data-lecturer-names]").replaceChildren(
    ...[...names].map((name) => Object.assign(document.createElement("option"), { value: name })),
  );
}

async function route(form, chosen) {
  const place = form.querySelector("[data-routed] span");
  const asked = new URLSearchParams(chosen.map((id) => ["region", id]));
  const { status, data } = await ask(`${form.dataset.routing}?${asked}`);
  if (status === 200 && data) place.textContent = data.text;
  else toast(text("requestFailed"), true);
}
