/** How every chart is laid out: colours from the page's tokens, labels at the right end of lines, Plotly's settings. */

import { theme, token } from "./theme.js";

/**
 * @typedef {{
 *   bg: string, surface: string, sunken: string, border: string, control: string, text: string, text2: string,
 *   text3: string, accent: string, bad: string, grid: string, font: string, theme: "light"|"dark"
 * }} Tokens
 */

/** Nothing of Plotly's own chrome, and no upload to its cloud. */
export const CONFIG = {
  displayModeBar: false,
  displaylogo: false,
  showSendToCloud: false,
  plotlyServerURL: "",
  responsive: false, // cards watch their own size, which changes without the window's too
  doubleClick: false, // we reset the zoom of all charts together
  showTips: false,
};

export const MARGIN = { l: 40, r: 30, t: 10, b: 26, pad: 0 };
const LABEL_HEIGHT = 13; // px between two end labels

/** The page's colours as hex, which is all that Plotly understands. @returns {Tokens} */
export function readTokens() {
  const names = /** @type {const} */ ([
    "bg",
    "surface",
    "sunken",
    "border",
    "control",
    "text",
    "text2",
    "text3",
    "accent",
    "bad",
    "grid",
  ]);
  const colours = /** @type {any} */ (Object.fromEntries(names.map((name) => [name, token(`--${name}`)])));
  return { ...colours, font: getComputedStyle(document.body).fontFamily, theme: theme() };
}

/** Names are user text, and Plotly reads pseudo-HTML in any text. @param {string} text */
export const escapeText = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

const coarse = () => matchMedia("(pointer: coarse)").matches;

/**
 * @param {Tokens} tokens
 * @param {{xaxis?: object, yaxis?: object, margin?: object, [key: string]: any}} own what this chart adds
 */
export function layout(tokens, own = {}) {
  const font = { family: tokens.font, size: 11, color: tokens.text3 };
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font,
    showlegend: false,
    dragmode: coarse() ? false : "zoom", // else a finger could not scroll the page over a chart
    hovermode: "x unified",
    hoverdistance: 40,
    spikedistance: -1,
    hoverlabel: {
      bgcolor: tokens.surface,
      bordercolor: tokens.border,
      font: { ...font, color: tokens.text },
      namelength: -1,
    },
    ...own,
    margin: { ...MARGIN, ...own.margin },
    xaxis: {
      showgrid: false,
      zeroline: false,
      showline: true,
      linecolor: tokens.border,
      ticks: "outside",
      ticklen: 4,
      tickcolor: tokens.border,
      nticks: 7,
      tickformat: "~s",
      showspikes: true,
      spikemode: "across",
      spikethickness: 1,
      spikedash: "solid",
      spikecolor: tokens.control,
      ...own.xaxis,
    },
    yaxis: {
      gridcolor: tokens.grid,
      gridwidth: 1,
      zeroline: false,
      showline: false,
      ticks: "",
      ticklabelstandoff: 4,
      nticks: 5,
      fixedrange: true,
      automargin: false,
      ...own.yaxis,
    },
  };
}

/**
 * Where to write the names of lines so that none covers another: their ends, pushed apart and kept inside.
 * @param {number[]} at positions in px from the top
 * @param {number} height px
 * @param {number} [gap]
 * @returns {number[]} in the order given
 */
export function spread(at, height, gap = LABEL_HEIGHT) {
  const order = at.map((y, i) => ({ y, i })).sort((a, b) => a.y - b.y);
  const fits = Math.min(gap, height / Math.max(1, order.length));
  for (let pass = 0; pass < 60; pass++) {
    for (let k = 1; k < order.length; k++) {
      const lack = fits - (order[k].y - order[k - 1].y);
      if (lack <= 0) continue;
      order[k].y += lack / 2;
      order[k - 1].y -= lack / 2;
    }
  }
  let top = fits / 2;
  for (const item of order) top = (item.y = Math.max(item.y, top)) + fits;
  let bottom = height - fits / 2;
  for (const item of order.reverse()) bottom = (item.y = Math.min(item.y, bottom)) - fits;
  /** @type {number[]} */ const out = [];
  for (const item of order) out[item.i] = item.y;
  return out;
}

