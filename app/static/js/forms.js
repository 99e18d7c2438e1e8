// Forms: confirm, keep the session, send once; warn of unsaved changes; go from the summary of errors to the field.

import { confirmed } from "./dialog.js";
import { maySend } from "./keep-alive.js";

const AGAIN = 10000; // milliseconds after which a form whose answer was a download may be sent again
const approved = new WeakSet();
const sent = new WeakSet();
const deciding = new WeakSet();
const first = new WeakMap();

export function start() {
  document.addEventListener("submit", onSubmit, { capture: true });
  window.addEventListener("beforeunload", (event) => {
    if (unsaved()) event.preventDefault();
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) for (const form of document.forms) release(form);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt.closest?.("form");
    if (form) release(form);
  });
  document.addEventListener("click", toField);
  document.addEventListener("click", askBeforeButton);
}

export function mount(root) {
  for (const form of root.querySelectorAll("form[data-guard]")) first.set(form, contents(form));
  root.querySelector("[data-error-summary]")?.focus();
}

/** A form changed again by a script (a select box was built) is not a form changed by a person. */
export function remember(form) {
  if (form && first.has(form)) first.set(form, contents(form));
}

async function onSubmit(event) {
  const form = event.target;
  const method = (event.submitter?.getAttribute("formmethod") ?? form.getAttribute("method") ?? "get").toLowerCase();
  if (method !== "post" || form.hasAttribute("data-sign-in-again") || form.hasAttribute("data-theme-switch")) return;
  if (approved.has(form)) {
    approved.delete(form);
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  if (sent.has(form) || deciding.has(form)) return;
  deciding.add(form);
  const go = await decided(form, event.submitter);
  deciding.delete(form);
  if (go) send(form, event.submitter);
}

async function decided(form, button) {
  const asked = button?.dataset.confirm ? button : form.dataset.confirm ? form : null;
  return (!asked || (await askFor(asked, form))) && maySend();
}

function askFor(asked, form) {
  const count = form.querySelectorAll("[data-check-row]:checked").length;
  return confirmed({
    message: asked.dataset.confirm.replaceAll("{count}", count),
    title: asked.dataset.confirmTitle,
    button: asked.dataset.confirmButton,
    danger: "danger" in asked.dataset,
  });
}

function send(form, button) {
  sent.add(form);
  button?.setAttribute("aria-busy", "true");
  approved.add(form);
  form.requestSubmit(button);
  setTimeout(() => release(form), AGAIN);
}

function release(form) {
  sent.delete(form);
  for (const button of document.querySelectorAll('button[aria-busy="true"]')) {
    if (button.form === form) button.removeAttribute("aria-busy");
  }
}

/** A button or link outside a form may ask too: its click goes on only after a yes. */
async function askBeforeButton(event) {
  const asked = event.target.closest?.("a[data-confirm], button[type=button][data-confirm]");
  if (!asked || asked.dataset.agreed) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!(await confirmed({ message: asked.dataset.confirm, title: asked.dataset.confirmTitle, button: asked.dataset.confirmButton, danger: "danger" in asked.dataset }))) return;
  asked.dataset.agreed = "1";
  asked.click();
  delete asked.dataset.agreed;
}

function contents(form) {
  const parts = [...new FormData(form)].filter(([name]) => name !== "csrf_token");
  return parts.map(([name, value]) => `${name}=${value instanceof File ? `${value.name}:${value.size}` : value}`).join("&");
}

function unsaved() {
  return [...document.querySelectorAll("form[data-guard]")].some(
    (form) => !sent.has(form) && (document.querySelector("[data-error-summary]") || first.get(form) !== contents(form)),
  );
}

function toField(event) {
  const link = event.target.closest?.("[data-error-summary] a[href^='#']");
  const field = link && document.getElementById(link.hash.slice(1));
  if (!field) return;
  event.preventDefault();
  (field.tomselect ?? field).focus();
  (field.closest(".field") ?? field).scrollIntoView({ block: "center" });
}
