// A session that ended while a form was being filled: sign in again in place, then the form goes as it stands (ACC-9).

import { ask, meta, refreshTokens, text, urls } from "./client.js";
import { tell, toast } from "./dialog.js";

/** Resolve to true when the page may send now: its session lives, or was begun anew by the same person. */
export async function maySend() {
  if (!urls.alive) return true;
  const { data } = await ask(urls.alive);
  if (!data) {
    toast(text("notSent"), true);
    return false;
  }
  refreshTokens(data.csrf_token);
  if (!meta("account-id")) return true; // a page for visitors
  return data.alive ? sameAccount(data.account_id) : signInAgain();
}

async function sameAccount(accountId) {
  if (String(accountId) === meta("account-id")) return true;
  await tell(text("otherAccount"));
  return false;
}

/** Ask for the password in place; resolves to true once the same person is signed in. */
export function signInAgain() {
  const dialog = document.getElementById("sign-in-dialog");
  if (!dialog || !urls.signInAgain) {
    location.assign(urls.signIn ?? "/");
    return Promise.resolve(false);
  }
  const form = dialog.querySelector("form");
  return new Promise((resolve) => {
    let result = false;
    const send = async (event) => {
      event.preventDefault();
      event.stopImmediatePropagation();
      const answer = await attempt(form);
      if (!answer) return;
      result = answer;
      dialog.close();
    };
    form.addEventListener("submit", send);
    dialog.querySelector("[data-close]").onclick = () => dialog.close();
    dialog.addEventListener("close", async () => {
      form.removeEventListener("submit", send);
      form.elements.password.value = "";
      resolve(result ? await sameAccount(result.account_id) : false);
    }, { once: true });
    showProblem(form, "");
    dialog.showModal();
    form.elements[form.elements.username.value ? "password" : "username"].focus();
  });
}

async function attempt(form) {
  const { status, data } = await ask(urls.signInAgain, new FormData(form));
  refreshTokens(data?.csrf_token);
  if (data?.ok) return data;
  showProblem(form, status === 0 ? text("notSent") : (data?.errors ?? []).join("\n") || text("signInFailed"));
  showCaptcha(form, data?.captcha, data?.captcha_token);
  form.elements.password.select();
  return null;
}

function showProblem(form, message) {
  const box = form.querySelector(".alert");
  box.textContent = message;
  box.hidden = !message;
}

function showCaptcha(form, address, token) {
  const part = form.querySelector("[data-captcha]");
  part.hidden = !address;
  if (address) part.querySelector("img").src = address;
  form.elements.captcha.required = Boolean(address);
  form.elements.captcha.value = "";
  form.elements.captcha_token.value = token ?? "";
}

/** Give htmx requests the token, and let a lost session be begun anew without losing the request. */
export function watchHtmx(htmx) {
  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = meta("csrf-token");
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (signedOut(event.detail.xhr)) event.detail.shouldSwap = false;
  });
  document.addEventListener("htmx:afterRequest", async (event) => {
    const { xhr, requestConfig: asked, failed } = event.detail;
    if (!signedOut(xhr)) {
      if (failed) toast(text("requestFailed"), true);
      return;
    }
    const { data } = await ask(urls.alive);
    refreshTokens(data?.csrf_token);
    if (await signInAgain()) htmx.ajax(asked.verb, asked.path, { source: asked.elt, values: asked.parameters });
  });
}

function signedOut(xhr) {
  return xhr.status === 401 || Boolean(urls.signIn && new URL(xhr.responseURL || "/", location.href).pathname === urls.signIn);
}
