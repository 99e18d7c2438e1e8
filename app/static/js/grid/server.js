// Asking the server: the data, the check of what was changed, saving. Checks follow one another, the last one counts.

import { askJson } from "../client.js";
import { maySend } from "../keep-alive.js";

const PAUSE = 300; // milliseconds after the last change before it is checked

export class Server {
  #sheet;
  #urls;
  #waiting = new Map();
  #timer = 0;
  #running = null;

  /** `state(word)` tells the page what goes on: checking, checked, unchecked. */
  constructor(sheet, urls, state) {
    this.#sheet = sheet;
    this.#urls = urls;
    this.state = state;
    sheet.addEventListener("change", (event) => this.#later(event.detail.rows));
  }

  #later(rows) {
    for (const row of rows) this.#waiting.set(row.key, row);
    this.#sheet.forgetSettled();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.check(), PAUSE);
  }

  /** Check what is waiting, and whatever comes to wait meanwhile. */
  check() {
    this.#running ??= this.#checkAll().finally(() => (this.#running = null));
    return this.#running;
  }

  async #checkAll() {
    clearTimeout(this.#timer);
    while (this.#waiting.size) {
      const wrong = this.#sheet.rows.filter((row) => Object.keys(row.problems).length); // two rows may name one person
      const rows = [...new Set([...this.#waiting.values(), ...wrong])].filter((row) => this.#sheet.isDirty(row));
      this.#waiting.clear();
      if (!rows.length) continue;
      this.state("checking");
      const sent = rows.map((row) => this.#sheet.sent(row));
      const { status, data } = await askJson(this.#urls.check, { rows: sent });
      if (status !== 200 || !data) return this.state("unchecked", status > 401 ? data : null); // 400, 401: signed out
      this.#sheet.takeCheck(data.rows, new Map(sent.map(({ key, values }) => [key, values])));
    }
    this.state("checked");
  }

  /** Save every changed row, or with `onlyValid` those without problems. Resolve to {status, data}; null: not sent. */
  async save(onlyValid = false) {
    await this.check();
    if (!(await maySend())) return null;
    const sent = this.#sheet.dirty.map((row) => this.#sheet.sent(row));
    const answer = await askJson(this.#urls.save, { rows: sent, only_valid: onlyValid });
    if (answer.data?.saved) this.#sheet.takeSaved(answer.data);
    return answer;
  }
}
