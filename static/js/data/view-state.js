/**
 * What the reader chose on a run page: axis, smoothing, layers, zoom. It lives in the address, so a link carries it.
 */

/** @typedef {"epoch"|"step"|"time"} Axis */
/** @typedef {[number, number]} Range steps, whatever the axis shows */

const AXES = ["epoch", "step", "time"];

export class ViewState {
  constructor() {
    /** @type {Axis} */ this.axis = "epoch";
    this.smooth = true;
    /** @type {Set<number>} */ this.hidden = new Set();
    /** @type {number|null} */ this.focus = null;
    /** @type {Range|null} */ this.zoom = null;
    /** @type {Set<string>} cards the reader hid */ this.closed = new Set();
    /** @type {Set<string>} cards on a logarithmic scale */ this.logs = new Set();
    /** @type {Set<() => void>} */ this.listeners = new Set();
  }

  /** @param {() => void} listener */
  subscribe(listener) {
    this.listeners.add(listener);
  }

  /** Change it and say so. @param {(state: ViewState) => void} change */
  set(change) {
    change(this);
    for (const listener of this.listeners) listener();
  }

  /** @param {string} query of the address */
  read(query) {
    const params = new URLSearchParams(query);
    const axis = params.get("x") ?? "";
    if (AXES.includes(axis)) this.axis = /** @type {Axis} */ (axis);
    this.smooth = params.get("raw") === null;
    this.hidden = new Set(integers(params.get("hide")));
    this.focus = integers(params.get("focus"))[0] ?? null;
    const [from, to] = (params.get("zoom") ?? "").split("-").map(Number);
    this.zoom = Number.isFinite(from) && to > from ? [from, to] : null;
    this.closed = new Set(words(params.get("closed")));
    this.logs = new Set(words(params.get("log")));
  }

  /** The query string, empty where everything is as it comes. @param {string} query what else stands there is kept */
  write(query) {
    const params = new URLSearchParams(query);
    put(params, "x", this.axis === "epoch" ? "" : this.axis);
    put(params, "raw", this.smooth ? "" : "1");
    put(params, "hide", [...this.hidden].sort((a, b) => a - b).join(","));
    put(params, "focus", this.focus === null ? "" : String(this.focus));
    put(params, "zoom", this.zoom ? this.zoom.map((v) => Math.round(v)).join("-") : "");
    put(params, "closed", [...this.closed].join(","));
    put(params, "log", [...this.logs].join(","));
    const text = params.toString().replaceAll("%2C", ",");
    return text ? `?${text}` : "";
  }
}

/** @param {URLSearchParams} params @param {string} name @param {string} value */
function put(params, name, value) {
  if (value) params.set(name, value);
  else params.delete(name);
}

/** @param {string|null} text */
const words = (text) => (text ?? "").split(",").filter(Boolean);

/** @param {string|null} text */
const integers = (text) => words(text).map(Number).filter((n) => Number.isInteger(n) && n > 0); // prettier-ignore
