/** What Plotly gets for each kind of chart: traces, layout, and the words about them. No DOM here. */

import { columns, interpolate } from "../data/decimate.js";
import { layerOf } from "../data/lines.js";
import { number, percent, quantity, short, THIN } from "./format.js";
import { fade, heatScale, layerColour, onText } from "./palette.js";
import { endLabels, escapeText, layout, yRange } from "./plot.js";

/** @typedef {{glob: string, label: string, style: "solid"|"dashed"|"thin"|"area"}} SeriesEntry */
/** @typedef {{glob: string, how: "last"|"best"|"least"|"mean"|"highest", words: string}} NowEntry */
/**
 * @typedef {{
 *   id: string, title: string, what: string, series: SeriesEntry[], unit: string, kind: string, width: number,
 *   now: NowEntry|null, theta: boolean, from_zero: boolean, more: boolean
 * }} ChartEntry
 */
/** @typedef {import("../data/lines.js").Lines} Lines */
/** @typedef {import("./plot.js").Tokens} Tokens */
/**
 * @typedef {{
 *   lines: Lines, tokens: Tokens, layers: number, theta: number|(number|null)[]|null, points: number, height: number,
 *   runId: string
 * }} Scene
 */
/**
 * @typedef {{
 *   layer: number|null, label: string, colour: string, x: number[], y: number[], style: SeriesEntry["style"]
 * }} Drawn
 */
/**
 * @typedef {{
 *   traces: object[], layout: any, what: string, layerOfTrace: (number|null)[], drawn: Drawn[], scale: Scale
 * }} Picture
 */
/**
 * What a value is multiplied by before it is drawn, and the unit it then has.
 * @typedef {{by: number, unit: string}} Scale
 */

export const MANY = 8; // beyond it a line has no name of its own at its end, and maps take the place of lines

/** @param {ChartEntry} chart @param {Lines} lines */
export const seriesOf = (chart, lines) =>
  chart.series.flatMap((entry) => lines.names(entry.glob).map((name) => ({ entry, name })));

/** How the axis counts: per cent, MB or GB, plain. @param {string} unit @param {number} most @returns {Scale} */
export function scaleOf(unit, most) {
  if (unit === "fraction") return { by: 100, unit: "%" };
  if (unit === "s") return most < 1 ? { by: 1000, unit: "ms" } : { by: 1, unit: "s" };
  if (unit !== "B" && unit !== "J") return { by: 1, unit };
  const power = most >= 1e9 ? 3 : most >= 1e6 ? 2 : most >= 1e3 ? 1 : 0;
  return { by: 1000 ** -power, unit: ["", "k", "M", "G"][power] + unit };
}

/**
 * @param {Scene} scene
 * @param {number|null} layer
 * @param {SeriesEntry} entry
 * @param {number} place among the chart's plain lines
 */
function colourOf(scene, layer, entry, place) {
  if (layer !== null) return layerColour(scene.tokens.theme, layer - 1, scene.layers);
  return place === 0 && entry.style !== "thin" ? scene.tokens.accent : scene.tokens.text2;
}

/** @param {ChartEntry} chart @param {Scene} scene @returns {Drawn[]} */
function drawnLines(chart, scene) {
  const { hidden } = scene.lines.state;
  let place = 0;
  return seriesOf(chart, scene.lines).flatMap(({ entry, name }) => {
    const layer = layerOf(name);
    if (layer !== null && hidden.has(layer)) return [];
    const label = layer === null ? entry.label : `L${layer}${entry.label ? ` ${entry.label}` : ""}`;
    const colour = colourOf(scene, layer, entry, layer === null ? place++ : 0);
    return [{ layer, label, colour, style: entry.style, ...scene.lines.line(name, scene.points) }];
  });
}

/** @param {Drawn[]} drawn */
function highest(drawn) {
  let most = 0;
  for (const { y } of drawn) for (const value of y) if (Math.abs(value) > most) most = Math.abs(value);
  return most;
}

const DASH = { solid: "solid", area: "solid", thin: "solid", dashed: "6px,3px" };

/** @param {Drawn} line @param {Scene} scene @param {Scale} scale */
function lineTrace(line, scene, scale) {
  const { focus } = scene.lines.state;
  const dim = focus !== null && line.layer !== null && line.layer !== focus;
  const many = scene.layers > MANY && line.layer !== null;
  const plain = many ? 1.25 : { solid: 1.75, area: 1.75, dashed: 1.5, thin: 1 }[line.style];
  const focused = focus !== null && line.layer === focus;
  return {
    type: "scatter",
    mode: line.y.length === 1 ? "markers" : "lines",
    x: line.x,
    y: scale.by === 1 ? line.y : line.y.map((value) => value * scale.by),
    name: escapeText(line.label),
    opacity: dim ? 0.15 : 1,
    line: { color: line.colour, width: focused ? 2.5 : plain, dash: DASH[line.style], simplify: false },
    marker: { color: line.colour, size: 6 },
    connectgaps: false,
    ...(line.style === "area" ? { fill: "tozeroy", fillcolor: fade(line.colour, 0.1) } : {}),
    hovertemplate: `%{y:.4~g}${line.label ? "" : "<extra></extra>"}`,
  };
}

