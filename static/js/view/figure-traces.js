/** Charts that come from figures and results rather than from series: separation histograms, bars of time. */

import { percent, THIN } from "./format.js";
import { fade, layerColour } from "./palette.js";
import { layout } from "./plot.js";

/** @typedef {import("./plot.js").Tokens} Tokens */
/**
 * @typedef {{
 *   layer: number, edges: number[], right: number[], wrong: number[], theta: number|null, ordered: number|null
 * }} Separation
 */
/**
 * @typedef {{
 *   id: string, title: string, what: string, rows: "per_layer"|"per_epoch", label: string, values: [string, string][],
 *   unit: string
 * }} BarsEntry
 */
/** @typedef {import("./traces.js").Picture} Picture */

/** @param {number[]} counts */
const peak = (counts) => counts.reduce((best, count, i) => (count > counts[best] ? i : best), 0);

/**
 * Goodness of test images under their right and a wrong label. Heights are roots of counts: the wrong labels' spike
 * near 0 would flatten all else.
 * @param {Separation} figure
 * @param {{tokens: Tokens, layers: number}} scene
 * @returns {Picture}
 */
export function separationChart(figure, { tokens, layers }) {
  const colour = layerColour(tokens.theme, figure.layer - 1, layers);
  const outline = (/** @type {number[]} */ counts, /** @type {string} */ name, /** @type {boolean} */ solid) => ({
    type: "scatter",
    mode: "lines",
    name,
    x: figure.edges,
    y: [...counts, counts[counts.length - 1] ?? 0].map(Math.sqrt),
    text: [...counts, 0].map(String),
    line: { shape: "hv", color: colour, width: solid ? 1.75 : 1.5, dash: solid ? "solid" : "4px,3px" },
    fill: "tozeroy",
    fillcolor: fade(colour, solid ? 0.25 : 0.11),
    hovertemplate: `%{text} ${name}s<extra></extra>`,
  });
  const top = Math.sqrt(Math.max(...figure.right, ...figure.wrong, 1));
  const [low, high] = [figure.edges[0], figure.edges[figure.edges.length - 1]];
  const mark = (/** @type {number[]} */ counts, /** @type {string} */ text, /** @type {boolean} */ solid) => {
    const at = peak(counts);
    const x = (figure.edges[at] + figure.edges[at + 1]) / 2;
    const left = x < low + 0.25 * (high - low);
    return {
      text,
      x,
      y: Math.sqrt(counts[at]),
      xanchor: left ? "left" : x > high - 0.2 * (high - low) ? "right" : "center",
      xshift: left && !solid ? 10 : 0,
      yanchor: "bottom",
      showarrow: false,
      font: { size: 11, color: tokens.text2 },
    };
  };
  const named = [mark(figure.wrong, "wrong label", false), mark(figure.right, "right label", true)];
  const inside = figure.theta !== null && figure.theta >= low && figure.theta <= high;
  return {
    traces: [outline(figure.wrong, "wrong label", false), outline(figure.right, "right label", true)],
    layout: layout(tokens, {
      margin: { l: 14, r: 14, t: inside ? 16 : 10 },
      hovermode: "closest",
      dragmode: false,
      xaxis: { fixedrange: true, range: [low, high], tickformat: "", showspikes: false, nticks: 6 },
      yaxis: { range: [0, top * 1.16], showgrid: false, showticklabels: false },
      shapes: inside
        ? [
            {
              type: "line",
              x0: figure.theta,
              x1: figure.theta,
              yref: "paper",
              y0: 0,
              y1: 1,
              line: { color: tokens.text2, width: 1, dash: "1.5px,3px" },
            },
          ]
        : [],
      annotations: [
        ...named,
        ...(inside
          ? [
              {
                text: "θ",
                x: figure.theta,
                yref: "paper",
                y: 1,
                yanchor: "bottom",
                showarrow: false,
                font: { size: 11, color: tokens.text2 },
              },
            ]
          : []),
      ],
    }),
    what: `L${figure.layer}, test`,
    layerOfTrace: [null, null],
    drawn: [],
    scale: { by: 1, unit: "" },
  };
}

/**
 * Paired bars: the first value strong, the second light, as the seeds drew end-to-end and compute time.
 * @param {BarsEntry} entry
 * @param {Record<string, any>[]} rows of result.json
 * @param {{tokens: Tokens, layers: number}} scene
 * @returns {Picture}
 */
export function barsChart(entry, rows, { tokens, layers }) {
  const layered = entry.rows === "per_layer";
  const colours = rows.map((row) => (layered ? layerColour(tokens.theme, row.index - 1, layers) : tokens.accent));
  const fields = entry.values.filter(([field]) => rows.some((row) => row[field] != null));
  const most = Math.max(0, ...rows.flatMap((row) => fields.map(([field]) => row[field] ?? 0)));
  const by = most < 1 ? 1000 : 1;
  const unit = by === 1 ? "s" : "ms";
  const wide = rows.length > 24;
  const named = fields.map(([, words], i) => (fields.length > 1 ? `${words} ${i ? "light" : "strong"}` : words));
  const traces = fields.map(([field, words], i) => ({
    type: "bar",
    name: words,
    x: rows.map((row) => (layered ? `L${row.index}` : row[entry.label])),
    y: rows.map((row) => (row[field] ?? 0) * by),
    marker: {
      color: colours.map((colour) => (i ? fade(colour, 0.32) : colour)),
      line: { width: wide ? 0 : 1, color: colours },
    },
    hovertemplate: `%{y:.3~g}${THIN}${unit}`,
  }));
  return {
    traces,
    layout: layout(tokens, {
      barmode: "group",
      bargap: wide ? 0.1 : 0.4,
      margin: { r: 14 },
      xaxis: {
        ...(layered ? { type: "category" } : {}),
        tickformat: "",
        showspikes: false,
        fixedrange: true,
        nticks: 8,
      },
      yaxis: { rangemode: "tozero" },
    }),
    what: `${unit} · ${named.join(", ")}`,
    layerOfTrace: traces.map(() => null),
    drawn: [],
    scale: { by: 1, unit },
  };
}

/** Share of pairs in the right order, for the header. @param {Separation} figure */
export const orderText = (figure) =>
  figure.ordered == null ? null : { words: "right order", text: percent(figure.ordered) };
