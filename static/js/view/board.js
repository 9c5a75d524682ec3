/** The grid of chart cards: which stand there, what each shows, one zoom for all, finer data where one zooms in. */

import { decodeWindow } from "../data/decode.js";
import { layerOf } from "../data/lines.js";
import { ChartCard } from "./chart-card.js";
import { el } from "./dom.js";
import { orderText, separationChart } from "./figure-traces.js";
import { nowText } from "./now-text.js";
import { readTokens } from "./plot.js";
import { fillRows, tall } from "./rows.js";
import { Scheduler } from "./scheduler.js";
import { summaryOf } from "./summary.js";
import { MANY, heatChart, layerBars, lineChart, seriesOf } from "./traces.js";

/** @typedef {import("./traces.js").ChartEntry} ChartEntry */
/** @typedef {import("./traces.js").Scene} Scene */
/** @typedef {import("./plot.js").Tokens} Tokens */
/** @typedef {import("../data/lines.js").Lines} Lines */
/** @typedef {import("../data/view-state.js").ViewState} ViewState */
/** @typedef {import("../data/figures.js").Figures} Figures */
/**
 * @typedef {object} Setting what the board is told of the run
 * @property {ChartEntry[]} charts
 * @property {() => string[]} expected cards that stand empty until their first values come
 * @property {() => number} layers
 * @property {() => number|(number|null)[]|null} theta
 * @property {() => string} title
 * @property {() => string} emptyText
 * @property {string} runId
 * @property {() => Record<string, {unit: string, help: string, over?: string}>} metrics
 * @property {(query: string) => Promise<any>} fetchSeries
 */

const DETAIL_PAUSE = 250; // ms after the last change of zoom before finer data is asked for

