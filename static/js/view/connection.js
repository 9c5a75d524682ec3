/** The words in the top bar about the live connection. They change only when the state does. */
import { el, icon } from "./dom.js";
import { clock, duration } from "./format.js";

/** @typedef {"none" | "live" | "reconnecting" | "offline" | "paused"} Connection */

let shown = "none";
let counting = 0;

/**
 * @param {Connection} state
 * @param {Date | null} last when the server was last heard
 * @param {(() => void) | undefined} retry
 */
export function showConnection(state, last = null, retry = undefined) {
  const node = document.getElementById("connection");
  const key = `${state} ${state === "live" ? "" : last?.getTime()}`;
  if (!node || key === shown) return;
  shown = key;
  window.clearInterval(counting);
  node.classList.toggle("off", state === "reconnecting" || state === "offline");
  node.replaceChildren(...parts(state, last, retry));
}

/** @param {string} text @param {Record<string, string>} attributes */
const words = (text, attributes = {}) => el("span", { class: "words", ...attributes }, text);

/**
 * @param {Connection} state
 * @param {Date | null} last
 * @param {(() => void) | undefined} retry
 * @returns {(Node | string)[]}
 */
function parts(state, last, retry) {
  if (state === "none") return [];
  if (state === "live") return [el("span", { class: "dot live", "aria-hidden": "true" }), words("Live")];
  if (state === "paused") return [words("Paused")];
  if (state === "reconnecting")
    return [icon("warn"), words(last ? `Reconnecting… showing data until ${clock(last)}` : "Reconnecting…")];
  const button = el("button", { class: "link-button", type: "button" }, "Retry");
  if (retry) button.addEventListener("click", retry);
  return [icon("warn"), ...silence(last), ...(retry ? [button] : [])];
}

/** No contact for 12 s, counted on; a screen reader is told once. @param {Date | null} last */
function silence(last) {
  if (!last) return [words("No contact")];
  const counted = words("", { "aria-hidden": "true", title: `Last heard at ${clock(last)}` });
  const count = () =>
    (counted.textContent = `No contact for ${duration(Math.max(1, Math.round((Date.now() - last.getTime()) / 1000)))}`);
  count();
  counting = window.setInterval(count, 1000);
  return [counted, el("span", { class: "sr-only" }, `No contact since ${clock(last)}`)];
}
