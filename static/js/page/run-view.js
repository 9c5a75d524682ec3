/**
 * What the run page and the share page have in common: series, socket, charts, numbers.
 *
 * First everything so far comes by HTTP, with its seq; then the socket brings what follows. Nothing is lost or doubled
 * on the way: the store drops what it has.
 */

import { decodeWindow } from "../data/decode.js";
import { Figures } from "../data/figures.js";
import { Lines } from "../data/lines.js";
import { Store } from "../data/store.js";
import { ViewState } from "../data/view-state.js";
import { ApiError, call } from "../net/api.js";
import { keepAwake, LiveSocket } from "../net/socket.js";
import { Board } from "../view/board.js";
import { pageData } from "../view/dom.js";
import { LayersTable } from "../view/layers-table.js";
import { Legend } from "../view/legend.js";
import { Link } from "../view/link-state.js";
import { Progress } from "../view/progress.js";
import { ResultCards } from "../view/result.js";
import { showStats } from "../view/stats.js";
import { onTheme } from "../view/theme.js";
import { toast } from "../view/toast.js";
import { controls } from "./run-controls.js";

/** @typedef {import("../data/store.js").RunEvent} RunEvent */
/**
 * @typedef {{
 *   id: string, name: string, status: string, reason: string,
 *   progress: {done: number, eta_s: number|null, phase: string}, latest: Record<string, number|null>,
 *   silent_since: string|null, device: string, queue_position: number|null, started: string|null, ended: string|null,
 *   [key: string]: any
 * }} Run
 */

const ACTIVE = new Set(["queued", "starting", "running"]);
const HEAD = ["status", "queue_position", "name", "reason", "visibility", "silent_since"]; // what the page's head says
const AWAIT = 2000; // ms between two looks at a run that stands beside a finished one and still trains
const NUMBERS_PAUSE = 200; // ms: numbers change five times a second at most

/** @param {string} id @returns {any} */
const node = (id) => document.getElementById(id);

export class RunView {
  constructor() {
    this.data = pageData("run-data");
    /** @type {Run} */ this.run = this.data.run;
    /** @type {{index: number, name: string, parameters?: number}[]} */ this.layers = this.data.layers;
    /** @type {number|(number|null)[]|null} */ this.theta = this.data.theta;
    this.metrics = this.data.metrics;
    /** @type {Set<(events: RunEvent[]) => void>} */ this.eventListeners = new Set();
    this.store = new Store();
    this.state = new ViewState();
    this.state.read(location.search);
    this.lines = new Lines(this.store, this.state);
    this.figures = new Figures(
      this.data.figures,
      (name) => call("GET", `${this.data.api}/figures/${name}`),
      () => this.#figuresChanged(),
    );
    this.board = this.#board();
    this.result = new ResultCards(node("result"), this.board, this.data.bars, this.data.result);
    this.table = node("layers-table") && new LayersTable(node("layers-table"), this.lines);
    this.legend = new Legend(node("legend"), this.state, (layer) => this.board.highlight(layer));
    this.progress = new Progress(this.lines, this.data.epochs);
    this.link = new Link(
      () => this.socket.now(),
      () => this.socket.last,
    );
    this.socket = new LiveSocket({
      path: this.data.socket,
      after: () => this.store.seq,
      onMessage: (message) => this.#message(message),
      onState: (state, retry) => {
        this.link.show(state, retry, this.run.status);
        this.#numbersSoon();
      },
      onRefused: (code) => this.link.refused(code, this.data.shared),
    });
    this.numbersTimer = 0;
    this.stateAsked = 0;
    this.#sumUp();
  }

