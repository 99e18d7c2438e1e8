// What the page told its scripts: texts in its language, addresses, who is signed in; and how to ask the server.

const data = JSON.parse(document.getElementById("client")?.textContent || "{}");

export const urls = data.urls ?? {};

/** The text called `name`, with its {places} filled in. */
export function text(name, values = {}) {
  return (data.texts?.[name] ?? name).replace(/\{(\w+)\}/g, (place, key) => values[key] ?? place);
}

/** Take the texts only one page needs. */
export function addTexts(more) {
  data.texts = { ...data.texts, ...more };
}

export function meta(name) {
  return document.querySelector(`meta[name="${name}"]`)?.content ?? "";
}

/** Put a fresh token into every form and into the page. */
export function refreshTokens(token) {
  if (!token) return;
  document.querySelector('meta[name="csrf-token"]').content = token;
  for (const input of document.querySelectorAll('input[name="csrf_token"]')) input.value = token;
}

/** Ask the server for JSON; `body` (FormData or a plain object) makes it a POST. Resolves to {status, data}; status 0: not reached. */
export function ask(url, body = null) {
  return send(url, body && (body instanceof FormData ? body : new URLSearchParams(body)));
}

/** The same with a body of JSON. */
export function askJson(url, body) {
  return send(url, JSON.stringify(body), { "Content-Type": "application/json" });
}

async function send(url, body, headers = {}) {
  const answer = await once(url, body, headers);
  const stale = answer.status === 400 && answer.data?.problems?.[0]?.code === "stale_token";
  return stale && (await tokenRenewed()) ? once(url, body, headers) : answer;
}

async function once(url, body, headers = {}) {
  const options = { headers: { Accept: "application/json", ...headers }, credentials: "same-origin", cache: "no-store" };
  if (body) {
    options.method = "POST";
    options.headers["X-CSRFToken"] = meta("csrf-token");
    options.body = body;
    if (body.has?.("csrf_token")) body.set("csrf_token", meta("csrf-token"));
  }
  try {
    const response = await fetch(url, options);
    const json = (response.headers.get("Content-Type") ?? "").includes("json");
    return { status: response.status, data: json ? await response.json() : null };
  } catch (error) {
    if (error instanceof TypeError || error instanceof SyntaxError) return { status: 0, data: null };
    throw error;
  }
}

/** Of two requests that begin a session at once only one gives the token that counts. Nothing goes under another person's name. */
async function tokenRenewed() {
  if (!urls.alive) return false;
  const { data } = await once(urls.alive);
  if (!data || (data.alive && String(data.account_id) !== meta("account-id"))) return false;
  refreshTokens(data.csrf_token);
  return true;
}

/** Load a style sheet that only some pages need; `path` is relative to static/js. */
export function loadStyle(path) {
  const href = new URL(path, import.meta.url).href;
  if (document.querySelector(`link[href="${href}"]`)) return;
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = href;
  document.head.append(link);
}
