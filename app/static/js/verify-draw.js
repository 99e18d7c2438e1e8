// Works a published draw out again in the browser, with WebCrypto and without the server (docs/draw.md).

const VERSION = 1;
const PART = 500; // hashes asked for at once
const encoder = new TextEncoder();

async function sha256(text) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Plain order of ASCII texts, as the other two implementations sort. */
function ascending(one, other) {
  return one < other ? -1 : one > other ? 1 : 0;
}

const lines = (numbers) => numbers.map((number) => `${number}\n`).join("");
const same = (one, other) => one.length === other.length && one.every((value, place) => value === other[place]);

async function keysOf(seed, numbers) {
  const keys = new Map();
  for (let begin = 0; begin < numbers.length; begin += PART) {
    const part = numbers.slice(begin, begin + PART);
    const hashes = await Promise.all(part.map((number) => sha256(`${seed}:${number}`)));
    part.forEach((number, place) => keys.set(number, hashes[place]));
  }
  return keys;
}

function isDraw(file) {
  const lists = [file?.candidates, file?.order, file?.drawn];
  return (
    file?.version === VERSION &&
    lists.every((list) => Array.isArray(list) && list.every((one) => typeof one === "string")) &&
    Number.isInteger(file.seats)
  );
}

/** Every step with whether it agrees, and what is needed to look up a number. */
export async function check(file) {
  const numbers = file.candidates;
  const keys = await keysOf(file.seed, numbers);
  const order = [...numbers].sort((a, b) => ascending(keys.get(a), keys.get(b)) || ascending(a, b));
  const steps = [
    ["unique", new Set(numbers).size === numbers.length],
    ["list", (await sha256(lines([...numbers].sort(ascending)))) === file.list_hash],
    ["seed", (await sha256(file.seed)) === file.commitment],
    ["order", same(order, file.order)],
    ["drawn", same(order.slice(0, file.seats), file.drawn)],
    ["result", (await sha256(lines(order))) === file.result_hash],
  ];
  return { steps, order, keys };
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

class Page {
  constructor(root) {
    this.root = root;
    this.texts = JSON.parse(this.find("texts").textContent);
    this.shown = JSON.parse(document.querySelector("[data-verify-shown]")?.dataset.verifyShown ?? "{}");
    this.find("run").addEventListener("click", () => this.run(() => this.fetched()));
    this.find("file").addEventListener("change", (event) => {
      const [file] = event.target.files;
      if (file) this.run(async () => JSON.parse(await file.text()));
      event.target.value = "";
    });
    this.find("find").addEventListener("submit", (event) => this.lookUp(event), { capture: true });
    this.run(() => this.fetched());
  }

  find(name) {
    return this.root.querySelector(`[data-verify-${name}]`);
  }

  async fetched() {
    const answer = await fetch(this.root.dataset.verifyDraw, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.statusText);
    return answer.json();
  }

  async run(read) {
    this.say("", "");
    this.find("steps").replaceChildren();
    this.find("find").hidden = true;
    if (!globalThis.crypto?.subtle) return this.say("insecure", "warning");
    let file;
    try {
      file = await read();
    } catch {
      return this.say("unreadable", "bad");
    }
    if (!isDraw(file)) return this.say("unreadable", "bad");
    if (!file.seed) return this.say("pending", "waiting");
    const found = await check(file);
    const published = ["list_hash", "commitment", "result_hash"].every((name) => file[name] === this.shown[name]);
    found.steps.push(["published", published]);
    this.show(file, found);
  }

  show(file, { steps, order, keys }) {
    const values = { candidates: file.candidates.length, drawn: file.drawn.length, seats: file.seats };
    this.find("steps").replaceChildren(
      ...steps.map(([name, right]) => {
        const line = document.createElement("li");
        line.className = right ? "verify-right" : "verify-wrong";
        const sign = document.createElement("span");
        sign.textContent = right ? "✓" : "✗";
        line.append(sign, ` ${fill(this.texts[name], values)}`);
        return line;
      }),
    );
    const right = steps.every(([, agrees]) => agrees);
    this.say(right ? "right" : "wrong", right ? "good" : "bad", values);
    this.result = { order, keys, seats: file.seats };
    this.find("find").hidden = false;
  }

  lookUp(event) {
    event.preventDefault();
    event.stopPropagation();
    const number = event.target.querySelector("input").value.trim().toUpperCase();
    const { order, keys, seats } = this.result;
    const place = order.indexOf(number) + 1;
    const state = place <= seats ? this.texts.in : this.texts.out;
    const told = { place, candidates: order.length, state, hash: keys.get(number) };
    this.find("place").textContent = place ? fill(this.texts.place, told) : this.texts.absent;
  }

  say(name, tone, values = {}) {
    const verdict = this.find("verdict");
    verdict.textContent = name ? fill(this.texts[name], values) : "";
    verdict.dataset.tone = tone;
  }
}

export function mount(root) {
  for (const part of root.querySelectorAll("[data-verify-draw]")) new Page(part);
}
