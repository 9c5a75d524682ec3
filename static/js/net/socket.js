/**
 * One websocket that stays: it reconnects with a growing, jittered pause and resumes after the last seq it was told.
 *
 * The server says something every five seconds, a beat if there is no news. A connection that is silent for longer is
 * none, whatever the browser thinks of it: the server is frozen, the way to it is cut, or the laptop slept. What the
 * reader sees is a state; a blip shorter than two seconds never shows.
 */

/** @typedef {"live"|"reconnecting"|"offline"|"closed"} State */
/**
 * @typedef {object} Clock what a test replaces
 * @property {(callback: () => void, ms: number) => number} after
 * @property {(handle: number) => void} cancel
 * @property {() => number} now ms
 * @property {() => number} random 0 to 1
 */
/**
 * @typedef {object} Options
 * @property {string} path
 * @property {() => number} after the seq to resume after; asked for at every connection
 * @property {(message: any) => void} onMessage whatever has news in it
 * @property {(state: State, retryMs: number) => void} onState
 * @property {(code: number) => void} onRefused 4401, 4404, 4410: no retry would help
 * @property {typeof WebSocket} [Socket]
 * @property {Clock} [clock]
 */

export const FIRST_PAUSE = 500;
export const LONGEST_PAUSE = 15_000;
export const QUIET = 2000; // ms without a connection before the words change
export const OFFLINE = 15_000;
export const SILENCE = 12_000; // ms without a word from a connection that seems open: two beats and their delay
export const OPENING = 10_000; // ms that a connection may take to open: a frozen server takes it and does not answer
/** Close codes after which no attempt can help. */
export const FINAL = new Set([4400, 4401, 4404, 4410]);

/** @type {Clock} */
const realClock = {
  after: (callback, ms) => window.setTimeout(callback, ms),
  cancel: (handle) => window.clearTimeout(handle),
  now: Date.now,
  random: Math.random,
};

/**
 * The pause before attempt n (0, 1, 2, …): 0.5 s, doubling to 15 s, each by a random part shorter.
 * @param {number} n
 * @param {number} random
 */
export const pause = (n, random) => Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** n) * (0.5 + random / 2);

export class LiveSocket {
  /** @param {Options} options */
  constructor(options) {
    this.options = options;
    this.Socket = options.Socket ?? WebSocket;
    this.clock = options.clock ?? realClock;
    /** @type {WebSocket|null} */ this.socket = null;
    /** @type {State} */ this.state = "closed";
    this.attempt = 0;
    this.retry = 0;
    this.quiet = 0;
    this.late = 0;
    this.opening = 0;
    this.silence = 0;
    this.heardAt = 0;
    this.closed = false;
  }

  open() {
    this.closed = false;
    this.#connect();
  }

  /** End it for good (the run has ended, the page leaves). */
  close() {
    this.closed = true;
    for (const handle of [this.retry, this.quiet, this.late]) this.clock.cancel(handle);
    this.quiet = this.late = 0;
    this.#drop({ gently: true });
    this.#show("closed");
  }

  /** Try at once, unless all is well: the reader asked, or the tab woke up. */
  now() {
    if (this.state !== "live" || this.clock.now() - this.heardAt > SILENCE) this.refresh();
  }

  /** Connect anew although the connection seems well: a laptop that slept keeps a dead one for minutes. */
  refresh() {
    if (this.closed) return;
    this.clock.cancel(this.retry);
    this.attempt = 0;
    this.#drop();
    this.#connect();
  }

  /** `gently`: one that is just opening is closed once it is open; browsers complain of less. */
  #drop({ gently = false } = {}) {
    this.clock.cancel(this.opening);
    this.clock.cancel(this.silence);
    const old = this.socket;
    this.socket = null; // its late events are no longer ours
    if (old && gently && old.readyState === 0) old.onopen = () => old.close(1000);
    else old?.close(1000);
  }

  #connect() {
    const { path, after } = this.options;
    const origin = globalThis.location?.origin ?? "http://test";
    const socket = new this.Socket(`${origin.replace(/^http/, "ws")}${path}?after=${after()}`);
    this.socket = socket;
    this.opening = this.clock.after(() => this.#lost(), OPENING);
    this.#worry();
    socket.onopen = () => socket === this.socket && this.#opened();
    socket.onmessage = (event) => socket === this.socket && this.#heard(event.data);
    socket.onclose = (event) => socket === this.socket && this.#lost(event.code);
  }

  #opened() {
    this.attempt = 0;
    for (const handle of [this.opening, this.quiet, this.late]) this.clock.cancel(handle);
    this.quiet = this.late = 0;
    this.#listen();
    this.#show("live");
  }

  /** Something came: the next silence begins. */
  #listen() {
    this.heardAt = this.clock.now();
    this.clock.cancel(this.silence);
    this.silence = this.clock.after(() => this.#silent(), SILENCE);
  }

  /** @param {string} text */
  #heard(text) {
    this.#listen();
    const message = JSON.parse(text);
    if (message.type !== "beat") this.options.onMessage(message);
  }

  /** When the server was last heard; null if never. */
  get last() {
    return this.heardAt ? new Date(this.heardAt) : null;
  }

  /** Nobody is there although the connection seems well: say so at once, and try anew. */
  #silent() {
    this.#drop();
    this.#show("offline");
    this.#connect();
  }

  /** From now on there is no contact; the words change if that lasts. */
  #worry() {
    this.quiet ||= this.clock.after(() => this.state !== "offline" && this.#show("reconnecting"), QUIET);
    this.late ||= this.clock.after(() => this.#show("offline"), OFFLINE);
  }

  /** @param {number} code */
  #lost(code = 1006) {
    this.#drop();
    if (FINAL.has(code)) {
      this.close();
      this.options.onRefused(code);
      return;
    }
    this.#worry();
    const wait = pause(this.attempt++, this.clock.random());
    this.retry = this.clock.after(() => this.#connect(), wait);
    if (this.state === "offline") this.#show("offline", wait);
  }

  /** @param {State} state */
  #show(state, retryMs = 0) {
    if (state === this.state && state !== "offline") return;
    this.state = state;
    this.options.onState(state, retryMs);
  }
}

/**
 * Let a page's socket end with it, and connect anew when the page, the tab or the network comes back.
 * @param {LiveSocket} socket
 */
export function keepAwake(socket) {
  window.addEventListener("pagehide", () => socket.close());
  window.addEventListener("pageshow", (event) => event.persisted && socket.open());
  window.addEventListener("online", () => socket.refresh());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && socket.now());
}
