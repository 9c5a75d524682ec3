/** Layers of their own as rows: which layers, frozen or not, how far their losses reach. The rest stays JSON. */
import { el, icon } from "../../view/dom.js";

/**
 * @typedef {{text: string, title: string}} Scope
 * @typedef {Record<string, unknown> & {span?: string, frozen?: boolean, scope?: {kind: string} | null}} Override
 */

const OWN = ["span", "frozen", "scope"];

/** @param {string} text @returns {Override[] | null} null for what is no list of overrides */
export function overrides(text) {
  try {
    const found = JSON.parse(text.trim() || "[]");
    return Array.isArray(found) && found.every((row) => row && typeof row === "object" && !Array.isArray(row))
      ? found
      : null;
  } catch {
    return null;
  }
}

/** What else a row sets, in words: "objective threshold". @param {Override} row */
export function besides(row) {
  const more = Object.entries(row).filter(([name, value]) => !OWN.includes(name) && value !== null);
  return more
    .map(
      ([name, value]) =>
        `${name} ${value && typeof value === "object" && "kind" in value ? value.kind : JSON.stringify(value)}`,
    )
    .join(", ");
}

/**
 * A row with another scope; the same kind keeps its fields, none is as the run has it.
 * @param {Override} row
 * @param {string} kind
 * @returns {Override}
 */
export function withScope(row, kind) {
  const { scope, ...rest } = row;
  if (!kind) return rest;
  return { ...rest, scope: scope?.kind === kind ? scope : { kind } };
}

/**
 * @param {HTMLTextAreaElement} source
 * @param {Scope[]} scopes
 */
export function spans(source, scopes) {
  const fold = /** @type {HTMLDetailsElement} */ (source.closest("details"));
  const list = el("div", { class: "rows", role: "group", "aria-label": "Layers of their own" });
  fold.parentElement?.querySelector("ul.spans")?.remove();
  fold.before(list);

  /** @param {Override[]} rows @param {number} [focus] */
  function write(rows, focus) {
    source.value = rows.length ? JSON.stringify(rows) : "";
    draw(focus);
    source.dispatchEvent(new Event("input", { bubbles: true }));
    source.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /** @param {Override[]} rows @param {number} i @param {Override} row */
  const replace = (rows, i, row) => rows.map((other, at) => (at === i ? row : other));

  /** @param {Override} row @param {number} i @param {Override[]} rows */
  function line(row, i, rows) {
    const n = `row ${i + 1}`;
    const span = el("input", {
      value: String(row.span ?? ""),
      placeholder: "2-4",
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": `Layers of ${n}: 2, 2-4, or 3- for all above`,
    });
    span.addEventListener("change", (event) => {
      event.stopPropagation();
      write(replace(rows, i, { ...row, span: span.value.trim() }));
    });
    span.addEventListener("input", (event) => event.stopPropagation());
    const frozen = el("input", { type: "checkbox", checked: row.frozen === true });
    frozen.addEventListener("change", (event) => {
      event.stopPropagation();
      const { frozen: _, ...rest } = row;
      write(replace(rows, i, frozen.checked ? { ...rest, frozen: true } : rest));
    });
    const scope = el(
      "select",
      { "aria-label": `Scope of ${n}` },
      el("option", { value: "" }, "Scope as the run"),
      ...scopes.map(({ text, title }) => el("option", { value: text, selected: row.scope?.kind === text }, title)),
    );
    scope.addEventListener("change", (event) => {
      event.stopPropagation();
      write(replace(rows, i, withScope(row, scope.value)));
    });
    const drop = el("button", { type: "button", class: "btn icon", "aria-label": `Remove ${n}` }, icon("bad"));
    drop.addEventListener("click", () => write(rows.toSpliced(i, 1), Math.max(0, i - 1)));
    const more = besides(row);
    return el(
      "div",
      { class: "row" },
      el("span", {}, "Layers"),
      span,
      el("label", { class: "check-label" }, frozen, el("span", {}, "Frozen")),
      el("span", { class: "sel" }, scope, icon("down")),
      drop,
      ...(more ? [el("span", { class: "more" }, more)] : []),
    );
  }

  /** @param {number} [focus] */
  function draw(focus) {
    const rows = overrides(source.value);
    if (!rows) {
      list.replaceChildren();
      fold.open = true;
      return;
    }
    const add = el("button", { type: "button", class: "btn" }, icon("plus"), "Add layers of their own");
    add.addEventListener("click", () => write([...rows, { span: "1", frozen: true }], rows.length));
    list.replaceChildren(...rows.map(line), add);
    if (focus === undefined) return;
    const target = list.querySelectorAll("input:not([type])")[focus] ?? add;
    if (target instanceof HTMLElement) target.focus();
  }

  source.addEventListener("sync", () => draw());
  source.addEventListener("change", (event) => {
    if (event.isTrusted) draw();
  });
  draw();
}
