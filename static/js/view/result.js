/** What a run leaves behind: separation by layer, confusion, worst mistakes, time by layer and epoch. */

import { ChartCard } from "./chart-card.js";
import { el } from "./dom.js";
import { barsChart, orderText, separationChart } from "./figure-traces.js";
import { confusionTable, mistakeList, wrongCount } from "./figures.js";
import { duration, number, quantity } from "./format.js";
import { fillRows } from "./rows.js";
import { MANY } from "./traces.js";

/** @typedef {import("./board.js").Board} Board */
/** @typedef {import("./figure-traces.js").BarsEntry} BarsEntry */
/** @typedef {{per_layer?: any[], per_epoch?: any[]}} ResultParts */

export class ResultCards {
  /**
   * @param {HTMLElement} grid
   * @param {Board} board
   * @param {BarsEntry[]} bars
   * @param {ResultParts} parts
   */
  constructor(grid, board, bars, parts) {
    this.grid = grid;
    this.board = board;
    this.bars = bars;
    this.parts = parts;
    /** @type {Map<string, ChartCard>} */ this.charts = new Map();
    /** @type {Map<string, {node: HTMLElement, body: any}>} */ this.tables = new Map();
  }

  /** Show what there is now; the order and the widths are fixed. @param {boolean} ended */
  update(ended) {
    const { figures } = this.board;
    const separations = ended ? figures.separations() : [];
    /** @type {{node: HTMLElement, width: number}[]} */ const cards = [];
    if (separations.length && separations.length <= MANY)
      for (const layer of separations)
        cards.push({ node: this.#separation(layer), width: separations.length === 1 ? 12 : 6 });
    const confusion = this.#table(
      "confusion",
      "Confusion",
      "counts; stronger tint, more mistakes",
      (body) => confusionTable(body),
      (body) => ["wrong", number(wrongCount(body))],
    );
    const labels = figures.get("confusion")?.labels ?? [];
    const mistakes = this.#table(
      "mistakes",
      "Worst mistakes",
      "with the largest lead of a wrong label",
      (body) => this.#mistakes(body, labels),
      () => ["", ""],
    );
    if (confusion) cards.push({ node: confusion, width: 6 });
    if (mistakes) cards.push({ node: mistakes, width: 6 });
    for (const entry of this.bars)
      if (this.parts[entry.rows]?.length) cards.push({ node: this.#bars(entry), width: 6 });
    this.#place(cards);
  }

  /** @param {{node: HTMLElement, width: number}[]} cards */
  #place(cards) {
    const widths = fillRows(cards.map((card) => card.width));
    cards.forEach(({ node }, i) => (node.className = `card span-${widths[i]}`));
    const same =
      cards.length === this.grid.childElementCount && cards.every(({ node }, i) => this.grid.children[i] === node);
    if (!same) this.grid.replaceChildren(...cards.map(({ node }) => node));
    this.grid.hidden = !cards.length;
    for (const card of this.charts.values()) card.touch();
  }

  /** @param {any} body @param {string[]} labels */
  #mistakes(body, labels) {
    const words = el(
      "p",
      { class: "note" },
      "True → read as. Bars: score of every label; strong is the true one, blue the one chosen.",
    );
    const box = el("div", {}, mistakeList(body, labels), words);
    return box;
  }

  /**
   * A card that holds HTML made from a figure; made anew when the figure is.
   * @param {string} name
   * @param {string} title
   * @param {string} what
   * @param {(body: any) => HTMLElement} make
   * @param {(body: any) => [string, string]} now
   */
  #table(name, title, what, make, now) {
    const body = this.board.figures.get(name);
    if (!body) return null;
    const known = this.tables.get(name);
    if (known && known.body === body) return known.node;
    const [words, number] = now(body);
    const value = el("span", { class: "now" }, el("small", {}, `${words} `), el("b", {}, number));
    const heading = el("h2", { id: `h-${name}` }, title);
    const node = known?.node ?? el("section", { class: "card", id: `card-${name}`, "aria-labelledby": `h-${name}` });
    node.replaceChildren(el("header", {}, heading, el("span", { class: "what" }, what), value), make(body));
    this.tables.set(name, { node, body });
    return node;
  }

  /** Ink and paper of the pictures are those of the theme. */
  themeChanged() {
    for (const [name, known] of this.tables) this.tables.set(name, { ...known, body: null });
  }

  /**
   * @param {string} id
   * @param {string} title
   * @param {Omit<import("./chart-card.js").Source, "id"|"title"|"zoomable"|"logarithmic">} source
   */
  #chart(id, title, source) {
    const known = this.charts.get(id);
    if (known) return known.node;
    const card = this.board.addCard({ id, title, zoomable: false, logarithmic: false, ...source });
    this.charts.set(id, card);
    return card.node;
  }

  /** @param {number} layer */
  #separation(layer) {
    const figure = () => this.board.figures.get(`separation-${layer}`);
    return this.#chart(`separation-${layer}`, `Separation in L${layer}`, {
      picture: (tokens, height) => (figure() ? separationChart(figure(), this.board.scene(tokens, height)) : null),
      now: () => (figure() ? orderText(figure()) : null),
      summary: () => {
        const ordered = figure()?.ordered;
        const said =
          ordered == null ? "histogram of goodness" : `${quantity(ordered, "fraction")} of pairs in the right order`;
        return `Separation in layer ${layer}: ${said}.`;
      },
    });
  }

  /** Time of all training, beside its parts. */
  #whole() {
    const { lines } = this.board;
    const [training, compute] = [lines.store.last("axis/time"), lines.told("time/compute")];
    if (!Number.isFinite(training)) return null;
    return { words: compute === undefined ? "training" : `compute ${duration(compute)} of`, text: duration(training) };
  }

  /** @param {BarsEntry} entry */
  #bars(entry) {
    const rows = () => this.parts[entry.rows] ?? [];
    return this.#chart(entry.id, entry.title, {
      picture: (tokens, height) => barsChart(entry, rows(), this.board.scene(tokens, height)),
      now: () => this.#whole(),
      summary: () => `${entry.title}: ${rows().length} bars, ${entry.what}.`,
    });
  }
}
