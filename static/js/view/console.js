/** The console card: the newest lines, at the bottom unless the reader scrolled up. */

import { el } from "./dom.js";
import { clock, plural } from "./format.js";

/** @typedef {{seq: number, t: number, level: string, text: string}} LogLine */

const KEPT = 500;

export class Console {
  /** @param {{log: HTMLElement, jump: HTMLElement, what: HTMLElement|null}} nodes */
  constructor({ log, jump, what }) {
    this.log = log;
    this.jump = jump;
    this.what = what;
    this.seq = 0;
    this.unread = 0;
    this.count = 0;
    jump.addEventListener("click", () => this.#toEnd());
    log.addEventListener("scroll", () => this.#atEnd() && this.#read());
  }

  #atEnd() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 24;
  }

  #read() {
    this.unread = 0;
    this.jump.hidden = true;
  }

  #toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
    this.#read();
  }

  /** Lines with a seq that is already here are passed over. @param {LogLine[]} lines */
  add(lines) {
    const fresh = lines.filter((line) => line.seq > this.seq);
    if (!fresh.length) return;
    const stick = this.seq === 0 || this.#atEnd();
    if (this.seq === 0) this.log.replaceChildren();
    this.seq = fresh[fresh.length - 1].seq;
    this.count += fresh.length;
    this.log.append(...fresh.slice(-KEPT).map(lineNode));
    while (this.log.childElementCount > KEPT) this.log.firstElementChild?.remove();
    if (this.what) this.what.textContent = this.count > KEPT ? `last ${KEPT} lines` : plural(this.count, "line");
    if (stick) this.#toEnd();
    else this.#announce(fresh.length);
  }

  /** @param {number} fresh */
  #announce(fresh) {
    this.unread += fresh;
    this.jump.textContent = `Jump to newest (${this.unread})`;
    this.jump.hidden = false;
  }

  /** What a trainer printed before it died, when there are no events to show. @param {string} text */
  tail(text) {
    if (!text) return;
    this.log.append(el("span", { class: "error" }, `${this.count ? "\n" : ""}${text}\n`));
    this.#toEnd();
  }
}

/** @param {LogLine} line */
function lineNode(line) {
  const when = clock(new Date(1000 * line.t));
  return el("span", { class: line.level === "info" ? "" : line.level }, el("b", {}, when), `  ${line.text}\n`);
}
