/** What the page says about its connection: a word in the top bar, and after a while a strip over its foot. */

import { at } from "../net/root.js";
import { showConnection } from "./connection.js";
import { el, icon } from "./dom.js";
import { clock } from "./format.js";

/** @typedef {import("../net/socket.js").State} State */

const FRESH = 5000; // ms without news after which the dot stops pulsing
const GONE = new Set([4404, 4410]); // what may not be seen any more leaves the page: the server says why
const WORDS = {
  4401: "You were signed out. Sign in again to see this run.",
  4400: "This page and the server do not understand each other. Reload the page.",
};

export class Link {
  /** @param {() => void} retry @param {() => Date|null} last when the server was last heard */
  constructor(retry, last) {
    this.retry = retry;
    this.last = last;
    this.began = new Date();
    this.lost = false;
    this.quiet = 0;
    this.counting = 0;
    this.nextTry = 0;
    /** @type {HTMLElement|null} */ this.strip = null;
  }

  /** What the page shows is as of then. */
  get since() {
    return this.last() ?? this.began;
  }

  /** News came. @param {boolean} active */
  heard(active) {
    this.#pulse(active);
    window.clearTimeout(this.quiet);
    this.quiet = window.setTimeout(() => this.#pulse(false), FRESH);
  }

  /** @param {boolean} on */
  #pulse(on) {
    document.querySelector("#connection .dot")?.classList.toggle("live", on);
  }

  /** @param {State} state @param {number} retryMs @param {string} status of the run */
  show(state, retryMs, status) {
    const ended = !["queued", "starting", "running"].includes(status);
    this.lost = state === "offline";
    document.body.classList.toggle("stale", this.lost);
    if (state === "live" && !ended) showConnection("live", this.since);
    else if (state === "closed" || ended) showConnection("none");
    else showConnection(state, this.since, this.retry);
    if (this.lost && !ended) this.#open(retryMs);
    else this.#close();
    this.#pill();
  }

  /** Nothing on the page may say "running" as if it were known. */
  #pill() {
    const words = document.querySelector("#state .pill > span");
    if (!(words instanceof HTMLElement)) return;
    words.dataset.word ??= words.textContent ?? "";
    words.textContent = this.lost ? `${words.dataset.word} at ${clock(this.since).slice(0, 5)}` : words.dataset.word;
    const pill = words.parentElement;
    if (pill) {
      pill.dataset.look ??= pill.className;
      pill.className = this.lost ? "pill idle" : pill.dataset.look;
    }
    for (const button of document.querySelectorAll("#state .acts form button")) {
      /** @type {HTMLButtonElement} */ (button).disabled = this.lost;
      if (this.lost) button.setAttribute("title", "No contact with FFWeb: nothing can be changed now");
      else button.removeAttribute("title");
    }
  }

  /** @param {number} retryMs */
  #open(retryMs) {
    this.nextTry = Date.now() + retryMs;
    if (this.strip) return;
    const words = el("span");
    const button = el("button", { class: "btn", type: "button" }, "Try now");
    button.addEventListener("click", this.retry);
    const text = el(
      "span",
      {},
      el("b", {}, `No contact with FFWeb since ${clock(this.since)}.`),
      " The run goes on without this page; what was missed is fetched when the contact is back. ",
      words,
    );
    this.strip = el("div", { class: "lostbar", role: "status" }, icon("warn"), text, button);
    document.body.append(this.strip);
    const count = () =>
      (words.textContent = `Next try in ${Math.max(1, Math.round((this.nextTry - Date.now()) / 1000))}\u202fs.`);
    count();
    this.counting = window.setInterval(count, 1000);
  }

  #close() {
    window.clearInterval(this.counting);
    this.strip?.remove();
    this.strip = null;
  }

  /** The server said no for good. @param {number} code @param {boolean} shared */
  refused(code, shared) {
    if (GONE.has(code)) {
      location.reload();
      return;
    }
    const text = WORDS[/** @type {4400} */ (code)] ?? "The connection was closed.";
    this.#close();
    showConnection("none");
    const way = shared
      ? ""
      : el("a", { class: "btn", href: `${at("sign-in")}?next=${encodeURIComponent(location.pathname)}` }, "Sign in");
    document.body.append(el("div", { class: "lostbar", role: "alert" }, icon("warn"), el("b", {}, text), way));
  }
}