/** θ as one number for all layers, or that of the focused layer. @param {Scene} scene @returns {number|null} */
export function thetaOf(scene) {
  if (!Array.isArray(scene.theta)) return scene.theta;
  const same = scene.theta.every((value) => value === /** @type {any[]} */ (scene.theta)[0]);
  if (same) return scene.theta[0] ?? null;
  const { focus } = scene.lines.state;
  return focus === null ? null : (scene.theta[focus - 1] ?? null);
}

/** @param {number} theta @param {Tokens} tokens */
function thetaMarks(theta, tokens) {
  return {
    shapes: [
      {
        type: "line",
        xref: "paper",
        x0: 0,
        x1: 1,
        y0: theta,
        y1: theta,
        line: { color: tokens.text2, width: 1, dash: "1.5px,3px" },
      },
    ],
    annotations: [
      {
        text: `threshold θ = ${Number.isInteger(theta) ? theta.toFixed(1) : short(theta)}`,
        xref: "paper",
        x: 1,
        xanchor: "right",
        xshift: -4,
        y: theta,
        yanchor: "bottom",
        showarrow: false,
        font: { size: 11, color: tokens.text2 },
      },
    ],
  };
}

/**
 * @param {Drawn[]} drawn
 * @param {Scene} scene
 * @param {[number, number]} range
 * @param {(value: number) => number} place a value on the axis
 */
function labels(drawn, scene, range, place) {
  const lone = drawn.length === 1; // the card's title names it
  const named = drawn.filter(
    (line) =>
      line.label &&
      (line.layer === null
        ? !lone
        : scene.layers <= MANY || line.layer === scene.lines.state.focus || edge(line.layer, drawn)),
  );
  const window = scene.lines.window();
  const ends = named.flatMap((line) => {
    const last = window ? interpolate(line.x, line.y, window[1]) : line.y.findLast((value) => Number.isFinite(value));
    const { tokens } = scene;
    if (last === undefined || !Number.isFinite(last)) return [];
    const y = (place(last) - range[0]) / (range[1] - range[0]);
    const colour = line.layer === null ? line.colour : onText(line.colour, tokens.text);
    return [{ text: line.label, y: Math.min(1, Math.max(0, y)), colour }];
  });
  return endLabels(ends, scene.height);
}

/**
 * With many layers only the first, the last and the one in focus have a name at their end.
 * @param {number} layer
 * @param {Drawn[]} drawn
 */
function edge(layer, drawn) {
  const shown = drawn.map((line) => line.layer ?? 0);
  return layer === Math.min(...shown) || layer === Math.max(...shown);
}

/** @param {Scene} scene */
function xAxis(scene) {
  const window = scene.lines.window();
  const { axis } = scene.lines.state;
  const { suffix } = scene.lines.unit();
  const range = window ? { range: window, autorange: false } : { autorange: true };
  const words = { epoch: "epoch %{x:.2~f}", step: "step %{x:,d}", time: `%{x:.4~g}${suffix}` }[axis];
  return {
    ...range,
    tickformat: axis === "step" ? "~s" : "~g",
    ticksuffix: suffix,
    showticksuffix: "last",
    unifiedhovertitle: { text: words },
  };
}

/** @param {ChartEntry} chart @param {Scale} scale @param {number} low */
function whatText(chart, scale, low) {
  const unit = scale.unit && !["img/s", "windows/s"].includes(scale.unit) ? scale.unit : "";
  const from = low > 0 && scale.unit === "%" ? `from ${number(low)}` : "";
  return [[unit, from].filter(Boolean).join(", "), chart.what].filter(Boolean).join(" · ");
}

/** @param {ChartEntry} chart @param {Scene} scene @returns {Picture} */
export function lineChart(chart, scene) {
  const drawn = drawnLines(chart, scene);
  const scale = scaleOf(chart.unit, highest(drawn));
  const log = scene.lines.state.logs.has(chart.id);
  const theta = chart.theta && !log ? thetaOf(scene) : null;
  const scaled = drawn.map((line) => ({ y: line.y.map((value) => value * scale.by) }));
  const range = yRange(scaled, {
    fromZero: chart.from_zero,
    tail: chart.unit === "fraction" && !scene.lines.state.zoom,
    most: chart.unit === "fraction" ? 100.5 : Infinity,
    also: theta === null ? [] : [theta],
    log,
  });
  const marks = theta === null ? { shapes: [], annotations: [] } : thetaMarks(theta, scene.tokens);
  const place = (/** @type {number} */ value) => (log ? Math.log10(value * scale.by) : value * scale.by);
  const names = range ? labels(drawn, scene, range, place) : [];
  const longest = Math.max(0, ...names.map((label) => label.text.length));
  const si =
    scale.unit === "img/s" || scale.unit === "windows/s" || (scale.unit === "" && range !== null && range[1] >= 10_000);
  return {
    traces: drawn.map((line) => lineTrace(line, scene, scale)),
    layout: layout(scene.tokens, {
      uirevision: scene.runId,
      hovermode: drawn.length > 2 * MANY ? "closest" : "x unified",
      margin: { r: names.length ? 16 + 6.4 * longest : 16 },
      xaxis: xAxis(scene),
      yaxis: {
        ...(range ? { range, autorange: false } : {}),
        type: log ? "log" : "linear",
        ...(si ? { tickformat: "~s" } : {}),
      },
      shapes: marks.shapes,
      annotations: [...marks.annotations, ...names],
    }),
    what: whatText(chart, scale, range && !log ? range[0] : 0),
    layerOfTrace: drawn.map((line) => line.layer),
    drawn,
    scale,
  };
}

