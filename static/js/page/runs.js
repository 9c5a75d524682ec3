/** The runs table: live rows, search as one types, selection, more rows, keys. Without this file it works too. */
import { at } from "../net/root.js";
import { keepAwake, LiveSocket } from "../net/socket.js";
import { startSwapping, swap } from "../swap.js";
import { showConnection } from "../view/connection.js";
import { el, icon, setText } from "../view/dom.js";
import { clock, number, plural } from "../view/format.js";
import { listen } from "../view/keys.js";
import { ACTIVE, updateRow, updateTook } from "../view/run-row.js";
import { toast } from "../view/toast.js";

/** @typedef {import("../view/run-row.js").Run} Run */

/** @param {string} selector */
const all = (selector) => /** @type {HTMLElement[]} */ ([...document.querySelectorAll(selector)]);
const rows = () => all("#rows > tr");
const boxes = () => /** @type {HTMLInputElement[]} */ (all("#rows .c-pick input"));
const refresh = () => swap("#list", location.href, "keep");

// ── live rows ───────────────────────────────────────────────────────────────────────────────────────────────────
let last = new Date();
/** @type {Set<string>} runs that are not on this page of the table */
const fresh = new Set();
const known = new Set(rows().map((row) => row.dataset.id ?? ""));
// The first message names the active runs of other pages and views: they are no news. Without any there is none.
let primed = document.getElementById("active-count")?.textContent === "0";

/** Whether a new run would stand in what is shown. */
function showsNew() {
  const query = new URLSearchParams(location.search);
  return !query.get("q") && !query.get("data") && ["", "active"].includes(query.get("view") ?? "");
}

/** @param {Run} run */
function receive(run) {
  const row = rows().find((candidate) => candidate.dataset.id === run.id);
  if (row) updateRow(row, run);
  else if (primed && !known.has(run.id) && showsNew()) fresh.add(run.id);
  known.add(run.id);
}

function showNews() {
  const place = document.getElementById("news");
  if (!place || !fresh.size) return place?.replaceChildren();
  const button = el("button", { class: "btn", type: "button" }, icon("plus"), `Show ${plural(fresh.size, "new run")}`);
  button.addEventListener("click", () => {
    fresh.clear();
    showNews();
    refresh();
  });
  place.replaceChildren(button);
}

/** @type {Set<string>} all that are, on this page or not: the socket begins with them */
const active = new Set();

/** @param {{type: string, items?: Run[]}} message */
function onMessage(message) {
  last = new Date();
  if (message.type !== "runs") return;
  for (const run of message.items ?? []) {
    receive(run);
    if (ACTIVE.has(run.status)) active.add(run.id);
    else active.delete(run.id);
  }
  primed = true;
  showNews();
  setText(document.getElementById("active-count"), number(active.size));
}

let connectedBefore = false;
const socket = new LiveSocket({
  path: at("ws/runs"),
  after: () => 0,
  onMessage,
  onState: (state) => {
    showConnection(state === "closed" ? "none" : state, socket.last, () => socket.now());
    document.body.classList.toggle("stale", state === "offline");
    if (state !== "live") return;
    active.clear();
    if (connectedBefore) refresh(); // what was missed while away
    connectedBefore = true;
  },
  onRefused: () => showConnection("offline", socket.last, () => location.reload()),
});
keepAwake(socket);
socket.open();
setInterval(() => {
  const known = document.body.classList.contains("stale") ? socket.last?.getTime() : undefined;
  for (const row of rows())
    if (row.dataset.status === "running" || row.dataset.status === "starting") updateTook(row, known);
}, 1000);

// ── search, more rows ───────────────────────────────────────────────────────────────────────────────────────────
startSwapping();

/** @type {ReturnType<typeof setTimeout> | undefined} */
let pause;

/** @param {Element} field */
function submitSoon(field, wait = 250) {
  clearTimeout(pause);
  pause = setTimeout(() => {
    const form = field.closest("form");
    if (!form) return;
    if (wait) form.dataset.history = "replace"; // no entry in the history for every letter
    form.requestSubmit();
  }, wait);
}

document.addEventListener("input", (event) => {
  if (event.target instanceof HTMLInputElement && event.target.id === "q") submitSoon(event.target);
});
document.addEventListener("change", (event) => {
  const target = event.target;
  if (target instanceof HTMLSelectElement && target.id === "data") submitSoon(target, 0);
  if (target instanceof HTMLInputElement && target.id === "all")
    for (const box of boxes()) box.checked = target.checked;
  if (target instanceof HTMLInputElement && target.type === "checkbox") showChosen();
});

/** @param {HTMLAnchorElement} link */
async function showMore(link) {
  link.setAttribute("aria-disabled", "true");
  try {
    const response = await fetch(link.href, { headers: { "X-Partial": "1" }, credentials: "same-origin" });
    if (!response.ok || response.redirected) throw new Error(String(response.status));
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const here = new Set(rows().map((row) => row.dataset.id));
    const added = [...page.querySelectorAll("#rows > tr")].filter(
      (row) => !here.has(row.getAttribute("data-id") ?? ""),
    );
    document.getElementById("rows")?.append(...added);
    for (const row of added) known.add(row.getAttribute("data-id") ?? "");
    const next = page.getElementById("more");
    if (next) link.replaceWith(next);
    else link.remove();
    added[0]?.querySelector("a")?.focus({ preventScroll: true });
  } catch {
    location.href = link.href;
  }
}

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[data-more]") : null;
  if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  showMore(link);
});

document.addEventListener("swapped", () => {
  for (const row of rows()) {
    known.add(row.dataset.id ?? "");
    fresh.delete(row.dataset.id ?? "");
  }
  setText(document.getElementById("shown"), document.getElementById("count")?.textContent ?? "");
  last = new Date();
  showNews();
  showChosen();
});
document.addEventListener("swapfailed", (event) => {
  const { url, history } = /** @type {CustomEvent} */ (event).detail;
  const again = () => swap("#list", url, history);
  toast(`The list could not be refreshed. Still showing ${clock(last)}.`, {
    bad: true,
    action: { label: "Try again", run: again },
  });
});

// ── selection ───────────────────────────────────────────────────────────────────────────────────────────────────
function showChosen() {
  const chosen = boxes().filter((box) => box.checked).length;
  setText(document.getElementById("chosen"), `${number(chosen)} selected`);
  const every = document.getElementById("all");
  if (!(every instanceof HTMLInputElement)) return;
  every.checked = chosen > 0 && chosen === boxes().length;
  every.indeterminate = chosen > 0 && !every.checked;
}
document.addEventListener("reset", () => setTimeout(showChosen));
showChosen();

// ── keys ────────────────────────────────────────────────────────────────────────────────────────────────────────
const current = () => rows().findIndex((row) => row.classList.contains("current"));

/** @param {number} step */
function move(step) {
  const list = rows();
  const at = Math.min(Math.max(current() + step, 0), list.length - 1);
  for (const row of list) row.classList.remove("current");
  list[at]?.classList.add("current");
  list[at]?.querySelector("a")?.focus({ preventScroll: true });
  list[at]?.scrollIntoView({ block: "nearest" });
}

listen({
  "/": () => document.getElementById("q")?.focus(),
  n: () => document.querySelector(/** @type {"a"} */ (".pagehead a.btn.primary"))?.click(),
  j: () => move(1),
  k: () => move(-1),
  x: () => rows()[current()]?.querySelector("input")?.click(),
  "?": () => /** @type {HTMLDialogElement | null} */ (document.getElementById("keys"))?.showModal(),
});
