/** What Plotly gets for a study of memory: a line with markers a method, in the colours of runs. No DOM here. */

/** @typedef {import("../data/study.js").Study} Study */

/**
 * @param {Study} study
 * @param {(slot: number) => string} colour of a method's place
 * @returns {object[]}
 */
export function studyTraces(study, colour) {
  return study.lines.map(({ title, slot, backprop, points }) => ({
    type: "scatter",
    mode: "lines+markers",
    name: title,
    x: points.map((point) => point.x),
    y: points.map((point) => point.y),
    text: points.map((point) => point.text),
    line: { color: colour(slot), width: 1.75, dash: backprop ? "dashdot" : "solid" },
    marker: { color: colour(slot), size: 7, symbol: points.map((point) => (point.open ? "circle-open" : "circle")) },
    hovertemplate: "%{text}<extra></extra>",
  }));
}

/**
 * The range of the depths: fixed from the start, so that the axis does not jump when points come.
 * @param {number[]} depths
 * @returns {[number, number]}
 */
export function depthRange(depths) {
  const [first, last] = [depths[0], depths[depths.length - 1]];
  const room = Math.max(0.5, (last - first) * 0.03);
  return [first - room, last + room];
}