export class Board {
  /**
   * @param {Setting} setting
   * @param {Lines} lines
   * @param {ViewState} state
   * @param {Figures} figures
   * @param {{grid: HTMLElement, more: HTMLDetailsElement, moreGrid: HTMLElement, hidden: HTMLElement}} places
   */
  constructor(setting, lines, state, figures, places) {
    this.setting = setting;
    this.lines = lines;
    this.state = state;
    this.figures = figures;
    this.places = places;
    this.scheduler = new Scheduler();
    /** @type {Map<string, ChartCard>} */ this.cards = new Map();
    /** @type {Map<string, ChartEntry>} */ this.entries = new Map();
    /** @type {Set<ChartCard>} */ this.drawn = new Set();
    /** @type {Tokens} */ this.tokens = readTokens();
    this.points = matchMedia("(max-width: 699px)").matches ? 300 : 600;
    this.detailTimer = 0;
    this.order = "";
    this.ready = false; // what came before the page is on its way: nothing is drawn empty meanwhile
    this.watcher = new IntersectionObserver((seen) => this.#seen(seen), { rootMargin: "200px" });
    document.addEventListener("visibilitychange", () => this.wake());
    places.more.addEventListener("toggle", () => this.wake());
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #seen(entries) {
    for (const entry of entries) {
      for (const card of this.drawn) if (card.node === entry.target) card.visible = entry.isIntersecting;
    }
    this.wake();
  }

  // ── which cards ────────────────────────────────────────────────────────────────────────────────────────────────
  /** Add cards for series that came, take away those that have none; the order is that of the table of charts. */
  arrange() {
    const expected = new Set(this.setting.expected());
    const named = this.setting.charts.filter((chart) => expected.has(chart.id) || this.#hasData(chart));
    const all = [...named, ...this.#unnamed()];
    const shown = all.filter((chart) => !this.state.closed.has(chart.id));
    const order = shown.map((chart) => chart.id).join(" ");
    if (order !== this.order) {
      this.order = order;
      this.#place(shown);
    }
    this.#listHidden(all.filter((chart) => this.state.closed.has(chart.id)));
  }

  /** @param {ChartEntry} chart */
  #hasData(chart) {
    return chart.kind === "histogram" ? this.figures.separations().length > 0 : seriesOf(chart, this.lines).length > 0;
  }

  /** Plain cards for metrics that no entry names: a metric needs no chart to be seen. @returns {ChartEntry[]} */
  #unnamed() {
    const taken = new Set(
      this.setting.charts.flatMap((chart) => chart.series.flatMap(({ glob }) => this.lines.names(glob))),
    );
    /** @type {Map<string, ChartEntry>} */ const found = new Map();
    for (const name of this.lines.store.names()) {
      if (taken.has(name) || name.startsWith("axis/")) continue;
      const glob = name.replace(/^layers\/\d+\//, "layers/*/");
      const info = this.#info(name);
      const title = glob.replace("layers/*/", "layer ").replace(/[/_]/g, " ");
      const series = [{ glob, label: "", style: /** @type {const} */ ("solid") }];
      const now = layerOf(name) === null ? { glob, how: /** @type {const} */ ("last"), words: "" } : null;
      const id = `auto-${glob.replace(/[^a-z0-9]+/g, "-")}`;
      found.set(glob, {
        id,
        title: title[0].toUpperCase() + title.slice(1),
        what: info?.help ?? "",
        series,
        unit: info?.unit ?? "",
        kind: "map",
        width: 4,
        now,
        theta: false,
        from_zero: false,
        more: true,
      });
    }
    return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** What the trainer says of a series. @param {string} name */
  #info(name) {
    const table = this.setting.metrics();
    return table[name] ?? table[name.replace(/^layers\/\d+\//, "layers/{layer}/")];
  }

  /** @param {ChartEntry[]} shown */
  #place(shown) {
    const keep = new Set(shown.map((chart) => chart.id));
    for (const [id, card] of this.cards) if (!keep.has(id)) this.#drop(id, card);
    for (const chart of shown) if (!this.cards.has(chart.id)) this.#add(chart);
    for (const [grid, charts] of /** @type {[HTMLElement, ChartEntry[]][]} */ ([
      [this.places.grid, shown.filter((chart) => !chart.more)],
      [this.places.moreGrid, shown.filter((chart) => chart.more)],
    ])) {
      const widths = fillRows(this.#widths(charts));
      const nodes = charts.map((chart) => /** @type {ChartCard} */ (this.cards.get(chart.id)).node);
      const high = tall(widths);
      nodes.forEach((node, i) => (node.className = `card span-${widths[i]}${high[i] ? " tall" : ""}`));
      if (nodes.some((node, i) => grid.children[i] !== node)) grid.replaceChildren(...nodes);
    }
    this.places.more.hidden = !shown.some((chart) => chart.more);
  }

  /**
   * A run without goodness leads with its first card wide, so that every page begins with one large chart.
   * @param {ChartEntry[]} charts
   */
  #widths(charts) {
    const widths = charts.map((chart) => chart.width);
    if (charts.length > 1 && !charts[0].more && widths[0] < 8) widths[0] = 8;
    return widths;
  }

  /** @param {ChartEntry} chart */
  #add(chart) {
    this.entries.set(chart.id, chart);
    this.cards.set(chart.id, this.addCard(this.#source(chart)));
  }

  /** A card that the board draws and the caller places. @param {import("./chart-card.js").Source} source */
  addCard(source) {
    const card = new ChartCard(source, this.#boardOf());
    this.drawn.add(card);
    this.scheduler.add(card);
    this.watcher.observe(card.node);
    return card;
  }

  /** @param {string} id @param {ChartCard} card */
  #drop(id, card) {
    this.watcher.unobserve(card.node);
    this.scheduler.remove(card);
    card.remove();
    this.drawn.delete(card);
    this.cards.delete(id);
    this.entries.delete(id);
  }

  /** @param {ChartEntry[]} charts */
  #listHidden(charts) {
    this.places.hidden.hidden = !charts.length;
    const items = charts.flatMap((chart, i) => {
      const show = el("button", { class: "link-button", type: "button" }, "Show");
      show.addEventListener("click", () => this.state.set((state) => state.closed.delete(chart.id)));
      return [`${i ? ", " : "Hidden: "}${chart.title} `, show];
    });
    this.places.hidden.replaceChildren(...items);
  }

  // ── what a card shows ──────────────────────────────────────────────────────────────────────────────────────────
  /** @returns {import("./chart-card.js").Board} */
  #boardOf() {
    return {
      tokens: () => this.tokens,
      title: this.setting.title,
      emptyText: this.setting.emptyText,
      onZoom: (range) => this.zoom(range && [this.lines.step(range[0]), this.lines.step(range[1])]),
      onHide: (id) => this.state.set((state) => state.closed.add(id)),
      onLog: (id) => this.state.set((state) => void (state.logs.delete(id) || state.logs.add(id))),
      wake: () => this.wake(),
    };
  }

  /** @param {ChartEntry} chart @returns {import("./chart-card.js").Source} */
  #source(chart) {
    const overTime = chart.kind === "lines" || chart.kind === "map";
    return {
      id: chart.id,
      title: chart.title,
      zoomable: overTime,
      logarithmic: chart.kind === "lines" && chart.unit !== "fraction",
      picture: (tokens, height) => this.#picture(chart, tokens, height),
      now: () =>
        chart.kind === "histogram"
          ? this.#order()
          : nowText(chart, this.lines, (name) => this.#info(name)?.over ?? "last"),
      summary: () => summaryOf(chart, this.lines),
    };
  }

  #order() {
    const figure = this.#separation();
    return figure && orderText(figure);
  }

  /** The histogram of the layer in focus, else of the last one. */
  #separation() {
    const layers = this.figures.separations();
    const layer = layers.includes(this.state.focus ?? 0) ? this.state.focus : layers.at(-1);
    return layer ? this.figures.get(`separation-${layer}`) : null;
  }

