/** One card: header, plot, menu. It draws itself when the scheduler says so, and turns into a table when asked to. */

import { chartTable } from "./chart-table.js";
import { el, icon, setQuantity } from "./dom.js";
import { saveCsv, saveImage } from "./export.js";
import { CONFIG, emptyPicture, plotHeight } from "./plot.js";
import { gapFor } from "./scheduler.js";

/** @typedef {import("./traces.js").Picture} Picture */
/** @typedef {import("./plot.js").Tokens} Tokens */
/**
 * @typedef {object} Board what a card knows of its page
 * @property {() => Tokens} tokens
 * @property {() => string} title of the run, for exported pictures
 * @property {() => string} emptyText what stands in a chart without a point
 * @property {(range: [number, number]|null) => void} onZoom
 * @property {(id: string) => void} onHide
 * @property {(id: string) => void} onLog
 * @property {() => void} wake
 */
/**
 * @typedef {object} Source what a card shows
 * @property {string} id
 * @property {string} title
 * @property {boolean} zoomable
 * @property {boolean} logarithmic whether a log scale makes sense
 * @property {(tokens: Tokens, height: number) => Picture|null} picture null while there is no data
 * @property {() => {words: string, text: string}|null} now
 * @property {() => string} summary for screen readers
 */

let serial = 0;

export class ChartCard {
  /** @param {Source} source @param {Board} board */
  constructor(source, board) {
    this.source = source;
    this.board = board;
    this.visible = false;
    this.dirty = true;
    this.held = false;
    this.nextAt = 0;
    this.minGap = 500;
    this.drawnOnce = false;
    this.tabular = false;
    this.saidAt = 0;
    /** @type {Picture|null} */ this.picture = null;
    const { id, title } = source;
    const heading = `h-${id}-${++serial}`;
    this.what = el("span", { class: "what" });
    this.words = el("small");
    this.value = el("b");
    this.plot = el("div", { class: "plot", role: "img", "aria-label": title });
    this.table = el("div", {
      class: "scroll tabular",
      hidden: true,
      tabindex: "0",
      role: "region",
      "aria-label": `${title}, as a table`,
    });
    this.trouble = el("div", { class: "note trouble", hidden: true });
    this.tableItem = this.#item("Show as table", () => this.showTable(!this.tabular));
    this.menu = this.#menu();
    const now = el("span", { class: "now" }, this.words, this.value);
    const header = el("header", {}, el("h2", { id: heading }, title), this.what, now, this.menu);
    this.node = el(
      "section",
      { class: "card", id: `card-${id}`, "aria-labelledby": heading },
      header,
      this.plot,
      this.table,
      this.trouble,
    );
    this.plot.addEventListener("pointerdown", () => (this.held = true));
    this.plot.addEventListener("dblclick", () => source.zoomable && board.onZoom(null));
    window.addEventListener("pointerup", () => this.#release());
    this.size = "";
    new ResizeObserver(() => this.#resized()).observe(this.plot);
  }

  #release() {
    if (!this.held) return;
    this.held = false;
    this.board.wake();
  }

  /** @param {string} text @param {() => void} run */
  #item(text, run) {
    const button = el("button", { type: "button" }, text);
    button.addEventListener("click", () => {
      this.menu.open = false;
      run();
    });
    return button;
  }

  #menu() {
    const { id, title, logarithmic } = this.source;
    const log = logarithmic ? [this.#item("Log scale on or off", () => this.board.onLog(id))] : [];
    const sheet = el(
      "div",
      { class: "sheet" },
      this.#item("Enlarge", () => this.enlarge()),
      this.tableItem,
      this.#item("Save PNG", () => void this.#image("png")),
      this.#item("Save SVG", () => void this.#image("svg")),
      this.#item("Save CSV", () => this.picture && saveCsv(title, this.picture)),
      ...log,
      this.#item("Hide", () => this.board.onHide(id)),
    );
    return el(
      "details",
      { class: "menu cardmenu" },
      el("summary", { class: "more", "aria-label": `${title}: actions` }, icon("more")),
      sheet,
    );
  }

