/** Status pills: icon, word and tint, from the table of statuses that every page carries. */
import { el, icon, pageData } from "./dom.js";

/** @typedef {{word: string, icon: string, tone: string, sentence: string}} Status */

/** @type {Record<string, Status> | undefined} */
let table;

/**
 * @param {string} status
 * @returns {Status}
 */
export function statusOf(status) {
  table ??= /** @type {Record<string, Status>} */ (pageData("statuses") ?? {});
  return table[status] ?? { word: status, icon: "none", tone: "idle", sentence: "" };
}

/** @param {string} status */
export function pill(status) {
  const s = statusOf(status);
  return el("span", { class: `pill ${s.tone}`, "data-status": status }, icon(s.icon), el("span", {}, s.word));
}

/**
 * Put another pill in the place of `node`, only when the status differs; returns the one that stands there now.
 * @param {HTMLElement} node
 * @param {string} status
 */
export function updatePill(node, status) {
  if (node.dataset.status === status) return node;
  const fresh = pill(status);
  node.replaceWith(fresh);
  return fresh;
}