  /** @param {ChartEntry} chart @param {Tokens} tokens @param {number} height */
  #picture(chart, tokens, height) {
    const scene = this.scene(tokens, height);
    if (chart.kind === "histogram") {
      const figure = this.#separation();
      return figure && separationChart(figure, scene);
    }
    if (!this.#hasPoint(chart)) return null;
    if (chart.kind === "layer_bars") return layerBars(chart, scene);
    const layered = scene.layers > MANY && chart.series.some(({ glob }) => glob.startsWith("layers/*/"));
    return chart.kind === "map" && layered ? heatChart(chart, scene) : lineChart(chart, scene);
  }

  /** @param {ChartEntry} chart */
  #hasPoint(chart) {
    return seriesOf(chart, this.lines).some(({ name }) => this.lines.store.get(name)?.x.length);
  }

  /** @param {Tokens} tokens @param {number} height @returns {Scene} */
  scene(tokens, height) {
    const { layers, theta, runId } = this.setting;
    return { lines: this.lines, tokens, layers: layers(), theta: theta(), points: this.points, height, runId };
  }

  wake() {
    if (this.ready) this.scheduler.wake();
  }

  /** Draw from now on. */
  begin() {
    this.ready = true;
    this.wake();
  }

  // ── changes ────────────────────────────────────────────────────────────────────────────────────────────────────
  /** Series changed: the cards that show one of them are to be drawn. @param {Set<string>} names */
  changed(names) {
    const axis = [...names].some((name) => name.startsWith("axis/"));
    for (const [id, card] of this.cards) {
      const chart = /** @type {ChartEntry} */ (this.entries.get(id));
      if (!axis && !seriesOf(chart, this.lines).some(({ name }) => names.has(name))) continue;
      card.dirty = true;
      if (!card.picture) card.nextAt = 0; // the first point does not wait
    }
    this.wake();
  }

  touchAll() {
    for (const card of this.drawn) {
      card.dirty = true;
      card.nextAt = 0;
    }
    this.wake();
  }

  themeChanged() {
    this.tokens = readTokens();
    this.touchAll();
  }

  /** @param {number|null} layer */
  highlight(layer) {
    for (const card of this.cards.values()) if (card.visible) card.highlight(layer);
  }

  /** @param {[number, number]|null} range in steps */
  zoom(range) {
    this.lines.detail = new Map();
    this.lines.detailSpan = null;
    this.state.set((state) => (state.zoom = range));
    window.clearTimeout(this.detailTimer);
    if (range) this.detailTimer = window.setTimeout(() => void this.#detail(range), DETAIL_PAUSE);
  }

  /** Finer points of what is zoomed into. @param {[number, number]} range */
  async #detail(range) {
    const room = 0.02 * (range[1] - range[0]);
    const [from, to] = [range[0] - room, range[1] + room];
    const query = new URLSearchParams({
      names: "*",
      x: "step",
      from: String(Math.floor(from)),
      to: String(Math.ceil(to)),
      points: String(this.points),
      format: "typed",
    });
    const answer = decodeWindow(await this.setting.fetchSeries(query.toString()));
    if (this.state.zoom !== range) return; // another zoom came meanwhile
    this.lines.detail = new Map(
      Object.entries(answer.series).map(([name, { x, y }]) => [name, { x: Array.from(x), y: Array.from(y) }]),
    );
    this.lines.detailSpan = [from, to];
    this.touchAll();
  }
}
