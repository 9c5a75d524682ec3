/** The net of the form's preview: boxes in layer colours, what each learns from, and where no gradient passes. */
import { geometry, netWords } from "./net-geometry.js";
import { layerColour } from "./palette.js";
import { svg } from "./svg.js";
import { theme } from "./theme.js";

/** @typedef {import("./net-geometry.js").Net} Net */
/** @typedef {import("./net-geometry.js").Box} Box */

const ROOM = 8; // between two boxes, for the bars that say that no gradient passes

/** @param {number} x @param {number} y @param {string} words @param {string} kind */
const text = (x, y, words, kind = "") => svg("text", { x, y, "text-anchor": "middle", class: kind }, words);

/** @param {Box} box */
const centre = (box) => box.x + box.w / 2;

/** The bundle of weights between two boxes. @param {Box} a @param {Box} b */
function weights(a, b) {
  const points = [[a.x + a.w, a.y], [b.x, b.y], [b.x, b.y + b.h], [a.x + a.w, a.y + a.h]]; // prettier-ignore
  return svg("polygon", { points: points.map((p) => p.join(",")).join(" "), fill: "var(--well)" });
}

/** @param {Box} box @param {string} stroke */
function unit(box, stroke) {
  return svg("rect", { x: box.x, y: box.y, width: box.w, height: box.h, rx: 3, fill: "var(--surface)", stroke, "stroke-width": 1.5 });
}

/** An arrow from (x, y) by dy. @param {number} x @param {number} y @param {number} dy @param {string} stroke @param {boolean} dashed */
function arrow(x, y, dy, stroke, dashed) {
  const end = y + dy;
  const back = dy < 0 ? 4 : -4;
  /** @type {Record<string, string | number>} */
  const line = { d: `M${x} ${y}V${end}`, stroke, "stroke-width": 1.5, fill: "none" };
  if (dashed) line["stroke-dasharray"] = "3 2";
  return [svg("path", line), svg("path", { d: `M${x - 3} ${end + back}L${x} ${end}L${x + 3} ${end + back}`, stroke, "stroke-width": 1.5, fill: "none" })];
}

/**
 * Positive data pushed up and negative data down; with a θ between them where the objective has one.
 * @param {number} x
 * @param {string} stroke
 * @param {{theta: boolean, words: boolean}} show
 */
function gauge(x, stroke, { theta, words }) {
  const line = svg("path", { d: `M${x - 16} 26H${x + 16}`, stroke: "var(--text2)", "stroke-dasharray": "1.5 3", fill: "none" });
  const arrows = [...arrow(x - 6, 24, -14, stroke, false), ...arrow(x + 6, 28, 14, stroke, true)];
  const signs = words ? [text(x - 16, 18, "+"), text(x + 17, 41, "−")] : [];
  return [...arrows, ...signs, ...(theta ? [line] : []), ...(theta && words ? [text(x + 23, 29, "θ")] : [])];
}

/** A score a class; the true one is filled. @param {number} x @param {string} stroke @param {number | null} classes */
function classRow(x, stroke, classes) {
  const n = Math.min(classes ?? 10, 10);
  return Array.from({ length: n }, (_, i) =>
    svg("rect", { x: x - n * 2 + i * 4, y: 30, width: 3, height: 12, rx: 1, fill: i === 3 ? stroke : "none", stroke, "stroke-width": 0.75 }),
  );
}

/** @param {Box} a @param {Box} b @param {boolean} words */
function noGradient(a, b, words) {
  const x = (a.x + a.w + b.x) / 2;
  const y = a.y + a.h / 2;
  const bars = svg("path", { d: `M${x - 2.5} ${y - 12}v16M${x + 2.5} ${y - 12}v16`, stroke: "var(--text2)", "stroke-width": 1.5, fill: "none" });
  return words ? [bars, text(x, y + 18, "no gradient")] : [bars];
}

/** Backprop: one loss at the end, and its way back through all layers. @param {Box} from @param {Box} to */
function wayBack(from, to) {
  const [a, b] = [centre(from), centre(to)];
  return [
    text(a, 28, "loss", "k"),
    svg("path", { d: `M${a} 34v8H${b}v6`, stroke: "var(--text2)", "stroke-width": 1.5, fill: "none" }),
    svg("path", { d: `M${b - 3} 44L${b} 48L${b + 3} 44`, stroke: "var(--text2)", "stroke-width": 1.5, fill: "none" }),
  ];
}

/** @param {Net} net @returns {SVGSVGElement} */
export function drawNet(net) {
  const g = geometry(net);
  const boxes = [g.input, ...g.layers];
  const local = net.scope !== "whole";
  const last = g.layers.length - 1;
  const root = svg("svg", { viewBox: `0 0 ${g.width} ${g.height}`, role: "img", "aria-label": netWords(net) });
  boxes.slice(1).forEach((b, i) => root.append(weights(/** @type {Box} */ (boxes[i]), b)));
  root.append(unit(g.input, "var(--control)"), text(centre(g.input), g.height - 16, String(net.inputs ?? "?"), "k"));
  if (net.shape) root.append(text(centre(g.input), g.height - 3, net.shape));
  if (net.label) {
    root.append(svg("rect", { x: g.input.x + 2, y: g.input.y + 2, width: g.input.w - 4, height: 10, rx: 1.5, fill: "var(--text2)" }));
    root.append(text(centre(g.input), g.input.y - 6, "label"));
  }
  g.layers.forEach((b, i) => {
    const colour = layerColour(theme(), i, g.layers.length);
    const named = !g.dense || i === 0 || i === last;
    root.append(unit(b, colour));
    if (named) root.append(text(centre(b), g.height - 16, String(b.units), "k"), text(centre(b), g.height - 3, `L${i + 1}`));
    const words = g.layers.length <= 3;
    const before = /** @type {Box} */ (boxes[i]);
    if (local && named) root.append(...(net.rows ? classRow(centre(b), colour, net.classes) : gauge(centre(b), colour, { theta: net.theta, words })));
    if (local && i > 0 && b.x - before.x - before.w >= ROOM) root.append(...noGradient(before, b, words));
  });
  const end = g.layers[last];
  if (!local && end) root.append(...wayBack(end, g.layers[0] ?? g.input));
  return root;
}

