/**
 * The series of one run: what HTTP brought, and what the socket adds to it.
 *
 * Every series remembers the `seq` it came with. What the socket brings with a smaller or equal seq is already in it
 * and is dropped, so nothing shows twice after a reconnection, whatever arrives in which order.
 */

import { decimate } from "./decimate.js";

/**
 * Points kept a series. Beyond, its older half is thinned to a quarter; zooming in fetches the detail from the server.
 */
export const MOST_POINTS = 6000;

/** @typedef {{x: number[], y: number[], seq: number}} Series */
/**
 * In `values`, null: not reported at that step; "nan", "inf", "-inf".
 * @typedef {{seq: number[], step: number[], values: Record<string, (number|string|null)[]>}} MetricColumns
 */
/** @typedef {{seq: number, kind: string, [field: string]: any}} RunEvent */
/** @typedef {{events?: RunEvent[], metrics?: MetricColumns|null, seq: number}} EventsMessage */

export class Store {
  constructor() {
    /** @type {Map<string, Series>} */ this.series = new Map();
    /** The seq up to which everything is here. */
    this.seq = 0;
    this.base = 0; // the seq of the last HTTP answer: a series that it did not name had no point then
    /** @type {EventsMessage[]|null} */ this.waiting = null;
    /** @type {Set<(names: Set<string>) => void>} */ this.listeners = new Set();
  }

  /** @param {(names: Set<string>) => void} listener is told which series changed */
  subscribe(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** @param {Set<string>} names */
  #tell(names) {
    if (names.size) for (const listener of this.listeners) listener(names);
  }

  /** @param {string} name */
  get(name) {
    return this.series.get(name);
  }

  names() {
    return [...this.series.keys()];
  }

  /** The last finite value of a series, NaN if it has none. @param {string} name */
  last(name) {
    const series = this.series.get(name);
    for (let i = (series?.y.length ?? 0) - 1; i >= 0; i--)
      if (series && Number.isFinite(series.y[i])) return series.y[i];
    return NaN;
  }

  /**
   * Take over what an HTTP answer holds; it replaces what was there.
   * @param {number} seq of the answer
   * @param {Record<string, {x: ArrayLike<number>, y: ArrayLike<number>}>} series
   */
  load(seq, series) {
    const changed = new Set([...this.series.keys(), ...Object.keys(series)]);
    this.series.clear();
    for (const [name, { x, y }] of Object.entries(series)) {
      this.series.set(name, { x: Array.from(x), y: Array.from(y), seq });
    }
    this.base = seq;
    this.seq = seq;
    const came = this.waiting ?? [];
    this.waiting = null;
    for (const message of came) this.#merge(message, changed);
    this.#tell(changed);
  }

  /** An HTTP answer is on its way: keep what the socket brings meanwhile, for the answer may be older than that. */
  expect() {
    this.waiting ??= [];
  }

  /**
   * Add what a socket message brings, in the order of seq: a resumed trainer's points follow the cut at its start.
   * @param {EventsMessage} message
   */
  apply(message) {
    /** @type {Set<string>} */ const changed = new Set();
    this.waiting?.push(message);
    this.#merge(message, changed);
    this.#tell(changed);
  }

  /** @param {EventsMessage} message @param {Set<string>} changed */
  #merge(message, changed) {
    const columns = message.metrics ?? { seq: [], step: [], values: {} };
    let row = 0;
    for (const event of message.events ?? []) {
      if (event.kind !== "start" || event.seq === 1) continue; // the first one has nothing behind it
      let end = row;
      while (end < columns.seq.length && columns.seq[end] < event.seq) end++;
      this.#append(columns, row, end, changed);
      this.#dropAfter(event.resumed_from ?? -1, event.seq, changed); // without a checkpoint it began from nothing
      row = end;
    }
    this.#append(columns, row, columns.seq.length, changed);
    this.seq = Math.max(this.seq, message.seq);
  }

  /**
   * @param {MetricColumns} columns
   * @param {number} from
   * @param {number} to
   * @param {Set<string>} changed
   */
  #append(columns, from, to, changed) {
    if (from >= to) return;
    for (const [name, values] of Object.entries(columns.values)) {
      const series = this.series.get(name) ?? { x: [], y: [], seq: this.base };
      const before = series.seq;
      for (let i = from; i < to; i++) {
        const value = values[i];
        if (columns.seq[i] <= before || value == null) continue;
        series.x.push(columns.step[i]);
        series.y.push(typeof value === "number" ? value : (ODD[value] ?? NaN));
        series.seq = columns.seq[i];
      }
      if (series.seq === before) continue;
      this.series.set(name, series);
      bound(series);
      changed.add(name);
    }
  }

  /**
   * A trainer went on from a checkpoint at `step`: what had been reported beyond it is no longer so.
   * @param {number} step
   * @param {number} seq of its start event; a series that came later has the cut behind it
   * @param {Set<string>} changed
   */
  #dropAfter(step, seq, changed) {
    for (const [name, series] of this.series) {
      if (series.seq >= seq) continue;
      let keep = series.x.length;
      while (keep > 0 && series.x[keep - 1] > step) keep--;
      series.seq = seq;
      if (keep === series.x.length) continue;
      series.x.length = keep;
      series.y.length = keep;
      changed.add(name);
    }
  }
}

/** The numbers that JSON has not. @type {Record<string, number>} */
const ODD = { nan: NaN, inf: Infinity, "-inf": -Infinity };

/** Thin the older half of a series that grew too long. @param {Series} series */
function bound(series) {
  if (series.x.length <= MOST_POINTS) return;
  const half = MOST_POINTS / 2;
  const older = decimate(series.x.slice(0, -half), series.y.slice(0, -half), half / 4);
  series.x = older.x.concat(series.x.slice(-half));
  series.y = older.y.concat(series.y.slice(-half));
}
