/** The net of the form's preview: boxes in layer colours, what each learns from, and where no gradient passes. */
import { MIDDLE, ROOMY, geometry, netWords, passes } from "./net-geometry.js";
import { layerColour } from "./palette.js";
import { svg } from "./svg.js";
import { theme } from "./theme.js";

/** @typedef {import("./net-geometry.js").Net} Net */
/** @typedef {import("./net-geometry.js").Layer} Layer */
/** @typedef {import("./net-geometry.js").Box} Box */

const ROOM = 8; // between two boxes, for the bars that say that no gradient passes
const QUIET = "var(--text2)";

/** @param {number} x @param {number} y @param {string} words @param {string} kind */
const text = (x, y, words, kind = "") => svg("text", { x, y, "text-anchor": "middle", class: kind }, words);

/** @param {string} d @param {string} stroke @param {Record<string, string | number>} [more] */
const line = (d, stroke, more = {}) => svg("path", { d, stroke, "stroke-width": 1.5, fill: "none", ...more });

/** @param {Box} box */
const centre = (box) => box.x + box.w / 2;

/** The bundle of weights between two boxes. @param {Box} a @param {Box} b */
function weights(a, b) {
  const points = [[a.x + a.w, a.y], [b.x, b.y], [b.x, b.y + b.h], [a.x + a.w, a.y + a.h]]; // prettier-ignore
  return svg("polygon", { points: points.map((p) => p.join(",")).join(" "), fill: "var(--well)" });
}

/** @param {Box} box @param {string} stroke @param {Record<string, string | number>} [more] */
function rect(box, stroke, more = {}) {
  return svg("rect", {
    x: box.x,
    y: box.y,
    width: box.w,
    height: box.h,
    rx: 3,
    fill: "var(--surface)",
    stroke,
    "stroke-width": 1.5,
    ...more,
  });
}

/**
 * Lines at equal distances inside a box: tokens lie, places make a grid.
 * @param {Box} b
 * @param {string} stroke
 * @param {boolean} grid
 */
function ruled(b, stroke, grid) {
  const rows = Math.max(2, Math.floor(b.h / 8));
  const across = Array.from({ length: rows - 1 }, (_, i) => `M${b.x} ${b.y + (b.h * (i + 1)) / rows}h${b.w}`);
  const down = grid && b.w >= 8 ? [1, 2].map((i) => `M${b.x + (b.w * i) / 3} ${b.y}v${b.h}`) : [];
  return line([...across, ...down].join(""), stroke, { "stroke-width": 0.75 });
}

/**
 * A layer's box, drawn as what it holds; a frozen one is dashed and dull.
 * @param {Box} b
 * @param {Layer} layer
 * @param {string} stroke
 */
function unit(b, layer, stroke) {
  /** @type {Record<string, string | number>} */
  const look = layer.frozen ? { "stroke-dasharray": "2.5 2.5", fill: "var(--sunken)" } : {};
  const behind =
    layer.form === "maps" && b.w >= 8
      ? [4, 2].map((d) => rect({ ...b, x: b.x + d, y: b.y - d }, stroke, { ...look, "stroke-width": 1 }))
      : [];
  const inside =
    layer.form === "tokens" || layer.form === "places" || layer.form === "input"
      ? [ruled(b, stroke, layer.form !== "tokens")]
      : [];
  return [...behind, rect(b, stroke, look), ...inside];
}

/**
 * An arrow from (x, y) by dy.
 * @param {number} x
 * @param {number} y
 * @param {number} dy
 * @param {string} stroke
 * @param {boolean} dashed
 */
function arrow(x, y, dy, stroke, dashed) {
  const end = y + dy;
  const back = dy < 0 ? 4 : -4;
  return [
    line(`M${x} ${y}V${end}`, stroke, dashed ? { "stroke-dasharray": "3 2" } : {}),
    line(`M${x - 3} ${end + back}L${x} ${end}L${x + 3} ${end + back}`, stroke),
  ];
}

/**
 * Positive data pushed up and negative data down; with a θ between them where the objective has one.
 * @param {number} x
 * @param {string} stroke
 * @param {{theta: boolean, words: boolean}} show
 */
function gauge(x, stroke, { theta, words }) {
  const middle = line(`M${x - 16} 26H${x + 16}`, QUIET, { "stroke-width": 1, "stroke-dasharray": "1.5 3" });
  const arrows = [...arrow(x - 6, 24, -14, stroke, false), ...arrow(x + 6, 28, 14, stroke, true)];
  const signs = words ? [text(x - 16, 18, "+"), text(x + 17, 41, "−")] : [];
  return [...arrows, ...signs, ...(theta ? [middle] : []), ...(theta && words ? [text(x + 23, 29, "θ")] : [])];
}

