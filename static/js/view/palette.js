/** Which colour a thing of the data has. Colours for Plotly are plain hex: it does not know CSS variables. */

import { HEAT, RAMP } from "./ramp.js";

/** @typedef {"light"|"dark"} Theme */

/**
 * Colour of layer `index` of `count`. Hiding a layer recolours no other, so `count` is that of the whole net.
 * @param {Theme} theme
 * @param {number} index from 0
 * @param {number} count
 */
export function layerColour(theme, index, count) {
  return RAMP[theme][count <= 1 ? 24 : Math.round((index * 49) / (count - 1))];
}

/** A channel from 0 to 255 as two hex digits. @param {number} value */
export const hexPair = (value) => Math.round(value).toString(16).padStart(2, "0");

/** @param {string} hex @returns {[number, number, number]} */
function channels(hex) {
  return [parseInt(hex.slice(1, 3), 16), parseInt(hex.slice(3, 5), 16), parseInt(hex.slice(5, 7), 16)];
}

/** `share` of b in a. @param {string} a @param {string} b @param {number} share */
export function mix(a, b, share) {
  const [p, q] = [channels(a), channels(b)];
  return "#" + p.map((v, i) => hexPair(v * (1 - share) + q[i] * share)).join("");
}

/**
 * A layer's colour as text: a third of the text colour in it makes it 5.5:1.
 * @param {string} colour
 * @param {string} text
 */
export const onText = (colour, text) => mix(colour, text, 0.35);

/** Colour and opacity as hex. @param {string} hex @param {number} alpha 0 to 1 */
export const fade = (hex, alpha) => hex + hexPair(alpha * 255);

/**
 * Colour scale of a heat map; one that crosses zero parts there.
 * @param {Theme} theme
 * @param {number} low
 * @param {number} high
 * @param {{surface: string, bad: string}} tokens
 * @returns {[number, string][]}
 */
export function heatScale(theme, low, high, tokens) {
  const heat = HEAT[theme];
  if (low >= 0 || high <= low) return heat.map((colour, i) => [i / (heat.length - 1), colour]);
  if (high <= 0) return [[0, tokens.bad], [1, tokens.surface]]; // prettier-ignore
  const zero = -low / (high - low);
  const above = heat
    .slice(1)
    .map((colour, i) => /** @type {[number, string]} */ ([zero + ((i + 1) / 4) * (1 - zero), colour]));
  return [
    [0, mix(tokens.surface, tokens.bad, Math.min(1, 0.25 + -low / Math.max(-low, high)))],
    [zero, tokens.surface],
    ...above,
  ];
}
