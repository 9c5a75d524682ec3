/** The form for a new run: what a browser knows at once changes at once; the rest is one question to the server. */
import { pageData, setText as setWords } from "../view/dom.js";
import { drawNet } from "../view/net-drawing.js";
import { typed } from "../view/net-geometry.js";
import { onTheme } from "../view/theme.js";
import { thetaPicture } from "../view/theta.js";
import { checker } from "./form/check.js";
import * as draft from "./form/draft.js";
import { countControls, countSeeds, setText, startWords, texts, twinWords, widths, wrapper } from "./form/fields.js";
import { leftTexts, restoreLeft, showKind } from "./form/kinds.js";
import { chain } from "./form/layers.js";
import { markAll, resetField } from "./form/marks.js";
import { applyAnswer } from "./form/pieces.js";
import { filterPresets } from "./form/presets.js";
import { spans } from "./form/spans.js";

/** @typedef {import("../view/net-geometry.js").Net} Net */

const form = /** @type {HTMLFormElement} */ (document.getElementById("new-run"));
const key = form.dataset["draft"] ?? "";
const SPOKEN_EVERY = 5000; // ms

/** @type {Net} */
let net = pageData("net-data");
const began = texts(form);
let spoken = 0;

const ask = checker(form, {
  answer(answer) {
    const wider = answer.net.inputs !== net.inputs;
    net = answer.net;
    if (wider) form.querySelector("[data-chain] > input")?.dispatchEvent(new Event("sync"));
    applyAnswer(form, answer);
    enhance();
    drawPictures();
    speak(answer.said);
  },
  failed(words) {
    speak(words, true);
    const row = document.querySelector("#numbers .est");
    const note = document.createElement("p");
    note.className = "mind";
    note.textContent = words;
    document.querySelector("#numbers .mind.away")?.remove();
    note.classList.add("away");
    row?.after(note);
  },
});

/** Tell a screen reader, but not with every key. @param {string} words @param {boolean} [now] */
function speak(words, now = false) {
  if (!now && Date.now() - spoken < SPOKEN_EVERY) return;
  spoken = Date.now();
  setWords(document.getElementById("said"), words);
}

// ── pictures ────────────────────────────────────────────────────────────────────────────────────────────────────
function drawPictures() {
  const chained = form.querySelector("[data-chain] > input");
  const shown = chained instanceof HTMLInputElement ? typed(net, widths(chained.value)) : net;
  document.getElementById("net")?.replaceChildren(drawNet(shown));
  drawTheta(texts(form));
}

/** @param {Record<string, string>} now */
function drawTheta(now) {
  const field = wrapper(form, "objective.theta");
  if (!field) return;
  const [theta, slope] = [Number(now["objective.theta"]), Number(now["objective.slope"] ?? 1)];
  let place = field.parentElement?.querySelector(".pic");
  if (!place) {
    place = document.createElement("div");
    place.className = "pic";
    field.after(place);
  }
  if (Number.isFinite(theta) && slope > 0 && now["objective.theta"]?.trim())
    place.replaceChildren(thetaPicture(theta, slope));
}

/** Editors over plain fields; fields of a kind that has just been shown get theirs too. */
function enhance() {
  for (const box of form.querySelectorAll("[data-chain]:not(.chained)")) {
    box.classList.add("chained");
    const source = box.querySelector("input");
    if (source) chain(source, () => net.inputs);
  }
  for (const fold of form.querySelectorAll("[data-spans]:not(.rowed)")) {
    fold.classList.add("rowed");
    const source = fold.querySelector("textarea");
    if (source) spans(source, pageData("scopes-data"));
  }
}

// ── what somebody does ──────────────────────────────────────────────────────────────────────────────────────────
/** @param {boolean} soon */
function changed(soon) {
  markAll(form);
  drawPictures();
  const now = texts(form);
  const runs = countSeeds(now["seeds"] ?? "");
  if (runs !== null) {
    const all = runs * (1 + countControls(now));
    setWords(document.getElementById("start"), startWords(all));
    setWords(document.getElementById("foot-start"), startWords(all));
    setWords(document.getElementById("start-twin"), twinWords(runs));
  }
  keepDraft();
  ask(soon);
}

form.addEventListener("input", (event) => {
  const typed = event.target instanceof HTMLInputElement && !["radio", "checkbox"].includes(event.target.type);
  if (typed) changed(false);
});

