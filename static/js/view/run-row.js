/** One row of the runs table, brought up to date in place from a run's payload. */
import { setQuantity, setText } from "./dom.js";
import { bytes, duration, percent, si } from "./format.js";
import { statusOf, updatePill } from "./pill.js";
import { path } from "./sparkline.js";

/**
 * @typedef {object} Run
 * @property {string} id
 * @property {string} name
 * @property {string} status
 * @property {string} reason
 * @property {number | null} queue_position
 * @property {{done: number, eta_s: number | null, phase: string}} progress
 * @property {string | null} silent_since when a run at work was last heard of, if that is too long ago
 * @property {Record<string, number | null>} latest
 * @property {string | null} started
 * @property {string | null} ended
 * @property {boolean} archived
 * @property {(number | null)[]} [sparkline]
 */

const ENDED_BADLY = new Set(["failed", "diverged", "lost"]);
export const ACTIVE = new Set(["queued", "starting", "running"]);

/** @param {Run} run */
export function note(run) {
  if (ENDED_BADLY.has(run.status)) return run.reason || statusOf(run.status).sentence;
  if (run.silent_since) return "no sign of life";
  if (run.queue_position === null) return "";
  return run.queue_position === 1 ? "next" : `${run.queue_position - 1} ahead`;
}

/**
 * @param {HTMLElement} row
 * @param {Run} run
 */
function updateStatus(row, run) {
  const old = row.querySelector(".pill");
  if (old instanceof HTMLElement) updatePill(old, run.status);
  const bar = row.querySelector("progress");
  if (bar) {
    bar.hidden = run.status !== "running";
    bar.value = run.progress.done;
  }
  const why = row.querySelector(".why");
  if (why instanceof HTMLElement) {
    const text = note(run);
    setText(why, text);
    why.title = text;
    why.hidden = !text;
  }
}

/**
 * @param {HTMLElement} row
 * @param {Run} run
 */
function updateLine(row, run) {
  if (!run.sparkline?.length) return;
  const cell = row.querySelector(".c-line");
  let drawn = cell?.querySelector("path");
  if (cell && !drawn) {
    const template = document.createElement("template");
    template.innerHTML =
      '<svg class="mini" viewBox="0 0 108 30" role="img" aria-label="Test accuracy so far"><path/></svg>';
    cell.replaceChildren(template.content);
    drawn = cell.querySelector("path");
  }
  drawn?.setAttribute("d", path(run.sparkline, run.status === "finished" ? 1 : run.progress.done));
}

/** @param {HTMLElement} row @param {number} now or when it was last known to be at work */
export function updateTook(row, now = Date.now()) {
  const { started, ended } = row.dataset;
  if (!started) return;
  const end = ended ? Date.parse(ended) : now;
  setText(row.querySelector(".c-took .quantity"), duration(Math.max(0, (end - Date.parse(started)) / 1000)));
}

/**
 * @param {HTMLElement} row
 * @param {Run} run
 */
export function updateRow(row, run) {
  row.dataset.status = run.status;
  row.dataset.started = run.started ?? "";
  row.dataset.ended = run.ended ?? "";
  setText(row.querySelector(".run-name"), run.name);
  updateStatus(row, run);
  updateLine(row, run);
  const cell = (/** @type {string} */ name) => row.querySelector(`.c-${name} .quantity`);
  const { latest } = run;
  setQuantity(cell("accuracy"), percent(latest["test/accuracy"]));
  setQuantity(cell("memory"), bytes(latest["memory/cuda_peak"] ?? latest["memory/rss_peak"] ?? latest["memory/rss"]));
  const speed = /** @type {HTMLElement|null} */ (cell("speed"));
  setQuantity(speed, si(latest["speed/images_per_second"], speed?.dataset["rate"] ?? "img/s"));
  setQuantity(cell("energy"), si(latest["energy/total"], "J"));
  updateTook(row);
}
