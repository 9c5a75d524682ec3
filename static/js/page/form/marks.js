/** Which fields differ from where the form began: bars, reset links, counts in the groups' heads. */
import { same, texts, wrapper } from "./fields.js";

/**
 * @param {HTMLElement} field
 * @param {boolean} changed
 */
export function markField(field, changed) {
  field.classList.toggle("changed", changed);
  const was = field.querySelector(":scope > .field-label > .was > span");
  if (was instanceof HTMLElement) was.hidden = !changed;
}

/** Mark every field that is shown, from what stands in it. @param {HTMLFormElement} form */
export function markAll(form) {
  const now = texts(form);
  for (const field of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-was]"))) {
    const path = field.dataset["field"] ?? "";
    const text = now["choice" in field.dataset ? `${path}.kind` : path];
    if (text !== undefined) markField(field, !same(text, field.dataset["was"] ?? ""));
  }
  countAll(form);
}

/** @param {HTMLFormElement} form */
export function countAll(form) {
  for (const group of form.querySelectorAll(".group")) {
    show(group, ".badge.to-fix", group.querySelectorAll(".field.bad").length);
    show(
      group,
      ".badge.changed",
      group.querySelector(".field.bad") ? 0 : group.querySelectorAll(".field.changed").length,
    );
  }
}

/** @param {Element} group @param {string} selector @param {number} count */
function show(group, selector, count) {
  const badge = group.querySelector(selector);
  if (!(badge instanceof HTMLElement)) return;
  badge.hidden = count === 0;
  const number = badge.querySelector("span");
  if (number) number.textContent = String(count);
}

/**
 * Put a field, or all fields below a path, back to where they began.
 * @param {HTMLFormElement} form
 * @param {string} path
 * @param {(form: HTMLFormElement, name: string, text: string) => boolean} set
 * @returns {boolean} whether that could be done here
 */
export function resetField(form, path, set) {
  const field = wrapper(form, path);
  const was = field?.dataset["was"];
  if (!field || was === undefined) return false;
  if (!("choice" in field.dataset)) return set(form, path, was);
  if (!set(form, `${path}.kind`, was)) return false;
  const inner = /** @type {NodeListOf<HTMLElement>} */ (field.querySelectorAll("[data-was]"));
  return [...inner].every((child) => resetField(form, child.dataset["field"] ?? "", set));
}