form.addEventListener("change", (event) => {
  const target = event.target;
  if (!(
    target instanceof HTMLInputElement ||
    target instanceof HTMLSelectElement ||
    target instanceof HTMLTextAreaElement
  ))
    return;
  if (target.name.endsWith(".kind")) chooseKind(target.name.slice(0, -".kind".length), target.value);
  changed(true);
});

/** @param {string} path @param {string} tag */
function chooseKind(path, tag) {
  const choice = wrapper(form, path);
  if (choice && showKind(choice, tag)) enhance();
}

form.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (button) press(button, event);
});
document.getElementById("summary")?.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (button) press(button, event);
});

/**
 * Reset and repair in place; where that cannot be done the button goes to the server.
 * @param {HTMLButtonElement} button
 * @param {Event} event
 */
function press(button, event) {
  if (button.name !== "reset" && button.name !== "set") return;
  const done =
    button.name === "set"
      ? repair(button.value)
      : button.value === ""
        ? resetAll()
        : resetField(form, button.value, setText);
  if (!done) return;
  event.preventDefault();
  if (button.closest("#summary")) document.getElementById("summary")?.replaceChildren();
}

/** @param {string} value "objective.kind=threshold;objective.theta=2" */
function repair(value) {
  /** @type {Record<string, string>} */
  const wanted = Object.fromEntries(
    value.split(";").map((part) => [part.slice(0, part.indexOf("=")), part.slice(part.indexOf("=") + 1)]),
  );
  return draft.changedTexts({}, wanted).every(([name, text]) => setText(form, name, text));
}

function resetAll() {
  draft.drop(key);
  location.assign(form.getAttribute("action") ?? location.href);
  return true;
}

form.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button?.id === "enter") {
    event.preventDefault(); // Enter in a field checks; it does not start a training
    ask(true);
    return;
  }
  if (!(button instanceof HTMLButtonElement) || button.name !== "do") return;
  draft.drop(key);
  setTimeout(() => {
    button.disabled = true;
    button.textContent = "Starting…";
  });
});
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // back from the run page: the button still says "Starting…"
});

// ── the draft ───────────────────────────────────────────────────────────────────────────────────────────────────
function keepDraft() {
  const now = texts(form);
  if (draft.changedTexts(began, now).length) draft.save(key, { texts: now, left: leftTexts(form) });
  else draft.drop(key);
}

function restoreDraft() {
  const kept = draft.load(key);
  const differing = kept ? draft.changedTexts(began, kept.texts) : [];
  if (!kept || !differing.length) return;
  for (const [name, text] of differing) setText(form, name, text);
  restoreLeft(form, kept.left);
  const note = document.getElementById("restored");
  if (!note) return;
  note.hidden = false;
  note.querySelector("button")?.addEventListener("click", resetAll);
}

// ── start ───────────────────────────────────────────────────────────────────────────────────────────────────────
function foldForPhone() {
  if (!matchMedia("(max-width: 699px)").matches) return;
  document.getElementById("picker")?.removeAttribute("open");
  [...form.querySelectorAll("details.group")]
    .slice(1)
    .forEach((group) => group.toggleAttribute("open", group.querySelector(".field.bad") !== null));
}

/** A link of the summary to a field in a closed group. */
function openTarget() {
  const target = location.hash ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
  target?.closest("details")?.setAttribute("open", "");
  const field = target?.closest(".field");
  const control = target?.hidden ? field?.querySelector(".layer-size input") : target;
  if (control instanceof HTMLElement) control.focus();
}
addEventListener("hashchange", openTarget);

const copy = document.getElementById("copy-command");
if (copy) {
  copy.hidden = false;
  copy.addEventListener("click", () => copyCommand(copy));
}

/** @param {HTMLElement} button */
async function copyCommand(button) {
  const source = /** @type {HTMLElement} */ (document.getElementById("command"));
  const words = button.querySelector("span");
  try {
    await navigator.clipboard.writeText(source.textContent ?? "");
    setWords(words, "Copied");
  } catch {
    getSelection()?.selectAllChildren(source);
    setWords(words, "Selected: copy it with Ctrl-C");
  }
  setTimeout(() => setWords(words, "Copy"), 2000);
}

/** A sticky card that is taller than the window would hide its own buttons. */
function foldForLowWindow() {
  if (innerHeight < 860) document.querySelector("#changes details")?.removeAttribute("open");
}

const picker = document.getElementById("picker");
if (picker) filterPresets(picker);
enhance();
onTheme(drawPictures);
drawPictures();
markAll(form);
foldForPhone();
foldForLowWindow();
if ("posted" in form.dataset) keepDraft();
else restoreDraft();
document.getElementById("errors")?.focus();
if (location.hash) openTarget();
