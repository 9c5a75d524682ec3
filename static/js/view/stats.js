/** The row of six numbers under the title, and what each is compared with. One source for each: the store. */

import { setQuantity, setText } from "./dom.js";
import { duration, number, percent, points, quantity, si } from "./format.js";

/** @typedef {import("../data/lines.js").Lines} Lines */
/** @typedef {{id: string, accuracy: number|null, memory: number|null, energy: number|null, seconds: number|null}} Twin */
/** @typedef {{title: string, text: string, note: string}} Stat */
/** @typedef {{lines: Lines, decimals: number, twin: Twin|null, device: string, spent: () => number|null}} About */

/** @param {number|null|undefined} mine @param {number|null|undefined} other */
export function compared(mine, other) {
  if (!mine || !other || Math.abs(mine / other - 1) < 0.01) return other && mine ? "as much as backprop" : "";
  const share = mine / other;
  if (share >= 2) return `${number(share, 2)} times backprop’s`;
  return `${Math.round(100 * Math.abs(share - 1))} % ${share > 1 ? "more" : "less"} than backprop`;
}

/** Best value of a series and where it was. @param {Lines} lines @param {string} name */
function best(lines, name) {
  const series = lines.store.get(name);
  if (!series) return null;
  let at = -1;
  series.y.forEach((value, i) => {
    if (Number.isFinite(value) && (at < 0 || value > series.y[at])) at = i;
  });
  return at < 0 ? null : { value: series.y[at], step: series.x[at] };
}

/** @param {Lines} lines @param {string} axis */
const latestAxis = (lines, axis) => lines.store.last(`axis/${axis}`);

/** @param {About} about @returns {Stat} */
function accuracy({ lines, decimals }) {
  const value = lines.newest("test/accuracy");
  const top = best(lines, "test/accuracy");
  const epochs = lines.store.get("axis/epoch");
  const when = top && epochs ? Math.round(lines.at("epoch", top.step) * 10) / 10 : null;
  const note = top && when !== null ? `best ${number(100 * top.value, 2 + decimals)} at epoch ${number(when)}` : "";
  return { title: "Test accuracy", text: percent(value, decimals), note };
}

/** @param {About} about @returns {Stat} */
function against({ lines, decimals, twin }) {
  const mine = lines.newest("test/accuracy");
  if (twin?.accuracy != null && mine !== undefined) {
    return { title: "vs backprop", text: points(mine - twin.accuracy, decimals), note: `its twin: ${percent(twin.accuracy, decimals)}` };
  }
  return { title: "Train accuracy", text: percent(lines.newest("train/accuracy"), decimals), note: "" };
}

/** @param {About} about @returns {Stat} */
function weakest({ lines }) {
  const gaps = lines.names("layers/*/gap").map((name) => ({ layer: Number(name.split("/")[1]), value: lines.newest(name) ?? NaN }));
  if (!gaps.length) return { title: "Training loss", text: quantity(lines.newest("train/loss"), ""), note: "" };
  const least = gaps.reduce((a, b) => (b.value < a.value ? b : a));
  const below = gaps.filter((gap) => gap.value <= 0).length;
  const sign = least.value > 0 ? "+" : "";
  return { title: "Weakest gap", text: `L${least.layer} ${sign}${number(least.value)}`, note: below ? `${below} of ${gaps.length} layers ≤ 0` : "g⁺ − g⁻, all layers > 0" };
}

/** @param {About} about @returns {Stat} */
function speed({ lines }) {
  const [seconds, epochs] = [latestAxis(lines, "time"), latestAxis(lines, "epoch")];
  const note = seconds > 0 && epochs > 0 ? `${duration(seconds / epochs)} per epoch` : "";
  return { title: "Throughput", text: si(lines.newest("speed/images_per_second"), "img/s"), note };
}

/** @param {About} about @returns {Stat} */
function memory({ lines, twin }) {
  const gpu = lines.newest("memory/cuda_peak") ?? lines.newest("memory/cuda");
  const where = gpu !== undefined ? "on the GPU" : lines.newest("memory/rss") !== undefined ? "of the process" : "";
  const value = gpu ?? lines.newest("memory/rss_peak") ?? lines.newest("memory/rss");
  return { title: "Peak memory", text: si(value, "B"), note: compared(value, twin?.memory) || where };
}

/** Energy where it is measured, else the time. @param {About} about @returns {Stat} */
function cost({ lines, twin, spent }) {
  const joules = lines.newest("energy/total");
  if (joules !== undefined) {
    return { title: "Energy", text: si(joules, "J"), note: compared(joules, twin?.energy) || `${number(joules / 3600)} Wh` };
  }
  const compute = lines.newest("time/compute");
  const note = compute === undefined ? "" : `compute ${duration(compute)}`;
  return { title: "Time", text: duration(lines.newest("time/e2e") ?? spent()), note };
}

const STATS = [accuracy, against, weakest, speed, memory, cost];

/** @param {HTMLElement} node @param {About} about */
export function showStats(node, about) {
  STATS.forEach((stat, i) => {
    const { title, text, note } = stat(about);
    const cell = node.children[i];
    const [dt, dd] = [cell?.querySelector("dt"), cell?.querySelector("dd")];
    if (!dt || !dd) return;
    setText(dt, title);
    let value = dd.querySelector("b");
    let small = dd.querySelector("small");
    if (!value || !small) {
      value = document.createElement("b");
      small = document.createElement("small");
      dd.replaceChildren(value, small);
    }
    value.classList.toggle("nan", text.startsWith("NaN"));
    setQuantity(value, text);
    setText(small, note || "\u00a0");
    small.title = note;
  });
}
