/** Reading and setting the fields of the form by their dotted names. */

/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Control */

/** @param {string} text a value for an attribute selector */
export const quoted = (text) => `"${CSS.escape(text)}"`;

/**
 * The wrapper of a field: `.field[data-field]`.
 * @param {ParentNode} form
 * @param {string} path
 */
export function wrapper(form, path) {
  return /** @type {HTMLElement | null} */ (form.querySelector(`[data-field=${quoted(path)}]`));
}

/**
 * The texts of all fields that are shown, by name; of a checkbox and its hidden "false" the last one counts.
 * @param {HTMLFormElement} form
 * @returns {Record<string, string>}
 */
export function texts(form) {
  /** @type {Record<string, string>} */
  const found = {};
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && name !== "csrfmiddlewaretoken") found[name] = value;
  }
  return found;
}

/**
 * Put a text into a field, as if it had been typed, and tell its editors.
 * @param {ParentNode} form
 * @param {string} name
 * @param {string} text
 * @returns {boolean} whether there is such a field, and such a value in it
 */
export function setText(form, name, text) {
  const controls = /** @type {Control[]} */ ([
    ...form.querySelectorAll(`[name=${quoted(name)}]:not([type=hidden], button)`),
  ]);
  const control = controls.find((c) => !isRadio(c) || c.value === text);
  if (!control) return false;
  control.disabled = false;
  if (isRadio(control)) control.checked = true;
  else if (control instanceof HTMLInputElement && control.type === "checkbox") control.checked = text === "true";
  else control.value = text;
  control.dispatchEvent(new Event("sync"));
  control.dispatchEvent(new Event("change", { bubbles: true }));
  return control instanceof HTMLSelectElement ? control.value === text : true;
}

/** @param {Control} control @returns {control is HTMLInputElement} */
function isRadio(control) {
  return control instanceof HTMLInputElement && control.type === "radio";
}

/**
 * Whether two texts mean the same value: 60,000 is 60000, 1e-3 is 0.001.
 * @param {string} a
 * @param {string} b
 */
export function same(a, b) {
  const [p, q] = [plain(a), plain(b)];
  if (p === q || widths(a).join() === widths(b).join()) return true;
  return p !== "" && q !== "" && Number(p) === Number(q);
}

/** @param {string} text */
function plain(text) {
  const short = text.trim().replace("−", "-");
  return /^[+-]?\d{1,3}(,\d{3})+$/.test(short) ? short.replaceAll(",", "") : short;
}

/**
 * The widths in a text: "500, 500" and "500 → 500" are two.
 * @param {string} text
 * @returns {string[]}
 */
export function widths(text) {
  return text.split(/[\s,;→×[\]()]+/).filter(Boolean);
}

/**
 * How many runs a seeds text asks for ("0, 1, 2" or "0-4"); null where it cannot be read.
 * @param {string} text
 */
export function countSeeds(text) {
  const seeds = new Set();
  for (const part of text.trim().split(/[\s,;]+/)) {
    const match = part.match(/^(\d{1,10})(?:[-–](\d{1,10}))?$/);
    if (!match) return null;
    const [first, last] = [Number(match[1]), Number(match[2] ?? match[1])];
    if (last - first >= 20) return null;
    for (let seed = first; seed <= last; seed++) seeds.add(seed);
  }
  return seeds.size >= 1 && seeds.size <= 20 ? seeds.size : null;
}

/** How many controls are ticked. @param {Record<string, string>} now */
export const countControls = (now) => Object.keys(now).filter((name) => name.startsWith("against.")).length;

/** @param {number} runs */
export const startWords = (runs) => (runs === 1 ? "Start run" : `Start ${runs} runs`);

/** @param {number} runs */
export const twinWords = (runs) => `Start with backprop twin${runs === 1 ? "" : ` (${runs} + ${runs})`}`;
