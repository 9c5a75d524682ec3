/** Small helpers over the DOM. User text goes in as text, never as markup. */
import { THIN } from "./format.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | boolean>} attributes
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== false) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/**
 * An icon of templates/parts/icons.html.
 * @param {string} name
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "glyph");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/**
 * Put a formatted quantity into an element: the number, then its unit small and grey. Untouched when nothing changed.
 * @param {Element | null} node
 * @param {string} text
 */
export function setQuantity(node, text) {
  if (!node || node.textContent === text.replace(THIN, "")) return;
  const at = text.indexOf(THIN);
  if (at < 0) node.textContent = text;
  else node.replaceChildren(text.slice(0, at), el("span", { class: "unit" }, text.slice(at + 1)));
}

/**
 * @param {Element | null} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node && node.textContent !== text) node.textContent = text;
}

/**
 * The data that the page came with (Django's json_script).
 * @param {string} id
 * @returns {any}
 */
export function pageData(id) {
  const node = document.getElementById(id);
  return node ? JSON.parse(node.textContent ?? "null") : null;
}
