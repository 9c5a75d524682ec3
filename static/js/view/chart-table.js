/** A chart as a table: at most fifty rows of what is drawn, all its lines. */

import { el } from "./dom.js";
import { number } from "./format.js";
import { interpolate } from "../data/decimate.js";

const ROWS = 50;

/** @param {ArrayLike<number>} values */
function sample(values) {
  const step = Math.max(1, Math.ceil(values.length / ROWS));
  return Array.from(values).filter((_, i) => i % step === 0 || i === values.length - 1);
}

/** @param {string[]} names @param {(string|number)[][]} rows */
function table(names, rows) {
  const head = el(
    "thead",
    {},
    el("tr", {}, ...names.map((name, i) => el("th", { scope: "col", class: i ? "num" : "" }, name))),
  );
  const body = rows.map((row) =>
    el(
      "tr",
      {},
      ...row.map((value, i) =>
        el(i ? "td" : "th", { class: i ? "num" : "" }, typeof value === "number" ? number(value) : value),
      ),
    ),
  );
  return el("table", {}, head, el("tbody", {}, ...body));
}

/** @param {import("./traces.js").Picture} picture */
export function chartTable(picture) {
  const { drawn, traces, scale } = picture;
  if (drawn.length) {
    const longest = drawn.reduce((a, b) => (b.x.length > a.x.length ? b : a));
    const rows = sample(longest.x).map((x) => [x, ...drawn.map((line) => scale.by * interpolate(line.x, line.y, x))]);
    return table(["x", ...drawn.map((line) => line.label || "value")], rows);
  }
  const bars = /** @type {{name: string, x: (string|number)[], y: number[]}[]} */ (traces);
  const rows = sample(bars[0]?.y ?? []).map((_, i) => [
    String(bars[0].x[i]),
    ...bars.map((trace) => trace.y[i] ?? "–"),
  ]);
  return table(["", ...bars.map((trace) => trace.name)], rows);
}
