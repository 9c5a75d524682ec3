/** The words in the top bar about the live connection. They change only when the state does. */
import { el, icon } from "./dom.js";
import { clock } from "./format.js";

/** @typedef {"none" | "live" | "reconnecting" | "offline" | "paused"} Connection */

let shown = "none";

/**
 * @param {Connection} state
 * @param {Date | null} last when the newest data came
 * @param {(() => void) | undefined} retry
 */
export function showConnection(state, last = null, retry = undefined) {
  const node = document.getElementById("connection");
  const key = `${state} ${state === "live" ? "" : last?.getTime()}`;
  if (!node || key === shown) return;
  shown = key;
  const at = last ? clock(last) : "";
  node.classList.toggle("off", state === "reconnecting" || state === "offline");
  node.replaceChildren(...parts(state, at, retry));
}

/**
 * @param {Connection} state
 * @param {string} at
 * @param {(() => void) | undefined} retry
 * @returns {(Node | string)[]}
 */
function parts(state, at, retry) {
  const words = (/** @type {string} */ text) => el("span", { class: "t" }, text);
  if (state === "none") return [];
  if (state === "live") return [el("span", { class: "dot live", "aria-hidden": "true" }), words("Live")];
  if (state === "paused") return [words("Paused")];
  if (state === "reconnecting") return [icon("warn"), words(at ? `Reconnecting… showing data until ${at}` : "Reconnecting…")];
  const button = el("button", { class: "lnk", type: "button" }, "Retry");
  if (retry) button.addEventListener("click", retry);
  return [icon("warn"), words(at ? `Offline. Last update ${at}.` : "Offline."), ...(retry ? [button] : [])];
}
