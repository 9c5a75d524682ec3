/**
 * One websocket that stays: it reconnects with a growing, jittered pause and resumes after the last seq it was told.
 *
 * What the reader sees of it is a state. A blip shorter than two seconds never shows.
 */

/** @typedef {"live"|"reconnecting"|"offline"|"closed"} State */
/**
 * @typedef {object} Clock what a test replaces
 * @property {(callback: () => void, ms: number) => number} after
 * @property {(handle: number) => void} cancel
 * @property {() => number} random 0 to 1
 */
/**
 * @typedef {object} Options
 * @property {string} path
 * @property {() => number} after the seq to resume after; asked for at every connection
 * @property {(message: any) => void} onMessage
 * @property {(state: State, retryMs: number) => void} onState
 * @property {(code: number) => void} onRefused 4401, 4404, 4410: no retry would help
 * @property {typeof WebSocket} [Socket]
 * @property {Clock} [clock]
 */

export const FIRST_PAUSE = 500;
export const LONGEST_PAUSE = 15_000;
export const QUIET = 2000; // ms without a connection before the words change
export const OFFLINE = 15_000;
/** Close codes after which no attempt can help. */
export const FINAL = new Set([4400, 4401, 4404, 4410]);

/** @type {Clock} */
const realClock = {
  after: (callback, ms) => window.setTimeout(callback, ms),
  cancel: (handle) => window.clearTimeout(handle),
  random: Math.random,
};

/** The pause before attempt n (0, 1, 2, …): 0.5 s, doubling to 15 s, each by a random part shorter. @param {number} n @param {number} random */
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
    this.socket?.close(1000);
    this.socket = null;
    this.#show("closed");
  }

  /** Try at once: the reader asked, the tab woke up or the network came back. */
  now() {
    if (this.closed || this.state === "live") return;
    this.clock.cancel(this.retry);
    this.attempt = 0;
    this.#drop();
    this.#connect();
  }

  /** Connect anew although the connection seems well: a laptop that slept keeps a dead one for minutes. */
  refresh() {
    if (this.closed) return;
    this.clock.cancel(this.retry);
    this.attempt = 0;
    this.#drop();
    this.#connect();
  }

  #drop() {
    const old = this.socket;
    this.socket = null; // its late events are no longer ours
    old?.close();
  }

  #connect() {
    const { path, after } = this.options;
    const origin = globalThis.location?.origin ?? "http://test";
    const socket = new this.Socket(`${origin.replace(/^http/, "ws")}${path}?after=${after()}`);
    this.socket = socket;
    socket.onopen = () => socket === this.socket && this.#opened();
    socket.onmessage = (event) => socket === this.socket && this.options.onMessage(JSON.parse(event.data));
    socket.onclose = (event) => socket === this.socket && this.#lost(event.code);
  }

  #opened() {
    this.attempt = 0;
    this.clock.cancel(this.quiet);
    this.clock.cancel(this.late);
    this.quiet = this.late = 0;
    this.#show("live");
  }

  /** @param {number} code */
  #lost(code) {
    this.socket = null;
    if (FINAL.has(code)) {
      this.close();
      this.options.onRefused(code);
      return;
    }
    const wait = pause(this.attempt++, this.clock.random());
    this.retry = this.clock.after(() => this.#connect(), wait);
    this.quiet ||= this.clock.after(() => this.#show("reconnecting", wait), QUIET);
    this.late ||= this.clock.after(() => this.#show("offline", wait), OFFLINE);
    if (this.state === "offline") this.#show("offline", wait);
  }

  /** @param {State} state */
  #show(state, retryMs = 0) {
    if (state === this.state && state !== "offline") return;
    this.state = state;
    this.options.onState(state, retryMs);
  }
}
