/** The switches over the charts, and their keys. */

import { listen } from "../view/keys.js";

/** @typedef {import("../data/view-state.js").ViewState} ViewState */

/** @param {string} id @param {(value: string) => void} choose */
function segment(id, choose) {
  for (const button of document.querySelectorAll(`#${id} button`)) {
    button.addEventListener("click", () => choose(/** @type {HTMLElement} */ (button).dataset.value ?? ""));
  }
}

/** @param {string} id @param {string} value */
function press(id, value) {
  for (const button of document.querySelectorAll(`#${id} button`)) {
    button.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (button).dataset.value === value));
  }
}

/** @param {import("./run-view.js").RunView} view */
export function controls(view) {
  const { state, board } = view;
  segment("axis", (value) => state.set((s) => (s.axis = /** @type {import("../data/view-state.js").Axis} */ (value))));
  segment("smoothing", (value) => state.set((s) => (s.smooth = value === "smooth")));
  document.getElementById("unzoom")?.addEventListener("click", () => board.zoom(null));
  if (state.zoom) board.zoom(state.zoom);
  keys(view);
}

/** @param {ViewState} state */
controls.show = (state) => {
  press("axis", state.axis);
  press("smoothing", state.smooth ? "smooth" : "raw");
  const button = document.getElementById("unzoom");
  if (button) button.hidden = !state.zoom;
};

/**
 * 1 to 9 keep a layer in focus, 0 none; [ and ] the one before and after; s smooths.
 * @param {import("./run-view.js").RunView} view
 */
function keys(view) {
  const { state } = view;
  const layerCount = () => view.layerCount();
  const focus = (/** @type {number|null} */ layer) =>
    state.set((s) => (s.focus = layer === null ? null : Math.min(layerCount(), Math.max(1, layer))));
  const digits = Array.from({ length: 9 }, (_, i) => [String(i + 1), () => i < layerCount() && focus(i + 1)]);
  listen({
    ...Object.fromEntries(digits),
    0: () => focus(null),
    "[": () => focus((state.focus ?? layerCount() + 1) - 1),
    "]": () => focus((state.focus ?? 0) + 1),
    s: () => state.set((s) => (s.smooth = !s.smooth)),
  });
}
