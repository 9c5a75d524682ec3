/** One short message at the foot of the page: 6 s, 10 s with something to undo, longer under the pointer or focus. */
import { el } from "./dom.js";

/** @typedef {{label: string, run: () => void}} Action */

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

function region() {
  const found = document.getElementById("toasts");
  if (found) return found;
  const made = el("div", { class: "toasts", id: "toasts", role: "status" });
  document.body.append(made);
  return made;
}

/** @param {HTMLElement} node @param {number} ms */
function expire(node, ms) {
  clearTimeout(timer);
  const later = () => {
    if (node.matches(":hover, :focus-within")) timer = setTimeout(later, 1000);
    else node.remove();
  };
  timer = setTimeout(later, ms);
}

/**
 * @param {string} text
 * @param {{action?: Action, bad?: boolean}} options
 */
export function toast(text, { action, bad = false } = {}) {
  const node = el("div", { class: bad ? "toast bad" : "toast" }, el("span", {}, text));
  if (action) {
    const button = el("button", { class: "btn", type: "button" }, action.label);
    button.addEventListener("click", () => {
      node.remove();
      action.run();
    });
    node.append(button);
  }
  region().replaceChildren(node);
  expire(node, action ? 10_000 : bad ? 12_000 : 6_000);
}

/** Messages that came with the page go away in the same time. */
export function expireServerToasts() {
  const nodes = document.querySelectorAll("#toasts > .toast");
  for (const node of nodes) {
    if (node instanceof HTMLElement) expire(node, node.querySelector("form") ? 10_000 : 6_000);
  }
}