  /** @param {"png"|"svg"} format */
  async #image(format) {
    await saveImage(format, this.source, this.board.title());
  }

  /** @param {boolean} on */
  showTable(on) {
    this.tabular = on;
    this.plot.hidden = on;
    this.table.hidden = !on;
    this.tableItem.textContent = on ? "Show as chart" : "Show as table";
    this.touch();
  }

  /** The chart in a dialog that fills the window; it is the same plot, so nothing is drawn twice. */
  enlarge() {
    const close = el("button", { class: "btn", type: "button" }, "Close");
    const bar = el("header", {}, el("h2", {}, this.source.title), el("span", { class: "grow" }), close);
    const dialog = el("dialog", { class: "big", "aria-label": this.source.title }, bar);
    const place = document.createComment("plot");
    this.plot.replaceWith(place);
    dialog.append(this.plot);
    document.body.append(dialog);
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      place.replaceWith(this.plot);
      dialog.remove();
      this.menu.querySelector("summary")?.focus();
    });
    dialog.showModal();
  }

  #resized() {
    const size = `${this.plot.clientWidth} ${this.plot.clientHeight}`;
    if (size === this.size || !this.plot.clientWidth) return;
    this.size = size;
    if (!this.drawnOnce) return;
    this.nextAt = 0;
    this.touch();
  }

  /** Something it shows has changed. */
  touch() {
    this.dirty = true;
    this.board.wake();
  }

  /** @returns {Promise<void>} */
  async draw() {
    const picture = this.source.picture(this.board.tokens(), plotHeight(this.plot));
    this.picture = picture;
    this.#header(picture);
    this.trouble.hidden = true;
    if (this.tabular && picture) {
      this.table.replaceChildren(chartTable(picture));
      return;
    }
    const shown = picture ?? emptyPicture(this.board.tokens(), this.board.emptyText());
    this.minGap = gapFor(shown.traces.length);
    const size = { width: this.plot.clientWidth, height: this.plot.clientHeight };
    const element = await Plotly.react(this.plot, shown.traces, { ...shown.layout, ...size }, CONFIG);
    this.#quiet();
    if (!this.drawnOnce) this.#listen(element);
    this.drawnOnce = true;
  }

  /** @param {Picture|null} picture */
  #header(picture) {
    if (picture && this.what.textContent !== picture.what) {
      this.what.textContent = picture.what;
      this.what.title = picture.what;
    }
    const now = this.source.now();
    this.words.textContent = now?.words ? `${now.words} ` : "";
    setQuantity(this.value, now?.text ?? "");
    this.value.classList.toggle("nan", now?.text === "NaN");
    this.say();
  }

  /** Tell a screen reader what the chart shows, at most every 30 s. */
  say() {
    const time = performance.now();
    if (this.saidAt && time - this.saidAt < 30_000) return;
    this.saidAt = time;
    this.plot.setAttribute("aria-label", this.source.summary());
  }

  /** What Plotly draws is for the eye; the summary and the table are for the ear. */
  #quiet() {
    for (const svg of this.plot.querySelectorAll("svg:not([aria-hidden])")) svg.setAttribute("aria-hidden", "true");
  }

  /** @param {PlotlyElement} element */
  #listen(element) {
    element.on("plotly_relayout", (/** @type {Record<string, any>} */ change) => {
      const [low, high] = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
      if (this.source.zoomable && typeof low === "number" && typeof high === "number") this.board.onZoom([low, high]);
    });
  }

  /** @param {unknown} error */
  fail(error) {
    console.error(error);
    const table = el("button", { class: "link-button", type: "button" }, "Show table");
    table.addEventListener("click", () => this.showTable(true));
    const details = el("details", {}, el("summary", {}, "Details"), el("code", {}, String(error)));
    this.trouble.replaceChildren("This chart could not be drawn. ", table, details);
    this.trouble.hidden = false;
  }

  /** Dim all lines but those of a layer, without a redraw: for hovering over the legend. @param {number|null} layer */
  highlight(layer) {
    const layers = this.picture?.layerOfTrace ?? [];
    const lines = this.plot.querySelectorAll(".scatterlayer .trace");
    if (lines.length !== layers.length) return;
    lines.forEach((line, i) => {
      const dim = layer !== null && layers[i] !== null && layers[i] !== layer;
      /** @type {SVGElement} */ (line).style.opacity = dim ? "0.15" : "";
    });
  }

  remove() {
    if (this.drawnOnce) Plotly.purge(this.plot);
    this.node.remove();
  }
}
