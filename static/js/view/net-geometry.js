/** Where the parts of a net's drawing stand, and what it says in words. Pure numbers, in a picture 312 wide. */

/**
 * A layer as the server describes it; `short` where there is no room for its words. `form`: units, maps, tokens, places
 * (own weights at each) or input (the pixels themselves). `reach`: the lowest layer (from 0) that its loss moves, null
 * where it has no loss.
 * @typedef {{
 *   form: string, words: string, short: string, units: number, reach: number | null, rows: boolean, theta: boolean,
 *   frozen: boolean
 * }} Layer
 * @typedef {{
 *   inputs: number | null, shape: string, classes: number | null, layers: Layer[], label: boolean, top_down: boolean
 * }} Net
 * @typedef {{x: number, y: number, w: number, h: number}} Box
 * @typedef {{width: number, height: number, top: number, input: Box, layers: Box[], dense: boolean}} Geometry
 */

const WIDTH = 312;
const TOP = 52; // room for the gauges
const TALL = 92;
export const MIDDLE = TOP + TALL / 2;
const LEFT = 28;
const RIGHT = 288;
const BESIDE_LABEL = 258; // where a label is held above the last layer
const BOX = 14;
export const ROOMY = 4; // up to so many layers there is room for words
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
  return { x: x - w / 2, y: MIDDLE - h / 2, w, h };
}

/** @param {Net} net @returns {Geometry} */
export function geometry(net) {
  const inputs = net.inputs ?? 0;
  const most = Math.max(inputs, ...net.layers.map((layer) => layer.units), 4);
  const dense = net.layers.length > NAMED;
  const first = dense ? LEFT + BOX : LEFT;
  const right = net.top_down && net.label ? BESIDE_LABEL : RIGHT;
  const step = net.layers.length ? (right - first) / net.layers.length : 0;
  const w = dense ? Math.max(2, Math.min(12, step * 0.55)) : BOX;
  return {
    width: WIDTH,
    height: TOP + TALL + 30,
    top: TOP,
    dense,
    input: box(LEFT, BOX, inputs, most),
    layers: net.layers.map(({ units }, i) => box(first + step * (i + 1) - (dense ? w : BOX) / 2, w, units, most)),
  };
}

/**
 * The net with the widths that somebody is typing, until the server has answered.
 * @param {Net} net
 * @param {string[]} widths
 * @returns {Net}
 */
export function typed(net, widths) {
  const sizes = widths.map(Number);
  const same = sizes.length === net.layers.length && net.layers.every(({ form }) => form === "units");
  if (!same || !sizes.every((size) => size > 0)) return net;
  return {
    ...net,
    layers: net.layers.map((layer, i) => ({
      ...layer,
      units: sizes[i] ?? 0,
      words: String(sizes[i]),
      short: String(sizes[i]),
    })),
  };
}

/** Whether some loss sends a gradient from layer i (from 0) to the one below it. @param {Net} net @param {number} i */
export function passes(net, i) {
  return net.layers.some(({ reach }, from) => reach !== null && from >= i && reach < i);
}

/** "L1", "L1 and L2", "L1 to L4". @param {number[]} layers */
function named(layers) {
  const names = layers.map((layer) => `L${layer + 1}`);
  const joined = layers.length > 2 && layers.every((layer, i) => i === 0 || layer === (layers[i - 1] ?? 0) + 1);
  if (joined) return `${names[0]} to ${names.at(-1)}`;
  return names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : (names[0] ?? "");
}

/** What each loss moves. @param {Net} net @returns {string[]} */
function losses(net) {
  const all = net.layers.map((_, i) => i);
  const last = all.length - 1;
  const frozen = all.filter((i) => net.layers[i]?.frozen);
  const own = all.filter((i) => net.layers[i]?.reach === i && !net.layers[i]?.frozen);
  const far = all.filter((i) => (net.layers[i]?.reach ?? i) < i);
  if (last > 0 && far.length === 1 && far[0] === last && net.layers[last]?.reach === 0) {
    return own.length
      ? ["Every layer has a loss; the last one's gradient passes through all layers"]
      : ["One loss at the end; its gradient passes through all layers"];
  }
  const reads = net.layers[0]?.rows ? "gives a score for each class" : "has a goodness";
  if (own.length === all.length) return [`Each layer ${reads} and learns by itself; no gradient passes between layers`];
  const reaching = far.map((i) => {
    const first = net.layers[i]?.reach ?? i;
    return `the loss of L${i + 1} also moves ${named(all.slice(first, i))}`;
  });
  return [
    ...(own.length ? [`${named(own)} ${own.length > 1 ? "learn by themselves" : "learns by itself"}`] : []),
    ...(frozen.length ? [`${named(frozen)} ${frozen.length > 1 ? "stay" : "stays"} as at the start`] : []),
    ...(reaching.length > 3 ? [`${reaching[0]}, and so on up to L${(far.at(-1) ?? 0) + 1}`] : reaching),
  ];
}

/** What the picture says, for those who do not see it. @param {Net} net */
export function netWords(net) {
  const sizes = [net.inputs ?? "?", ...net.layers.map((layer) => layer.words)].join(" → ");
  const held = net.top_down ? "The label is held above the last layer." : "The label is part of the input.";
  const down = net.top_down ? ["Each layer also sees the layer above"] : [];
  return [`${sizes}.`, `${[...losses(net), ...down].join("; ")}.`, ...(net.label ? [held] : [])].join(" ");
}
