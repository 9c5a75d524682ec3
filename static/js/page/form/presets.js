/** The list of presets: a filter over it. Without scripts it is a plain list. */

/**
 * Whether a preset has every word of a filter.
 * @param {string} words in lower case
 * @param {string} wanted
 */
export function matches(words, wanted) {
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => words.includes(word));
}

/** @param {HTMLElement} picker */
export function filterPresets(picker) {
  const find = picker.querySelector(".find");
  const box = picker.querySelector("input");
  const said = picker.querySelector("[role=status]");
  const items = /** @type {HTMLElement[]} */ ([...picker.querySelectorAll("li")]);
  if (!(find instanceof HTMLElement) || !box || !said) return;
  find.hidden = false;

  const shown = () =>
    items.filter((item) => !item.hidden).map((item) => /** @type {HTMLElement} */ (item.querySelector("a")));

  box.addEventListener("input", () => {
    for (const item of items) item.hidden = !matches(item.dataset["words"] ?? "", box.value.trim());
    for (const section of picker.querySelectorAll("section"))
      section.hidden = !section.querySelector("li:not([hidden])");
    const found = shown().length;
    said.textContent = box.value.trim() ? `${found} of ${items.length}` + (found ? "" : ": try mnist, conv, text") : "";
  });
  box.addEventListener("keydown", (event) => {
    const [first] = shown();
    if (event.key === "Enter") {
      event.preventDefault();
      if (box.value.trim()) first?.click();
    } else if (event.key === "ArrowDown") {
      event.preventDefault();
      first?.focus();
    } else if (event.key === "Escape" && box.value) {
      box.value = "";
      box.dispatchEvent(new Event("input"));
    }
  });
  picker.querySelector("nav")?.addEventListener("keydown", (event) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const links = shown();
    const at = links.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    if (!step || at < 0) return;
    event.preventDefault();
    (at + step < 0 ? box : links[at + step])?.focus();
  });
}
