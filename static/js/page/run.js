/** The run page: the view, its console, and forms that need no reload. */

import { call } from "../net/api.js";
import { Console } from "../view/console.js";
import { toast } from "../view/toast.js";
import { RunView } from "./run-view.js";

const view = new RunView();

/** @param {string} id @returns {any} */
const node = (id) => document.getElementById(id);

// ── console ──────────────────────────────────────────────────────────────────────────────────────────────────────
const lines = new Console({ log: node("log"), jump: node("log-jump"), what: node("console-what") });
const tail = node("log").textContent ?? "";

async function earlierLines() {
  for (let after = 0, more = true; more;) {
    const { items } = await call("GET", `${view.data.api}/log?after=${after}`);
    lines.add(items);
    more = items.length >= 1000;
    after = lines.seq;
  }
  if (!view.active() && view.run.status !== "finished") lines.tail(tail);
  else if (!lines.count) node("log").textContent = "";
}

view.eventListeners.add((events) => {
  lines.add(
    /** @type {import("../view/console.js").LogLine[]} */ (
      /** @type {unknown} */ (events.filter((event) => event.kind === "log"))
    ),
  );
});

// ── head ─────────────────────────────────────────────────────────────────────────────────────────────────────────
/** @param {HTMLElement} button */
async function copy(button) {
  const field = button.parentElement?.querySelector("input");
  if (!field) return;
  const text = "here" in field.dataset ? location.href : field.value;
  try {
    await navigator.clipboard.writeText(text);
    const words = button.textContent;
    button.textContent = "Copied";
    window.setTimeout(() => (button.textContent = words), 2000);
  } catch {
    field.value = text;
    field.select(); // the clipboard was refused: the reader copies it
  }
}

/** A form whose answer is a part of the page. @param {HTMLFormElement} form */
async function submit(form) {
  const place = form.closest("#shares");
  const response = await fetch(form.action, {
    method: "POST",
    body: new FormData(form),
    headers: { "X-Partial": "shares" },
    credentials: "same-origin",
  }).catch(() => null);
  if (!response?.ok || !place) {
    toast("The server did not answer. Nothing was changed.", { bad: true });
    return;
  }
  const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
  place.replaceChildren(...parsed.body.childNodes);
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const button = target?.closest("[data-copy]");
  if (button instanceof HTMLElement) void copy(button);
  target?.closest("[data-close]")?.closest("details")?.removeAttribute("open");
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !("partial" in form.dataset)) return;
  event.preventDefault();
  void submit(form);
});

void view.start();
void earlierLines();
