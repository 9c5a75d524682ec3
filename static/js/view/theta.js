/** The little picture beside θ: what the threshold loss costs a positive and a negative, by their goodness. */
import { svg } from "./svg.js";

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [296, 104, 34, 286, 14, 84];
const POINTS = 48;

/** ln(1 + eᵘ) without overflow. @param {number} u */
export const softplus = (u) => Math.max(u, 0) + Math.log1p(Math.exp(-Math.abs(u)));

/**
 * Losses of a positive and of a negative over goodness, θ in the middle.
 * @param {number} theta
 * @param {number} slope
 * @returns {{from: number, to: number, most: number, positive: number[], negative: number[]}}
 */
export function curves(theta, slope) {
  const half = Math.max(Math.abs(theta), 4 / slope);
  const at = Array.from({ length: POINTS + 1 }, (_, i) => theta - half + (2 * half * i) / POINTS);
  const positive = at.map((g) => softplus(slope * (theta - g)));
  const negative = at.map((g) => softplus(slope * (g - theta)));
  return { from: theta - half, to: theta + half, most: Math.max(...positive), positive, negative };
}

/** @param {number[]} values @param {number} most */
function path(values, most) {
  const x = (/** @type {number} */ i) => LEFT + ((RIGHT - LEFT) * i) / POINTS;
  const y = (/** @type {number} */ v) => BOTTOM - ((BOTTOM - TOP) * v) / most;
  return values.map((v, i) => `${i ? "L" : "M"}${x(i).toFixed(1)} ${y(v).toFixed(1)}`).join("");
}

/** @param {number} value */
const short = (value) => String(Number(value.toPrecision(3))).replace("-", "−");

/**
 * @param {number} theta
 * @param {number} slope
 * @returns {SVGSVGElement}
 */
export function thetaPicture(theta, slope) {
  const c = curves(theta, slope);
  const middle = (LEFT + RIGHT) / 2;
  const words = (/** @type {number} */ x, /** @type {number} */ y, /** @type {string} */ t, anchor = "start") =>
    svg("text", { x, y, "text-anchor": anchor }, t);
  const line = { stroke: "var(--text)", "stroke-width": 1.5, fill: "none" };
  const shown = "Loss by goodness: that of positive data falls, that of negative data rises, they cross at";
  return svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${shown} θ = ${short(theta)}` },
    svg("path", { d: `M${LEFT} ${TOP}V${BOTTOM}H${RIGHT}`, stroke: "var(--control)", fill: "none" }),
    svg("path", {
      d: `M${middle} ${TOP - 6}V${BOTTOM}`,
      stroke: "var(--text2)",
      "stroke-dasharray": "1.5 3",
      fill: "none",
    }),
    svg("path", { d: path(c.positive, c.most), ...line }),
    svg("path", { d: path(c.negative, c.most), ...line, "stroke-dasharray": "5 3" }),
    words(middle + 5, TOP + 1, `θ = ${short(theta)}`),
    words(LEFT + 28, TOP + 8, "positive"),
    words(RIGHT - 42, TOP + 12, "negative", "end"),
    words(0, TOP + 4, "loss"),
    words(LEFT, HEIGHT - 6, short(c.from), "middle"),
    words(RIGHT, HEIGHT - 6, "goodness", "end"),
  );
}
