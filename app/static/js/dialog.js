// The confirm dialog and short messages.

import { text } from "./client.js";

const SHORT = 6000; // milliseconds a message stays
const LONG = 12000; // … when it tells of a failure

function settled(dialog) {
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "ok"), { once: true }));
}

function open({ message, title, button, danger = false, question = true }) {
  const dialog = document.getElementById("confirm-dialog");
  const ok = dialog.querySelector("#confirm-ok");
  dialog.querySelector("#confirm-title").textContent = title || text("deleteTitle");
  dialog.querySelector("#confirm-text").textContent = message;
  dialog.dataset.okText ??= ok.textContent;
  ok.textContent = button || dialog.dataset.okText;
  ok.className = `btn ${danger ? "btn-danger" : "btn-primary"}`;
  dialog.querySelector('[value="cancel"]').hidden = !question;
  dialog.returnValue = "";
  dialog.showModal();
  if (!question) ok.focus();
  return settled(dialog);
}

/** Ask; resolves to true only when the person says yes. */
export function confirmed(options) {
  return open(options);
}

/** Tell something that must not be missed. */
export function tell(message, title = "") {
  return open({ message, title, question: false });
}

/** Show a message that goes away by itself. */
export function toast(message, bad = false) {
  const box = document.getElementById("toasts");
  if (!box) return;
  const line = document.createElement("p");
  line.textContent = message;
  if (bad) line.className = "toast-bad";
  box.append(line);
  setTimeout(() => line.remove(), bad ? LONG : SHORT);
}
