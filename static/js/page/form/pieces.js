/** Put what the server answered into the page, without touching what somebody is typing into. */
import { quoted, wrapper } from "./fields.js";
import { countAll, markField } from "./marks.js";

/** @typedef {import("./check.js").Answer} Answer */
/** @typedef {import("./check.js").Piece} Piece */

const LOW = 860; // px: in a lower window the list of changes is folded, so that the buttons stay in sight

/** Markup from our own templates. @param {Element | null} node @param {string} html */
function setHtml(node, html) {
  if (node && node.innerHTML.trim() !== html.trim()) node.innerHTML = html;
}

/** @param {string} id @param {string} text */
function say(id, text) {
  const node = document.getElementById(id);
  if (node && node.textContent !== text) node.textContent = text;
}

/** @param {HTMLFormElement} form @param {Answer} answer */
export function applyAnswer(form, answer) {
  for (const [path, piece] of Object.entries(answer.fields)) {
    const field = wrapper(form, path);
    if (field) applyPiece(field, path, piece);
  }
  applyErrors(wrapper(form, "name"), "name", answer.name);
  applyErrors(wrapper(form, "seeds"), "seeds", answer.seeds);
  applyGroups(form, answer);
  applyControls(form, answer);
  applyPreview(answer);
  countAll(form);
}

/** @param {HTMLElement} field @param {string} path @param {Piece} piece */
function applyPiece(field, path, piece) {
  applyErrors(field, path, piece.errors);
  markField(field, piece.changed);
  if (piece.aside) say(`h-${path}`, piece.aside);
  const title = field.querySelector(":scope > .field-label > label");
  if (title && piece.title) title.textContent = piece.title;
  const unit = field.querySelector(":scope > .field-control > .field-unit");
  if (unit && piece.unit) unit.textContent = piece.unit;
  field.hidden = piece.gone;
  if (piece.off) applyMisfits(field, path, piece.off, piece.without ?? []);
  if (piece.why !== undefined) setHtml(document.getElementById(`w-${path}`), piece.why);
}

/** @param {HTMLElement | null} field @param {string} path @param {string} html */
function applyErrors(field, path, html) {
  const bad = html.trim() !== "";
  field?.classList.toggle("bad", bad);
  setHtml(document.getElementById(`e-${path}`), html);
  for (const control of field?.querySelectorAll(
    `[name=${quoted(path)}]:not([type=hidden]), [data-for=${quoted(path)}]`,
  ) ?? []) {
    if (bad) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
  }
}

/**
 * Values that do not go with the rest; those of `without` are for other data and are not shown. What is chosen stays.
 * @param {HTMLElement} field
 * @param {string} path
 * @param {Record<string, string>} off
 * @param {string[]} without
 */
function applyMisfits(field, path, off, without) {
  const name = quoted(`${path}.kind`);
  for (const node of field.querySelectorAll(`input[name=${name}], select[name=${name}] option`)) {
    const option = /** @type {HTMLInputElement | HTMLOptionElement} */ (node);
    const reason = off[option.value];
    option.disabled = reason !== undefined;
    const tile = option.closest("label");
    if (tile) tile.title = reason ?? "";
    (tile ?? option).hidden = without.includes(option.value);
  }
  const select = field.querySelector(`select[name=${name}]`);
  if (select instanceof HTMLSelectElement) sortOptions(select);
}

/** Options that cannot be chosen stand last, under a heading that says so. @param {HTMLSelectElement} select */
function sortOptions(select) {
  const rest = select.querySelector("optgroup");
  if (!rest) return;
  const chosen = select.value;
  const options = [...select.options].sort((a, b) => Number(a.dataset["n"]) - Number(b.dataset["n"]));
  rest.before(...options.filter((option) => !option.disabled));
  rest.append(...options.filter((option) => option.disabled));
  rest.hidden = !options.some((option) => option.disabled && !option.hidden);
  select.value = chosen;
}

/** Controls that this run cannot have. @param {HTMLFormElement} form @param {Answer} answer */
function applyControls(form, answer) {
  for (const [name, reason] of Object.entries(answer.controls)) {
    const box = form.querySelector(`[name=${quoted(`against.${name}`)}]`);
    if (box instanceof HTMLInputElement) box.disabled = reason !== "";
  }
  setHtml(document.getElementById("w-against"), answer.html.no_controls);
}

/** @param {HTMLFormElement} form @param {Answer} answer */
function applyGroups(form, answer) {
  for (const { name, summary, more } of answer.groups) {
    const folded = form.querySelector(`[data-group=${quoted(name)}] > .group-body > details.rare > summary`);
    if (folded) folded.textContent = `More: ${more}`;
    const node = form.querySelector(`[data-group=${quoted(name)}] > summary > .summary`);
    if (node && node.textContent !== summary) node.textContent = summary;
  }
}

/** @param {Answer} answer */
function applyPreview(answer) {
  setHtml(document.getElementById("numbers"), answer.html.numbers);
  const before = document.querySelector("#changes details");
  const folded = before ? !before.hasAttribute("open") : innerHeight < LOW;
  setHtml(document.getElementById("changes"), answer.html.changes);
  if (folded) document.querySelector("#changes details")?.removeAttribute("open");
  const name = document.getElementById("f-name");
  if (name instanceof HTMLInputElement) name.placeholder = answer.auto_name;
  say("start", answer.start);
  say("foot-start", answer.start);
  const twin = document.getElementById("start-twin");
  const words = document.getElementById("twin-words");
  if (twin) twin.hidden = answer.twin === null;
  if (words) words.hidden = answer.twin === null;
  if (answer.twin !== null) say("start-twin", answer.twin);
  say("line", answer.line);
  say("foot-words", answer.foot);
  say("command", answer.command);
}
