/** The layers' newest values as a table; values change in place. */

import { el, setText } from "./dom.js";
import { number, percent, si } from "./format.js";
import { layerColour } from "./palette.js";
import { theme } from "./theme.js";

/** @typedef {import("../data/lines.js").Lines} Lines */
/** @typedef {{index: number, name: string, parameters?: number}} Layer */
/** @typedef {{title: string, name: string, text: (value: number|undefined) => string}} Column */

/** @type {Column[]} shown where the run has the series */
const COLUMNS = [
  { title: "Goodness +", name: "goodness_pos", text: (value) => number(value) },
  { title: "Goodness −", name: "goodness_neg", text: (value) => number(value) },
  {
    title: "Gap",
    name: "gap",
    text: (value) => (value !== undefined && value > 0 ? `+${number(value)}` : number(value)),
  },
  { title: "Loss", name: "loss", text: (value) => number(value) },
  { title: "Accuracy", name: "accuracy", text: (value) => percent(value) },
  { title: "Train acc.", name: "train_accuracy", text: (value) => percent(value) },
  { title: "Memory", name: "memory", text: (value) => si(value, "B") },
];
const PARTS = ["weights", "gradients", "optimiser", "activations"];

/** @param {Lines} lines @param {number} layer @param {string} name */
function valueOf(lines, layer, name) {
  if (name !== "memory") return lines.told(`layers/${layer}/${name}`);
  const parts = PARTS.map((part) => lines.told(`layers/${layer}/memory/${part}`)).filter(
    (value) => value !== undefined,
  );
  return parts.length ? parts.reduce((sum, value) => sum + value, 0) : undefined;
}

export class LayersTable {
  /** @param {HTMLTableElement} node @param {Lines} lines */
  constructor(node, lines) {
    this.node = node;
    this.lines = lines;
    this.shape = "";
    /** @type {Column[]} */ this.columns = [];
  }

  /** @param {Layer[]} layers */
  update(layers) {
    this.columns = COLUMNS.filter(({ name }) =>
      layers.some((layer) => valueOf(this.lines, layer.index, name) !== undefined),
    );
    const shape = `${layers.length} ${theme()} ${this.columns.map((column) => column.name).join(" ")}`;
    if (shape !== this.shape) this.#build(layers);
    this.shape = shape;
    layers.forEach((layer, i) => {
      const row = this.node.tBodies[0]?.rows[i];
      this.columns.forEach((column, j) =>
        setText(row?.cells[j + 2] ?? null, column.text(valueOf(this.lines, layer.index, column.name))),
      );
    });
  }

  /** @param {Layer[]} layers */
  #build(layers) {
    const titles = ["Parameters", ...this.columns.map((column) => column.title)];
    const head = el(
      "tr",
      {},
      el("th", { scope: "col" }, "Layer"),
      ...titles.map((title) => el("th", { scope: "col", class: "num" }, title)),
    );
    const rows = layers.map((layer, i) => {
      const swatch = el("span", { class: "swatch" });
      swatch.style.color = layerColour(theme(), i, layers.length);
      const name = el("th", { scope: "row", class: "lname" }, swatch, `L${layer.index}`, el("small", {}, layer.name));
      const cells = this.columns.map(() => el("td", { class: "num" }, "–"));
      return el("tr", {}, name, el("td", { class: "num" }, si(layer.parameters)), ...cells);
    });
    const empty = layers.length
      ? []
      : [el("caption", { class: "note" }, "The layers stand here once the trainer has built them.")];
    this.node.replaceChildren(...empty, el("thead", {}, head), el("tbody", {}, ...rows));
  }
}
