/** What the API answers for a window of series, as plain number arrays. */

/** @typedef {{dtype: string, bdata: string}} Packed base64 of little-endian numbers, as Plotly takes them */
/** @typedef {{x0: number, dx: number, n?: number}} Regular */

/** @type {Record<string, (buffer: ArrayBuffer) => ArrayLike<number>>} */
const VIEWS = {
  f4: (b) => new Float32Array(b),
  f8: (b) => new Float64Array(b),
  i4: (b) => new Int32Array(b),
  i8: (b) => Array.from(new BigInt64Array(b), Number),
  u4: (b) => new Uint32Array(b),
};

/** @param {Packed} packed @returns {ArrayLike<number>} */
export function unpack({ dtype, bdata }) {
  const text = atob(bdata);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const plain = dtype.replace(/^[<=|]/, "");
  const view = VIEWS[plain.replace("float32", "f4").replace("float64", "f8")];
  if (!view) throw new TypeError(`The server sent numbers of an unknown kind, ${dtype}.`);
  return view(bytes.buffer);
}

/**
 * One column of an answer: a plain array, a packed one, or (x only) start and stride.
 * @param {(number|null)[]|Packed|Regular} column
 * @param {number} length of a regular one
 * @returns {ArrayLike<number>}
 */
export function column(column, length = 0) {
  if (Array.isArray(column)) return column.map((v) => (v == null ? NaN : v));
  if ("bdata" in column) return unpack(column);
  return Array.from({ length: column.n ?? length }, (_, i) => column.x0 + i * column.dx);
}

/**
 * @param {{seq: number, series: Record<string, any>}} answer of GET …/metrics
 * @returns {{seq: number, series: Record<string, {x: ArrayLike<number>, y: ArrayLike<number>}>}}
 */
export function decodeWindow(answer) {
  /** @type {Record<string, {x: ArrayLike<number>, y: ArrayLike<number>}>} */ const series = {};
  for (const [name, raw] of Object.entries(answer.series)) {
    const y = column(raw.y);
    series[name] = { x: column(raw.x ?? raw, y.length), y };
  }
  return { seq: answer.seq, series };
}
