/** The progress bar, what stands beside it, the page's title, and what a screen reader is told twice a minute. */

import { setText } from "./dom.js";
import { clock, eta, number, percent } from "./format.js";

/** @typedef {import("../data/lines.js").Lines} Lines */

const SPOKEN_EVERY = 30_000;

export class Progress {
  /** @param {Lines} lines @param {number|null} epochs planned */
  constructor(lines, epochs) {
    this.lines = lines;
    this.epochs = epochs;
    this.spokenAt = 0;
    this.title = document.title;
  }

  /** @param {any} run @param {Date|null} lostSince when the page stopped hearing of it */
  show(run, lostSince) {
    const bar = document.getElementById("progress");
    const text = document.getElementById("progress-text");
    const active = run.status === "running" || run.status === "starting";
    const { done = 0, eta_s = null, phase = "" } = run.progress ?? {};
    if (bar instanceof HTMLProgressElement) bar.value = done;
    const where = [this.#epoch(), this.#phase(phase)].filter(Boolean).join(" · ");
    const left = lostSince
      ? `as of ${clock(lostSince)}`
      : run.status === "running"
        ? `${eta(eta_s)}${eta_s === null ? "" : " left"}`
        : "";
    setText(text, [where, left].filter(Boolean).join(lostSince ? ", " : " · ") || "\u00a0");
    document.title = active && done > 0 ? `${Math.floor(100 * done)} % ${this.title}` : this.title;
    if (active) this.#say(where);
  }

  #epoch() {
    const epoch = this.lines.store.last("axis/epoch");
    if (!Number.isFinite(epoch)) return "";
    const whole = Math.max(1, Math.ceil(epoch - 1e-9));
    return this.epochs && whole <= this.epochs
      ? `Epoch ${number(whole)} of ${number(this.epochs)}`
      : `Epoch ${number(whole)}`;
  }

  /** Plain training needs no words. @param {string} phase */
  #phase(phase) {
    return !phase || phase === "train" ? "" : phase;
  }

  /** @param {string} where */
  #say(where) {
    const now = performance.now();
    const accuracy = this.lines.newest("test/accuracy");
    if (!where || (this.spokenAt && now - this.spokenAt < SPOKEN_EVERY)) return;
    this.spokenAt = now;
    setText(
      document.getElementById("spoken"),
      where + (accuracy === undefined ? "" : `, test accuracy ${percent(accuracy)}`),
    );
  }
}
