/**
 * The layers' chips, or beyond eight layers a ramp strip: hover or arrow keys highlight, a click hides or keeps in
 * focus.
 */

import { el } from "./dom.js";
import { layerColour } from "./palette.js";
import { theme } from "./theme.js";
import { MANY } from "./traces.js";

/** @typedef {import("../data/view-state.js").ViewState} ViewState */

export class Legend {
  /**
   * @param {HTMLElement} node
   * @param {ViewState} state
   * @param {(layer: number|null) => void} highlight
   */
  constructor(node, state, highlight) {
    this.node = node;
    this.state = state;
    this.highlight = highlight;
    this.count = 0;
    /** @type {HTMLButtonElement[]} */ this.chips = [];
    node.addEventListener("keydown", (event) => this.#key(event));
    node.addEventListener("pointerleave", () => highlight(null));
  }

  /** @param {{index: number, name?: string}[]} layers */
  render(layers) {
    this.count = layers.length;
    const many = layers.length > MANY;
    this.node.className = many ? "layers many" : "layers";
    this.node.setAttribute("role", "group");
    this.node.setAttribute("aria-label", many ? "Layers: keep one in focus" : "Layers: show or hide");
    this.chips = layers.map((layer, i) => this.#chip(layer.index, i));
    this.node.replaceChildren(...this.chips);
    this.update();
  }

  /** @param {number} layer @param {number} place */
  #chip(layer, place) {
    const swatch = el("span", { class: "swatch" });
    swatch.style.color = layerColour(theme(), layer - 1, this.count);
    const chip = el(
      "button",
      { class: "chip", type: "button", tabindex: place ? "-1" : "0", title: `L${layer}` },
      swatch,
      el("span", { class: "layer-name" }, `L${layer}`),
    );
    chip.addEventListener("click", () => this.#click(layer));
    chip.addEventListener("pointerenter", () => this.highlight(layer));
    chip.addEventListener("focus", () => chip.matches(":focus-visible") && this.highlight(layer));
    chip.addEventListener("blur", () => this.highlight(null));
    return chip;
  }

  /** @param {number} layer */
  #click(layer) {
    this.state.set((state) => {
      if (this.count > MANY) state.focus = state.focus === layer ? null : layer;
      else if (!state.hidden.delete(layer)) state.hidden.add(layer);
    });
  }

  /** Roving focus: one tab stop, arrows move. @param {KeyboardEvent} event */
  #key(event) {
    const here = this.chips.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    const moves = /** @type {Record<string, number>} */ ({
      ArrowRight: here + 1,
      ArrowLeft: here - 1,
      Home: 0,
      End: this.chips.length - 1,
    });
    const to = moves[event.key];
    if (here < 0 || to === undefined || !this.chips[to]) return;
    event.preventDefault();
    this.chips[here].tabIndex = -1;
    this.chips[to].tabIndex = 0;
    this.chips[to].focus();
  }

  update() {
    const many = this.count > MANY;
    this.node.classList.toggle("picked", many && this.state.focus !== null);
    this.chips.forEach((chip, i) => {
      const layer = i + 1;
      const pressed = many ? this.state.focus === layer : !this.state.hidden.has(layer);
      chip.setAttribute("aria-pressed", String(pressed));
      chip.classList.toggle("focused", this.state.focus === layer);
      const swatch = /** @type {HTMLElement} */ (chip.firstElementChild);
      swatch.style.color = layerColour(theme(), i, this.count);
    });
  }
}