  #board() {
    const setting = {
      charts: this.data.charts,
      expected: () => (this.active() ? this.data.expected : []),
      layers: () => this.layerCount(),
      theta: () => this.theta,
      title: () => this.run.name,
      emptyText: () => this.#emptyText(),
      runId: this.run.id,
      metrics: () => this.metrics,
      fetchSeries: (/** @type {string} */ query) => call("GET", `${this.data.api}/metrics?${query}`),
    };
    return new Board(setting, this.lines, this.state, this.figures, {
      grid: node("charts"),
      more: node("more"),
      moreGrid: node("more-charts"),
      hidden: node("hidden-cards"),
    });
  }

  active() {
    return ACTIVE.has(this.run.status);
  }

  /** Layers of the whole net: as the trainer said, or as far as its series show. */
  layerCount() {
    if (this.layers.length) return this.layers.length;
    return Math.max(1, ...this.store.names().map((name) => Number(/^layers\/(\d+)\//.exec(name)?.[1] ?? 0)));
  }

  #emptyText() {
    if (this.run.status === "queued") return "Nothing yet: the run waits for a worker";
    if (this.run.status === "starting") return "Nothing yet: the trainer is starting";
    return this.active() ? "First values come in a moment" : "No values";
  }

  async start() {
    controls(this);
    this.store.subscribe((names) => this.#seriesChanged(names));
    this.state.subscribe(() => this.#stateChanged());
    onTheme(() => this.#themeChanged());
    keepAwake(this.socket);
    this.#stateChanged();
    this.#layersChanged();
    this.awaitOthers();
    await this.load();
    this.board.begin();
    this.socket.open();
  }

  /** Everything so far, by HTTP. */
  async load() {
    this.store.expect();
    try {
      const query = `names=*,axis/*&x=step&points=${this.board.points}&format=typed`;
      const answer = decodeWindow(await call("GET", `${this.data.api}/metrics?${query}`));
      this.store.load(answer.seq, answer.series);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      toast(`${error.message} The charts are tried again.`, { bad: true });
      window.setTimeout(() => void this.load(), 5000);
    }
  }

  // ── what the socket brings ─────────────────────────────────────────────────────────────────────────────────────
  /** @param {any} message */
  #message(message) {
    this.link.heard(this.active());
    if (message.type === "hello") {
      this.#runChanged(message.run);
      if (message.seq < this.store.seq) void this.load(); // the run began anew on the server
    } else if (message.type === "run") this.#runChanged(message.run);
    else if (message.type === "reload") void this.load().then(() => this.figures.refresh());
    else if (message.type === "events") {
      this.store.apply(message);
      this.#events(message.events);
    }
  }

  /** @param {RunEvent[]} events */
  #events(events) {
    for (const event of events) {
      if (event.kind === "start") this.#started(event);
      else if (event.kind === "progress")
        this.run.progress = { done: event.done, eta_s: event.eta_s, phase: event.phase };
      else if (event.kind === "figure") this.figures.made(event.name);
      else if (event.kind === "result") this.result.parts = { per_layer: event.per_layer, per_epoch: event.per_epoch };
    }
    for (const listener of this.eventListeners) listener(events);
    this.#numbersSoon();
  }

  /** @param {RunEvent} event */
  #started(event) {
    this.layers = event.layers ?? this.layers;
    this.metrics = event.metrics ?? this.metrics;
    this.theta = event.threshold ?? this.theta;
    this.#layersChanged();
    this.board.touchAll();
  }

  /** An ended run is told of the whole of it, in the server's numbers. */
  #sumUp() {
    this.lines.whole = this.run.ended && !this.active() ? this.run.latest : null;
  }

  /** A run as the server knows it, whole or in part. @param {Partial<Run>} run */
  #runChanged(run) {
    const said = () => HEAD.map((key) => this.run[key]).join(" ");
    const before = said();
    this.run = { ...this.run, ...run };
    this.#sumUp();
    if (before !== said()) {
      void this.refreshState();
      this.board.arrange();
      this.board.touchAll();
      this.#resultChanged();
    }
    this.#numbersSoon();
  }

  /** The head anew from the server: its words are made in one place. */
  async refreshState() {
    const place = node("state");
    // A reader is in one of its menus, before the answer or since: the head waits.
    const waits = () => {
      if (!place.querySelector("details[open]")) return false;
      window.clearTimeout(this.stateAsked);
      this.stateAsked = window.setTimeout(() => void this.refreshState(), 1000);
      return true;
    };
    if (waits()) return;
    const response = await fetch(location.pathname, {
      headers: { "X-Partial": "state" },
      credentials: "same-origin",
    }).catch(() => null);
    if (waits()) return;
    if (response?.ok) {
      const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
      place.replaceChildren(...parsed.body.childNodes);
      this.#numbers();
    }
    this.awaitOthers();
  }

  /** What stands beside a finished run may still train: the head says how they compare when it has ended. */
  awaitOthers() {
    if (!document.querySelector("#state [data-awaits]")) return;
    window.clearTimeout(this.stateAsked);
    this.stateAsked = window.setTimeout(() => void this.refreshState(), AWAIT);
  }

  // ── what changes on the page ───────────────────────────────────────────────────────────────────────────────────
  /** @param {Set<string>} names */
  #seriesChanged(names) {
    this.board.arrange();
    this.board.changed(names);
    this.#numbersSoon();
  }

  #stateChanged() {
    this.board.arrange();
    this.board.touchAll();
    this.legend.update();
    controls.show(this.state);
    history.replaceState(null, "", location.pathname + this.state.write(location.search) + location.hash);
  }

  #layersChanged() {
    this.legend.render(this.layers);
    this.table?.update(this.layers);
    node("keys").hidden = !this.layers.length || !this.data.expected.includes("goodness");
    node("key-theta").hidden = this.theta === null;
  }

  #figuresChanged() {
    this.board.arrange();
    this.board.cards.get("separation")?.touch();
    this.#resultChanged();
  }

  #resultChanged() {
    this.result.update(!this.active());
  }

  #themeChanged() {
    this.board.themeChanged();
    this.legend.update();
    this.result.themeChanged();
    this.#resultChanged();
    this.table?.update(this.layers);
  }

  #numbersSoon() {
    if (this.numbersTimer) return;
    this.numbersTimer = window.setTimeout(() => {
      this.numbersTimer = 0;
      this.#numbers();
    }, NUMBERS_PAUSE);
  }

  #numbers() {
    const { lines, run } = this;
    showStats(node("stats"), {
      lines,
      twin: this.data.twin,
      took: () => this.#took(),
      rate: this.metrics["speed/images_per_second"]?.unit ?? "img/s",
    });
    this.table?.update(this.layers);
    this.progress.show(run, this.#asOf());
  }

  /** Since when nothing is known of a run at work; null while all is well. @returns {Date|null} */
  #asOf() {
    if (this.link.lost) return this.link.since;
    return this.run.silent_since ? new Date(this.run.silent_since) : null;
  }

  /** Seconds from start to end, or as far as anything is known. */
  #took() {
    const { started, ended } = this.run;
    if (!started) return null;
    return ((ended ? Date.parse(ended) : (this.#asOf()?.getTime() ?? Date.now())) - Date.parse(started)) / 1000;
  }
}