/** A score a class; the true one is filled. @param {number} x @param {string} stroke @param {number | null} classes */
function classRow(x, stroke, classes) {
  const n = Math.min(classes ?? 10, 10);
  return Array.from({ length: n }, (_, i) =>
    svg("rect", {
      x: x - n * 2 + i * 4,
      y: 30,
      width: 3,
      height: 12,
      rx: 1,
      fill: i === Math.min(3, n - 1) ? stroke : "none",
      stroke,
      "stroke-width": 0.75,
    }),
  );
}

/**
 * What a layer learns from, over its box.
 * @param {number} x
 * @param {number} i
 * @param {Layer} layer
 * @param {string} stroke
 * @param {Net} net
 */
function source(x, i, layer, stroke, net) {
  const words = net.layers.length <= 3;
  if (layer.frozen) return net.layers.length <= ROOMY ? [text(x, 40, "frozen")] : [];
  if (layer.reach === null) return [];
  if (layer.rows && layer.reach < i && net.layers[i - 1]?.reach === null) return [text(x, 36, "loss", "strong")];
  return layer.rows ? classRow(x, stroke, net.classes) : gauge(x, stroke, { theta: layer.theta, words });
}

/** @param {Box} a @param {Box} b @param {boolean} words */
function noGradient(a, b, words) {
  const x = (a.x + a.w + b.x) / 2;
  const y = a.y + a.h / 2;
  const bars = line(`M${x - 2.5} ${y - 12}v16M${x + 2.5} ${y - 12}v16`, QUIET);
  return words ? [bars, text(x, y + 18, "no gradient")] : [bars];
}

/** The way of a loss back to the lowest layer that it moves. @param {Box} from @param {Box} to */
function wayBack(from, to) {
  const [a, b] = [centre(from) - 2, centre(to) + 2];
  return [line(`M${a} 44v2.5H${b}v4`, QUIET), line(`M${b - 3} 47L${b} 51L${b + 3} 47`, QUIET)];
}

/** What a layer tells the one below it. @param {number} from @param {number} to @param {string} stroke */
function topDown(from, to, stroke) {
  const y = MIDDLE + 8;
  return [line(`M${from} ${y}H${to}`, stroke), line(`M${to + 4} ${y - 3}L${to} ${y}L${to + 4} ${y + 3}`, stroke)];
}

/** The label that is held above the last layer. @param {Box} last */
function held(last) {
  const x = last.x + last.w + 18;
  return [
    svg("rect", { x, y: MIDDLE - 14, width: 6, height: 28, rx: 1.5, fill: QUIET }),
    ...topDown(x - 1, last.x + last.w + 3, QUIET),
    text(x + 4, MIDDLE - 20, "label"),
  ];
}

/** The image, and the label in it. @param {Net} net @param {Box} b @param {number} height @param {boolean} dense */
function input(net, b, height, dense) {
  const words = [
    text(centre(b), height - 16, String(net.inputs ?? "?"), "strong"),
    ...(net.shape && !dense ? [text(centre(b), height - 3, net.shape)] : []),
  ];
  const label = [
    svg("rect", { x: b.x + 2, y: b.y + 2, width: b.w - 4, height: 10, rx: 1.5, fill: QUIET }),
    text(centre(b), b.y - 6, "label"),
  ];
  return [rect(b, "var(--control)"), ...words, ...(net.label && !net.top_down ? label : [])];
}

/** @param {Net} net @returns {SVGSVGElement} */
export function drawNet(net) {
  const g = geometry(net);
  const boxes = [g.input, ...g.layers];
  const last = g.layers.length - 1;
  const colour = (/** @type {number} */ i) => layerColour(theme(), i, g.layers.length);
  const root = svg("svg", { viewBox: `0 0 ${g.width} ${g.height}`, role: "img", "aria-label": netWords(net) });
  boxes.slice(1).forEach((b, i) => root.append(weights(/** @type {Box} */ (boxes[i]), b)));
  root.append(...input(net, g.input, g.height, g.dense));
  net.layers.forEach((layer, i) => {
    const b = /** @type {Box} */ (g.layers[i]);
    const before = /** @type {Box} */ (boxes[i]);
    const gap = b.x - before.x - before.w;
    const named = !g.dense || i === 0 || i === last;
    const words = net.layers.length <= ROOMY ? layer.words : layer.short;
    root.append(...unit(b, layer, colour(i)));
    if (named)
      root.append(
        text(centre(b), g.height - 16, words, "strong"),
        text(centre(b), g.height - 3, `L${i + 1}`),
        ...source(centre(b), i, layer, colour(i), net),
      );
    if (i > 0 && gap >= ROOM && !passes(net, i))
      root.append(...noGradient(before, b, net.layers.length <= 3 && !net.top_down));
    if (i > 0 && gap >= ROOM && net.top_down) root.append(...topDown(b.x - 2, before.x + before.w + 2, colour(i)));
    if (layer.reach !== null && layer.reach < i) root.append(...wayBack(b, /** @type {Box} */ (g.layers[layer.reach])));
  });
  const end = g.layers[last];
  if (end && net.top_down && net.label) root.append(...held(end));
  return root;
}
