/** A chart in a sentence, for those who hear it. */

import { number, quantity } from "./format.js";

/** @typedef {import("./traces.js").ChartEntry} ChartEntry */
/** @typedef {import("../data/lines.js").Lines} Lines */

/** @param {number[]} values @param {string} unit */
function range(values, unit) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low === high ? quantity(low, unit) : `${quantity(low, unit)} to ${quantity(high, unit)}`;
}

/**
 * Goodness by layer, epochs 0 to 37. positive 2.8 to 3.4, negative 0.7 to 1.0.
 * @param {ChartEntry} chart
 * @param {Lines} lines
 */
export function summaryOf(chart, lines) {
  const parts = chart.series.flatMap((entry) => {
    const names = lines.names(entry.glob);
    const values = names
      .map((name) => lines.told(name))
      .filter((value) => value !== undefined && Number.isFinite(value));
    if (!values.length) return [];
    const words = { "+": "positive", "−": "negative" }[entry.label] ?? entry.label;
    return [`${words ? `${words} ` : ""}${range(/** @type {number[]} */ (values), chart.unit)}`];
  });
  const steps = chart.series
    .flatMap((entry) => lines.names(entry.glob))
    .map((name) => lines.store.get(name)?.x.at(-1) ?? 0);
  const last = Math.max(0, ...steps);
  if (!parts.length) return `${chart.title}: ${chart.what}. No values yet.`;
  const when = lines.whole ? "In the end" : "Now";
  return `${chart.title}, up to ${lines.state.axis} ${number(lines.shown(last))}. ${when}: ${parts.join(", ")}.`;
}
