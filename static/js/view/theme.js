/** Light, dark or the system's: a cookie, so that the server renders it; `token` gives scripts the resolved colours. */

import { cookiePath } from "../net/root.js";
import { hexPair } from "./palette.js";

/** @typedef {"light" | "dark"} Theme */

const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");

/** @returns {Theme} */
export function theme() {
  const chosen = root.dataset.theme;
  if (chosen === "light" || chosen === "dark") return chosen;
  return system.matches ? "dark" : "light";
}

/** @type {HTMLElement | undefined} */
let probe;

/**
 * The literal colour of a token ("--accent") in the theme of now: chart libraries take no var().
 * @param {string} name
 * @returns {string} #rrggbb, or rgba() for one with transparency
 */
export function token(name) {
  if (!probe) {
    probe = document.createElement("span");
    probe.hidden = true;
    document.body.append(probe);
  }
  probe.style.color = `var(${name})`;
  const computed = getComputedStyle(probe).color;
  const parts = computed.match(/^rgb\((\d+), (\d+), (\d+)\)$/);
  return parts
    ? "#" +
        parts
          .slice(1)
          .map((n) => hexPair(Number(n)))
          .join("")
    : computed;
}

/** @type {Set<() => void>} */
const listeners = new Set();

/**
 * Call `listener` after every change of theme, by the button or by the system.
 * @param {() => void} listener
 * @returns {() => void} ends it
 */
export function onTheme(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function changed() {
  for (const listener of listeners) listener();
}

/** @param {Theme} chosen */
export function setTheme(chosen) {
  root.dataset.theme = chosen;
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `theme=${chosen}; path=${cookiePath}; max-age=31536000; samesite=lax${secure}`;
  changed();
}

system.addEventListener("change", () => {
  if (!root.dataset.theme) changed();
});
