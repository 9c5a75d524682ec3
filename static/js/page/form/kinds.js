/** An axis shows the fields of its chosen kind; those of kinds that were left keep what was typed into them. */

/** What was left behind, by choice and tag: the live nodes, so that going back brings everything back. */
/** @type {WeakMap<Element, Map<string, DocumentFragment>>} */
const left = new WeakMap();

/**
 * @param {Element} choice
 * @returns {HTMLElement}
 */
function place(choice) {
  return /** @type {HTMLElement} */ ([...choice.children].find((node) => node.matches(".kind")));
}

/** @param {Element} choice @param {string} tag */
function template(choice, tag) {
  return [...choice.children].find((node) => node instanceof HTMLTemplateElement && node.dataset["kind"] === tag);
}

/** @param {Element} choice */
function kept(choice) {
  let found = left.get(choice);
  if (!found) left.set(choice, (found = new Map()));
  return found;
}

/**
 * The fields of a kind that is not shown: what was left, else as they come.
 * @param {Element} choice
 * @param {string} tag
 * @returns {DocumentFragment | null}
 */
export function hiddenFields(choice, tag) {
  const own = kept(choice);
  const source = template(choice, tag);
  if (!own.has(tag) && source instanceof HTMLTemplateElement) own.set(tag, document.importNode(source.content, true));
  return own.get(tag) ?? null;
}

/**
 * Show the fields of `tag` in a choice.
 * @param {HTMLElement} choice
 * @param {string} tag
 * @returns {boolean} whether anything changed
 */
export function showKind(choice, tag) {
  const now = place(choice);
  const before = now.dataset["kind"] ?? "";
  if (before === tag) return false;
  const fields = hiddenFields(choice, tag);
  const away = document.createDocumentFragment();
  away.append(...now.childNodes);
  kept(choice).set(before, away);
  kept(choice).delete(tag);
  if (fields) now.append(fields);
  now.dataset["kind"] = tag;
  return true;
}

/**
 * What was typed into kinds that are not shown, as {"objective=threshold": {"objective.theta": "1.5"}}.
 * @param {ParentNode} form
 */
export function leftTexts(form) {
  /** @type {Record<string, Record<string, string>>} */
  const found = {};
  for (const choice of form.querySelectorAll("[data-choice]")) {
    for (const [tag, fields] of left.get(choice) ?? []) {
      const texts = Object.fromEntries(
        [...fields.querySelectorAll("input:not([type=hidden], [type=radio], [type=checkbox]), select")].map((c) => {
          const control = /** @type {HTMLInputElement} */ (c);
          return [control.name, control.value];
        }),
      );
      if (Object.keys(texts).length) found[`${choice.getAttribute("data-field")}=${tag}`] = texts;
    }
  }
  return found;
}

/**
 * Put the texts of `leftTexts` back.
 * @param {ParentNode} form
 * @param {Record<string, Record<string, string>>} texts
 */
export function restoreLeft(form, texts) {
  for (const [key, values] of Object.entries(texts)) {
    const [path = "", tag = ""] = key.split("=");
    const choice = [...form.querySelectorAll("[data-choice]")].find((node) => node.getAttribute("data-field") === path);
    const fields = choice && place(choice).dataset["kind"] !== tag ? hiddenFields(choice, tag) : null;
    for (const control of fields?.querySelectorAll("input, select") ?? []) {
      const one = /** @type {HTMLInputElement} */ (control);
      const value = values[one.name];
      if (value !== undefined && one.type !== "hidden") one.value = value;
    }
  }
}
