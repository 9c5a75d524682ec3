/** Fewer points, same picture: min-max buckets, centred means, interpolation. Pure functions over number arrays. */

/** @typedef {ArrayLike<number>} Numbers */
/** @typedef {{x: number[], y: number[]}} Line */

/**
 * At most 2·n points: of every bucket its least and its greatest value, in order, so that peaks stay. The first and the
 * last point are always among them; a bucket without any finite value keeps one NaN, so that gaps stay.
 * @param {Numbers} x
 * @param {Numbers} y
 * @param {number} n buckets
 * @returns {Line}
 */
export function decimate(x, y, n) {
  const size = y.length;
  if (size <= 2 * n) return { x: Array.from(x), y: Array.from(y) };
  /** @type {number[]} */ const keep = [];
  const width = size / n;
  for (let bucket = 0; bucket < n; bucket++) {
    const from = Math.floor(bucket * width);
    const to = Math.min(size, Math.floor((bucket + 1) * width));
    let low = -1;
    let high = -1;
    for (let i = from; i < to; i++) {
      const value = y[i];
      if (!Number.isFinite(value)) continue;
      if (low < 0 || value < y[low]) low = i;
      if (high < 0 || value > y[high]) high = i;
    }
    if (low < 0) keep.push(from);
    else if (low === high) keep.push(low);
    else keep.push(Math.min(low, high), Math.max(low, high));
  }
  if (keep[0] !== 0) keep.unshift(0);
  if (keep[keep.length - 1] !== size - 1) keep.push(size - 1);
  return { x: keep.map((i) => x[i]), y: keep.map((i) => y[i]) };
}

/**
 * Centred mean over `2·half + 1` points, so that nothing lags; at the ends over as many of them as there are.
 * What is not finite is left out of the means and stays where it is.
 * @param {Numbers} y
 * @param {number} half
 * @returns {number[]}
 */
export function smooth(y, half) {
  const size = y.length;
  const sum = new Float64Array(size + 1);
  const count = new Uint32Array(size + 1);
  for (let i = 0; i < size; i++) {
    const finite = Number.isFinite(y[i]);
    sum[i + 1] = sum[i] + (finite ? y[i] : 0);
    count[i + 1] = count[i] + (finite ? 1 : 0);
  }
  /** @type {number[]} */ const out = new Array(size);
  for (let i = 0; i < size; i++) {
    const [from, to] = [Math.max(0, i - half), Math.min(size, i + half + 1)];
    out[i] = Number.isFinite(y[i]) ? (sum[to] - sum[from]) / (count[to] - count[from]) : y[i];
  }
  return out;
}

/**
 * How far a smoothed point looks to either side: 1 % of the series; short ones (one point an epoch) stay as they are.
 * @param {number} size
 */
export const smoothReach = (size) => (size < 60 ? 0 : Math.max(1, Math.round(size / 100)));

/**
 * Index of the last element ≤ value in an ascending array, −1 if there is none.
 * @param {Numbers} x
 * @param {number} value
 */
export function lastAtMost(x, value) {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * y at `value` on the line through (x, y), x ascending; beyond its ends the nearest y.
 * @param {Numbers} x
 * @param {Numbers} y
 * @param {number} value
 */
export function interpolate(x, y, value) {
  const size = x.length;
  if (size === 0) return NaN;
  const i = lastAtMost(x, value);
  if (i < 0) return y[0];
  if (i >= size - 1) return y[size - 1];
  const share = (value - x[i]) / (x[i + 1] - x[i]);
  return y[i] + share * (y[i + 1] - y[i]);
}

/**
 * The part of a line whose x lies in [low, high], with one neighbour at either side so that it reaches the edges.
 * @param {Line} line
 * @param {number} low
 * @param {number} high
 * @returns {Line}
 */
export function clip(line, low, high) {
  const from = Math.max(0, lastAtMost(line.x, low));
  const to = Math.min(line.x.length, lastAtMost(line.x, high) + 2);
  return { x: line.x.slice(from, to), y: line.y.slice(from, to) };
}

/**
 * Mean of y in each of `n` equal spans of x, for heat maps; a span without a point repeats the one before.
 * @param {Line} line
 * @param {number} low
 * @param {number} high
 * @param {number} n
 * @returns {(number|null)[]}
 */
export function columns(line, low, high, n) {
  const sum = new Float64Array(n);
  const count = new Uint32Array(n);
  for (let i = 0; i < line.x.length; i++) {
    if (!Number.isFinite(line.y[i]) || line.x[i] < low || line.x[i] > high) continue;
    const at = Math.min(n - 1, Math.floor(((line.x[i] - low) / (high - low || 1)) * n));
    sum[at] += line.y[i];
    count[at] += 1;
  }
  /** @type {(number|null)[]} */ const out = [];
  /** @type {number|null} */ let before = null;
  for (let i = 0; i < n; i++) {
    if (count[i]) before = sum[i] / count[i];
    out.push(before);
  }
  return out;
}
