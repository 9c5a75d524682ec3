/** Figures that are HTML: the confusion table and the worst mistakes. */

import { el } from "./dom.js";
import { number } from "./format.js";
import { token } from "./theme.js";

/** @typedef {{labels: string[], matrix: number[][]}} Confusion */
/** @typedef {{index: number, true: number, chosen: number, scores: number[], pixels: string}} Mistake */
/** @typedef {{shape: [number, number, number], items: Mistake[]}} Mistakes */

// A cell's tint by fixed steps of its share of the row, so that data sets of any size compare.
const TINTS = [1, 3, 10, 20, 40];

/** Tint 0 to 4 of a wrong cell: how many per mille of its row. @param {number} count @param {number} row */
export function tint(count, row) {
  if (!count) return 0;
  const share = (1000 * count) / Math.max(1, row);
  const most = Math.ceil(Math.log2(count + 1)); // a single mistake is never loud, however small the row
  return Math.max(1, Math.min(most, TINTS.filter((step) => share >= step).length - 1));
}

/** @param {number[]} row */
const total = (row) => row.reduce((sum, count) => sum + count, 0);

/** How many were wrong. @param {Confusion} figure */
export const wrongCount = ({ matrix }) => matrix.reduce((sum, row, i) => sum + total(row) - row[i], 0);

/** @param {Confusion} figure @param {number} i */
function confusionRow({ labels, matrix }, i) {
  const sum = total(matrix[i]);
  const cells = matrix[i].map((count, j) => {
    if (i === j) return el("td", { class: "hit" }, String(count));
    const level = tint(count, sum);
    const title = `${labels[i]} read as ${labels[j]}: ${count}`;
    return el("td", level ? { class: `tint-${level}`, title } : { class: "zero" }, String(count));
  });
  const recall = sum ? String(Math.round((100 * matrix[i][i]) / sum)) : "–";
  return el("tr", {}, el("th", { scope: "row" }, labels[i]), ...cells, el("td", { class: "rec" }, recall));
}

/** @param {Confusion} figure */
export function confusionTable(figure) {
  const head = el(
    "tr",
    {},
    el("td", {}, ""),
    ...figure.labels.map((label) => el("th", { scope: "col" }, label)),
    el("td", { class: "rec" }, ""),
  );
  const table = el(
    "table",
    { class: figure.labels.length > 12 ? "conf small" : "conf" },
    el(
      "caption",
      { class: "sr-only" },
      "Rows: true class; columns: class it was read as; last column: recall in per cent",
    ),
    el("thead", {}, head),
    el("tbody", {}, ...figure.labels.map((_, i) => confusionRow(figure, i))),
  );
  const words = el("p", { class: "axl" }, el("span", {}, "↓ true  → read as"), el("span", {}, "recall, %"));
  return el("div", { class: "confw", tabindex: "0", role: "region", "aria-label": "Confusion matrix" }, words, table);
}

/** @param {string} base64 */
function bytes(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** @param {string} hex @returns {[number, number, number]} */
const rgb = (hex) => [parseInt(hex.slice(1, 3), 16), parseInt(hex.slice(3, 5), 16), parseInt(hex.slice(5, 7), 16)];

/**
 * Grey pictures are drawn in the page's ink on its paper, so that they fit both themes; coloured ones as they are.
 * @param {HTMLCanvasElement} canvas
 * @param {Uint8Array} pixels
 * @param {[number, number, number]} shape
 */
export function paint(canvas, pixels, [height, width, channels]) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = context.createImageData(width, height);
  const [paper, ink] = [rgb(token("--sunken")), rgb(token("--text"))];
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) {
      const value = pixels[channels === 3 ? 3 * i + c : channels * i];
      image.data[4 * i + c] = channels === 3 ? value : paper[c] + ((ink[c] - paper[c]) * value) / 255;
    }
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

/** Ten bars, one a label: the true one strong, the chosen one blue. @param {Mistake} mistake */
function scoreBars(mistake) {
  const low = Math.min(...mistake.scores);
  const span = Math.max(...mistake.scores) - low || 1;
  const bars = mistake.scores.map((score, k) => {
    const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    const height = 1 + (21 * (score - low)) / span;
    const kind = k === mistake.true ? "true" : k === mistake.chosen ? "chosen" : "other";
    for (const [name, value] of Object.entries({ x: 10 * k + 1, y: 22 - height, width: 8, height, class: kind }))
      rect.setAttribute(name, String(value));
    return rect;
  });
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${10 * mistake.scores.length} 22`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  svg.append(...bars);
  return svg;
}

/** @param {Mistakes} figure @param {string[]} names of the classes */
export function mistakeList(figure, names) {
  const items = figure.items.map((mistake) => {
    const [truth, chosen] = [
      names[mistake.true] ?? String(mistake.true),
      names[mistake.chosen] ?? String(mistake.chosen),
    ];
    const canvas = el("canvas", {
      role: "img",
      "aria-label": `Test image ${mistake.index}: ${truth}, read as ${chosen}`,
    });
    paint(canvas, bytes(mistake.pixels), figure.shape);
    const scores = mistake.scores.map((score, k) => `${names[k] ?? k}: ${number(score)}`).join("  ");
    return el(
      "li",
      { title: scores },
      canvas,
      el("p", { class: "read-as" }, el("b", {}, truth), ` → ${chosen}`),
      scoreBars(mistake),
    );
  });
  return el("ol", { class: "wrong" }, ...items);
}
