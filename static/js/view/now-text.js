/** The number in the header of a card. */

import { layerOf } from "../data/lines.js";
import { quantity } from "./format.js";

/** @typedef {import("./traces.js").ChartEntry} ChartEntry */
/** @typedef {import("../data/lines.js").Lines} Lines */

/** What stands before the number of an ended run, by its metric's rule. @type {Record<string, string>} */
const OVER = { last: "at the end", mean: "mean", rate: "over the run", peak: "peak" };

/**
 * Of the moment while a run trains, of the whole run once it has ended, and then it says so.
 * @param {ChartEntry} chart
 * @param {Lines} lines
 * @param {(name: string) => string} over the rule of a metric
 * @returns {{words: string, text: string}|null}
 */
export function nowText(chart, lines, over = () => "last") {
  if (!chart.now) return null;
  const { glob, how, words } = chart.now;
  const names = lines.names(glob);
  const values = names.map((name) => ({ layer: layerOf(name), value: lines.told(name) ?? NaN }));
  if (!values.length) return null;
  const finite = values.filter(({ value }) => Number.isFinite(value));
  const said = (/** @type {number} */ value) => quantity(value, chart.unit);
  if (how === "last" || !finite.length) {
    const rule = lines.whole ? OVER[over(names[0])] : "";
    return {
      words: words.includes(rule) ? words : [words, rule].filter(Boolean).join(", "),
      text: said(values[0].value),
    };
  }
  if (how === "mean") return { words, text: said(finite.reduce((sum, { value }) => sum + value, 0) / finite.length) };
  const found = finite.reduce((a, b) => ((how === "least" ? b.value < a.value : b.value > a.value) ? b : a));
  return {
    words: `${words} L${found.layer}`,
    text: chart.id === "gap" && found.value > 0 ? `+${said(found.value)}` : said(found.value),
  };
}
