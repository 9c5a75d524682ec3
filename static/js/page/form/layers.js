/** The list of layers (widths, or texts such as 32p) as a chain of boxes; the text field behind it is what is sent. */
import { el, icon } from "../../view/dom.js";
import { layerColour } from "../../view/palette.js";
import { svg } from "../../view/svg.js";
import { onTheme, theme } from "../../view/theme.js";
import { widths } from "./fields.js";

const MOST = 64;
const FIRST_WIDTH = "500";

/**
 * @param {HTMLInputElement} source
 * @param {() => number | null} inputs width of the input, for the head of the chain
 */
export function chain(source, inputs) {
  const list = el("div", { class: "layer-list", role: "group", "aria-label": "Layers, from the input up" });
  const first = `${source.id}-1`;
  const named = source.inputMode === "numeric" ? "Units" : "Channels";
  const described = source.getAttribute("aria-describedby") ?? "";
  source.closest(".field")?.querySelector("label")?.setAttribute("for", first);
  source.hidden = true;
  source.after(list);

  /** @param {string[]} sizes @param {number} [focus] */
  function write(sizes, focus) {
    source.value = sizes.join(", ");
    draw(focus);
    source.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** @param {string} size @param {number} i @param {string[]} sizes */
  function layer(size, i, sizes) {
    const input = el("input", {
      value: size,
      inputmode: source.inputMode,
      autocomplete: "off",
      "aria-label": `${named} of layer ${i + 1}`,
      "aria-describedby": described,
      "data-for": source.name,
    });
    if (i === 0) input.id = first;
    input.addEventListener("input", () => {
      source.value = [...list.querySelectorAll("input")].map((node) => node.value.trim() || "0").join(", ");
    });
    const swatch = svg(
      "svg",
      { class: "swatch", viewBox: "0 0 14 4", "aria-hidden": "true" },
      svg("rect", { width: 14, height: 4, fill: layerColour(theme(), i, sizes.length) }),
    );
    const drop = el("button", { type: "button", "aria-label": `Remove layer ${i + 1}` }, icon("bad"));
    drop.hidden = sizes.length === 1;
    drop.addEventListener("click", () => write(sizes.toSpliced(i, 1), Math.max(0, i - 1)));
    return el("span", { class: "layer-size" }, swatch, `L${i + 1}`, input, drop);
  }

  /** @param {number} [focus] */
  function draw(focus) {
    const sizes = widths(source.value);
    const before = inputs();
    const add = el("button", { type: "button", class: "btn" }, icon("plus"), "Add layer");
    add.addEventListener("click", () =>
      write([...widths(source.value), widths(source.value).at(-1) ?? FIRST_WIDTH], sizes.length),
    );
    const arrow = () => el("span", { class: "arr", "aria-hidden": "true" }, "→");
    const head = before ? [el("span", { class: "arr" }, `${before}`), arrow()] : [];
    const parts = sizes.flatMap((size, i) => (i ? [arrow(), layer(size, i, sizes)] : [layer(size, i, sizes)]));
    list.replaceChildren(...head, ...parts, ...(sizes.length < MOST ? [add] : []));
    if (focus !== undefined) list.querySelectorAll("input")[focus]?.focus();
  }

  source.addEventListener("sync", () => draw());
  onTheme(() => draw());
  draw();
}