/**
 * Annotations that name lines at their right end.
 * @param {{text: string, y: number, colour: string}[]} ends y as a share of the plot's height, 0 at the bottom
 * @param {number} height of the plot in px, margins left out
 */
export function endLabels(ends, height) {
  const at = spread(ends.map((end) => (1 - end.y) * height), height); // prettier-ignore
  return ends.map((end, i) => ({
    text: escapeText(end.text),
    x: 1,
    xref: "paper",
    xanchor: "left",
    xshift: 4,
    y: 1 - at[i] / height,
    yref: "paper",
    yanchor: "middle",
    showarrow: false,
    font: { size: 11, color: end.colour },
  }));
}

/**
 * A y range with a little room, and whether it begins at 0.
 * @param {{y: ArrayLike<number>}[]} lines
 * @param {{
 *   fromZero?: boolean, tail?: boolean, also?: number[], most?: number, log?: boolean
 * }} [options] `tail`: leave out the steep beginning of a curve that settles far from 0 (accuracies); `most`: never
 *   beyond this
 * @returns {[number, number]|null} null if there is nothing to show
 */
export function yRange(lines, options = {}) {
  /** @type {number[]} */ const all = [];
  for (const { y } of lines)
    for (let i = 0; i < y.length; i++) if (Number.isFinite(y[i]) && (!options.log || y[i] > 0)) all.push(y[i]);
  if (!all.length) return null;
  for (const value of options.also ?? []) all.push(value);
  let low = Infinity;
  let high = -Infinity;
  for (const value of all) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (options.log) return [Math.log10(low) - 0.05, Math.log10(high) + 0.05];
  if (options.fromZero) low = Math.min(0, low);
  else if (options.tail) low = settled(all, low, high);
  const room = (high - low || Math.abs(high) || 1) * 0.05;
  const top = Math.min(options.most ?? Infinity, high + room);
  return [low === 0 ? 0 : low - (options.tail ? 0 : room), top];
}

/**
 * A round number below where the values have settled, or the least value if they have not.
 * @param {number[]} all
 * @param {number} low
 * @param {number} high
 */
function settled(all, low, high) {
  const sorted = Float64Array.from(all).sort();
  const tenth = sorted[Math.floor(sorted.length * 0.1)];
  const from = tenth - Math.max(high - tenth, 0.5);
  const step = high - from > 40 ? 20 : high - from > 10 ? 5 : 1;
  return Math.max(Math.floor(low / step) * step, Math.floor(from / step) * step, 0);
}

/**
 * Height of the drawing area of `element` in px.
 * @param {HTMLElement} element
 * @param {{t: number, b: number}} margin
 */
export const plotHeight = (element, margin = MARGIN) => Math.max(40, element.clientHeight - margin.t - margin.b);

/**
 * Axes with a sentence in their middle, of the height that the chart will have.
 * @param {Tokens} tokens
 * @param {string} text
 */
export function emptyPicture(tokens, text) {
  const words = {
    text: escapeText(text),
    x: 0.5,
    xref: "paper",
    y: 0.5,
    yref: "paper",
    showarrow: false,
    font: { size: 12, color: tokens.text3 },
  };
  const axis = {
    range: [0, 1],
    autorange: false,
    showticklabels: false,
    fixedrange: true,
    ticks: "",
    showspikes: false,
    showgrid: false,
  };
  return {
    traces: [{ type: "scatter", x: [], y: [] }],
    layout: layout(tokens, { xaxis: axis, yaxis: axis, annotations: [words] }),
  };
}

/** What a saved picture is drawn with, whatever the theme of the page. @type {Omit<Tokens, "font">} */
export const PAPER = {
  theme: "light",
  bg: "#ffffff",
  surface: "#ffffff",
  sunken: "#eef1f4",
  border: "#dde2e8",
  control: "#7d8796",
  text: "#1b212a",
  text2: "#475160",
  text3: "#5f6977",
  accent: "#2a5bd7",
  bad: "#b3261e",
  grid: "#e6eaef",
};