const COLUMNS = 240; // of a heat map

/**
 * Rows = layers, x = progress: what reads when there are too many lines.
 * @param {ChartEntry} chart
 * @param {Scene} scene
 * @returns {Picture}
 */
export function heatChart(chart, scene) {
  const drawn = drawnLines(chart, { ...scene, points: 2 * COLUMNS });
  const xs = drawn.flatMap((line) => [line.x[0], line.x[line.x.length - 1]]).filter(Number.isFinite);
  const [low, high] = scene.lines.window() ?? [Math.min(...xs), Math.max(...xs)];
  const scale = scaleOf(chart.unit, highest(drawn));
  const z = drawn.map((line) =>
    columns(line, low, high, COLUMNS).map((value) => (value === null ? null : value * scale.by)),
  );
  const flat = z.flat().filter((value) => value !== null);
  const range = yRange([{ y: /** @type {number[]} */ (flat) }], { tail: chart.unit === "fraction" }) ?? [0, 1];
  const [least, most] = chart.unit === "fraction" ? range : [Math.min(...flat, 0), Math.max(...flat)];
  return {
    traces: [
      {
        type: "heatmap",
        x: Array.from({ length: COLUMNS }, (_, i) => low + ((i + 0.5) / COLUMNS) * (high - low)),
        y: drawn.map((line) => `L${line.layer}`),
        z,
        zmin: least,
        zmax: most,
        colorscale: heatScale(scene.tokens.theme, least, most, scene.tokens),
        colorbar: {
          thickness: 6,
          len: 1,
          outlinewidth: 0,
          ticks: "",
          nticks: 4,
          xpad: 8,
          ypad: 4,
          tickfont: { size: 11, color: scene.tokens.text3 },
        },
        hovertemplate: `%{y}: %{z:+.3~g}<extra></extra>`.replace("+", chart.unit === "fraction" ? "" : "+"),
      },
    ],
    layout: layout(scene.tokens, {
      uirevision: scene.runId,
      hovermode: "closest",
      margin: { r: 8 },
      xaxis: { ...xAxis(scene), showspikes: false },
      yaxis: { autorange: "reversed", type: "category", nticks: 6, showgrid: false },
    }),
    what: whatText(chart, scale, 0),
    layerOfTrace: [null],
    drawn,
    scale,
  };
}

const SHADES = [1, 0.72, 0.45, 0.2]; // of a layer's colour, for the parts of its bar

/**
 * Last values stacked, one bar a layer in the layer's own colour, the parts by shade.
 * @param {ChartEntry} chart
 * @param {Scene} scene
 * @returns {Picture}
 */
export function layerBars(chart, scene) {
  const { lines, tokens } = scene;
  const parts = chart.series
    .map((entry) => ({ label: entry.label, names: lines.names(entry.glob) }))
    .filter((part) => part.names.length);
  const all = [...new Set(parts.flatMap((part) => part.names.map((name) => layerOf(name) ?? 0)))].sort((a, b) => a - b);
  const value = (/** @type {string[]} */ names, /** @type {number} */ layer) => {
    const name = names.find((candidate) => layerOf(candidate) === layer);
    return (name && lines.told(name)) || 0;
  };
  const sums = all.map((layer) => parts.reduce((sum, part) => sum + value(part.names, layer), 0));
  const scale = scaleOf(chart.unit, Math.max(0, ...sums));
  const colours = all.map((layer) => layerColour(tokens.theme, layer - 1, scene.layers));
  const traces = parts.map((part, i) => ({
    type: "bar",
    name: part.label,
    x: all.map((layer) => `L${layer}`),
    y: all.map((layer) => value(part.names, layer) * scale.by),
    marker: {
      color: colours.map((colour) => fade(colour, SHADES[i % SHADES.length])),
      line: { width: all.length > MANY ? 0 : 1, color: colours },
    },
    hovertemplate: `%{y:.3~g}${THIN}${scale.unit}`,
  }));
  return {
    traces,
    layout: layout(tokens, {
      barmode: "stack",
      bargap: all.length > MANY ? 0.1 : 0.5,
      margin: { r: 14 },
      xaxis: { type: "category", tickformat: "", nticks: 8, showspikes: false, fixedrange: true },
      yaxis: { rangemode: "tozero" },
    }),
    what: [scale.unit, parts.length > 1 ? `from below: ${parts.map((part) => part.label).join(", ")}` : chart.what]
      .filter(Boolean)
      .join(" · "),
    layerOfTrace: traces.map(() => null),
    drawn: [],
    scale,
  };
}
