/** What leaves a card as a file: a picture on white paper, or its numbers. */

import { el } from "./dom.js";
import { PAPER, escapeText } from "./plot.js";

/** @typedef {import("./traces.js").Picture} Picture */

const [WIDTH, HEIGHT] = [900, 480];

/** @param {string} url @param {string} name */
function download(url, name) {
  const link = el("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}

/** @param {string} text */
export function fileName(text) {
  const words = text.toLowerCase().match(/[a-z0-9]+/g);
  return words ? words.join("-") : "chart";
}

/**
 * @param {"png"|"svg"} format
 * @param {{title: string, picture: (tokens: import("./plot.js").Tokens, height: number) => Picture|null}} source
 * @param {string} runTitle
 */
export async function saveImage(format, source, runTitle) {
  const tokens = { ...PAPER, font: "Arial, Helvetica, sans-serif" };
  const picture = source.picture(tokens, HEIGHT - 90);
  if (!picture) return;
  const day = new Date().toISOString().slice(0, 10);
  const title = {
    text: `${escapeText(source.title)} · ${escapeText(runTitle)} · ${day}`,
    font: { size: 14, color: tokens.text },
    x: 0.02,
    xanchor: "left",
  };
  const margin = { ...picture.layout.margin, t: 50, b: 40, l: 56 };
  const layout = { ...picture.layout, title, margin, paper_bgcolor: "#ffffff", plot_bgcolor: "#ffffff" };
  const url = await Plotly.toImage(
    { data: picture.traces, layout },
    { format, width: WIDTH, height: HEIGHT, scale: format === "png" ? 2 : 1 },
  );
  download(url, `${fileName(`${runTitle} ${source.title}`)}.${format}`);
}

/** @param {unknown} value */
const cell = (value) => {
  const text = value == null ? "" : String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** One block of rows a line: series, x, y, as drawn. @param {string} title @param {Picture} picture */
export function saveCsv(title, picture) {
  const rows = [["series", "x", "y"]];
  for (const trace of /** @type {any[]} */ (picture.traces)) {
    if (trace.z)
      trace.z.forEach((/** @type {any[]} */ row, /** @type {number} */ i) =>
        row.forEach((z, j) => rows.push([trace.y[i], trace.x[j], z])),
      );
    else
      trace.x.forEach((/** @type {any} */ x, /** @type {number} */ i) =>
        rows.push([trace.name || title, x, trace.y[i]]),
      );
  }
  const blob = new Blob([rows.map((row) => row.map(cell).join(",")).join("\n") + "\n"], { type: "text/csv" });
  const url = URL.createObjectURL(blob);
  download(url, `${fileName(title)}.csv`);
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
