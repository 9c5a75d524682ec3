/** Where the parts of a net's drawing stand. Pure numbers, in a picture 312 wide. */

/**
 * @typedef {{
 *   inputs: number | null, shape: string, classes: number | null, layers: number[],
 *   label: boolean, theta: boolean, rows: boolean, scope: string
 * }} Net
 * @typedef {{x: number, y: number, w: number, h: number, units: number}} Box
 * @typedef {{width: number, height: number, top: number, input: Box, layers: Box[], dense: boolean}} Geometry
 */

const WIDTH = 312;
const TOP = 52; // room for the gauges
const TALL = 92;
const MIDDLE = TOP + TALL / 2;
const LEFT = 24;
const RIGHT = 288;
const BOX = 14;
export const NAMED = 6; // beyond this many layers only the first and last carry words

/**
 * Height of a box: it grows with the logarithm of its width, so that 50 and 5,000 units both read.
 * @param {number} units
 * @param {number} most
 */
export function boxHeight(units, most) {
  if (!(units > 0) || !(most > 0)) return 12;
  return Math.max(12, Math.round((TALL * Math.log2(units + 1)) / Math.log2(Math.max(most, 4) + 1)));
}

/** @param {number} x @param {number} w @param {number} units @param {number} most @returns {Box} */
function box(x, w, units, most) {
  const h = boxHeight(units, most);
  return { x: x - w / 2, y: MIDDLE - h / 2, w, h, units };
}

/** @param {Net} net @returns {Geometry} */
export function geometry(net) {
  const inputs = net.inputs ?? 0;
  const most = Math.max(inputs, ...net.layers, 4);
  const dense = net.layers.length > NAMED;
  const first = dense ? LEFT + BOX : LEFT;
  const step = net.layers.length ? (RIGHT - first) / net.layers.length : 0;
  const w = dense ? Math.max(2, Math.min(12, step * 0.55)) : BOX;
  return {
    width: WIDTH,
    height: TOP + TALL + 30,
    top: TOP,
    dense,
    input: box(LEFT, BOX, inputs, most),
    layers: net.layers.map((units, i) => box(first + step * (i + 1) - (dense ? w : BOX) / 2, w, units, most)),
  };
}

/** What the picture says, for those who do not see it. @param {Net} net */
export function netWords(net) {
  const sizes = [net.inputs ?? "?", ...net.layers].join(" → ");
  const label = net.label ? " The label is part of the input." : "";
  if (net.scope === "whole") return `${sizes}, one loss at the end; its gradient passes through all layers.${label}`;
  const reads = net.rows ? "gives a score for each class" : "has a goodness";
  return `${sizes}. Each layer ${reads} and learns by itself; no gradient passes between layers.${label}`;
}
