/** From the store to what is drawn: the chosen x axis, smoothing, the zoomed detail, few enough points. */

import { clip, decimate, interpolate, smooth, smoothReach } from "./decimate.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./view-state.js").ViewState} ViewState */
/** @typedef {import("./decimate.js").Line} Line */

/** Layer number of `layers/3/gap`, null for any other series. @param {string} name */
export function layerOf(name) {
  const found = /^layers\/(\d+)\//.exec(name);
  return found ? Number(found[1]) : null;
}

/**
 * Whether a series is one of `glob`; `*` stands for one part between slashes.
 * @param {string} glob
 * @param {string} name
 */
export function matches(glob, name) {
  const [a, b] = [glob.split("/"), name.split("/")];
  return a.length === b.length && a.every((part, i) => part === "*" || part === b[i]);
}

export class Lines {
  /** @param {Store} store @param {ViewState} state */
  constructor(store, state) {
    this.store = store;
    this.state = state;
    /** Finer points of the zoomed window, and the steps it spans. @type {Map<string, Line>} */
    this.detail = new Map();
    /** @type {[number, number]|null} */ this.detailSpan = null;
    /**
     * What an ended run came to, as the server tells it; null while it goes on.
     * @type {Record<string, number|null>|null}
     */
    this.whole = null;
  }

  /** The series of a glob, in the order of layers. @param {string} glob */
  names(glob) {
    const found = this.store.names().filter((name) => matches(glob, name));
    return found.sort((a, b) => (layerOf(a) ?? 0) - (layerOf(b) ?? 0) || (a < b ? -1 : 1));
  }

  /** Steps of the axis series of now, or null where the axis is the step itself. */
  #axis() {
    if (this.state.axis === "step") return null;
    const axis = this.store.get(`axis/${this.state.axis}`);
    return axis && axis.x.length > 1 ? axis : null;
  }

  /** What one unit of the axis is and how it is written. @returns {{factor: number, suffix: string}} */
  unit() {
    const axis = this.state.axis === "time" ? this.#axis() : null;
    const most = axis ? axis.y[axis.y.length - 1] : 0;
    if (!axis) return { factor: 1, suffix: "" };
    if (most > 3 * 3600) return { factor: 1 / 3600, suffix: " h" };
    return most > 180 ? { factor: 1 / 60, suffix: " min" } : { factor: 1, suffix: " s" };
  }

  /** A step on the x axis. @param {number} step */
  shown(step) {
    const axis = this.#axis();
    return axis ? interpolate(axis.x, axis.y, step) * this.unit().factor : step;
  }

  /** The step of a place on the x axis. @param {number} x */
  step(x) {
    const axis = this.#axis();
    return axis ? interpolate(axis.y, axis.x, x / this.unit().factor) : x;
  }

  /** Where a step lies on an axis, whichever is chosen: epoch 35. @param {"epoch"|"time"} axis @param {number} step */
  at(axis, step) {
    const series = this.store.get(`axis/${axis}`);
    return series ? interpolate(series.x, series.y, step) : NaN;
  }

  /** The zoom in units of the axis. @returns {[number, number]|null} */
  window() {
    const { zoom } = this.state;
    return zoom && [this.shown(zoom[0]), this.shown(zoom[1])];
  }

  /** A series in steps: as it is stored, or its finer part while zoomed. @param {string} name @returns {Line} */
  #raw(name) {
    const series = this.store.get(name) ?? { x: [], y: [] };
    const { zoom } = this.state;
    if (!zoom) return series;
    const fine = this.detail.get(name);
    if (!fine?.x.length || !this.detailSpan || this.detailSpan[0] > zoom[0] || this.detailSpan[1] < zoom[1])
      return clip(series, ...zoom);
    const end = fine.x[fine.x.length - 1];
    const newer = series.x.findIndex((x) => x > end); // what came live since the detail was fetched
    if (newer < 0) return fine;
    return { x: fine.x.concat(series.x.slice(newer)), y: fine.y.concat(series.y.slice(newer)) };
  }

  /**
   * A series as it is drawn.
   * @param {string} name
   * @param {number} points at most
   * @returns {Line}
   */
  line(name, points) {
    const raw = this.#raw(name);
    const y = this.state.smooth ? smooth(raw.y, smoothReach(raw.y.length)) : raw.y;
    const few = decimate(raw.x, y, points / 2);
    return { x: few.x.map((step) => this.shown(step)), y: few.y };
  }

  /**
   * The newest value, NaN included; undefined for a series without a point.
   * @param {string} name
   * @returns {number|undefined}
   */
  newest(name) {
    return this.store.get(name)?.y.at(-1);
  }

  /**
   * What a series comes to: over the run once that has ended, till then its newest value.
   * @param {string} name
   * @returns {number|undefined}
   */
  told(name) {
    return this.whole?.[name] ?? this.newest(name);
  }
}
