/** The row of six numbers under the title, and what each is compared with. One source for each: the store. */

import { setQuantity, setText } from "./dom.js";
import { duration, number, percent, points, quantity, si } from "./format.js";

/** @typedef {import("../data/lines.js").Lines} Lines */
/**
 * @typedef {{id: string, accuracy: number|null, memory: number|null, energy: number|null, seconds: number|null}} Twin
 */
/** @typedef {{title: string, text: string, note: string}} Stat */
/** @typedef {{lines: Lines, twin: Twin|null, took: () => number|null, rate: string}} About */

/** @param {number|null|undefined} mine @param {number|null|undefined} other */
export function compared(mine, other) {
  if (!mine || !other || Math.abs(mine / other - 1) < 0.01) return other && mine ? "as much as backprop" : "";
  const share = mine / other;
  if (share >= 2) return `${number(share, 2)} times backprop’s`;
  return `${Math.round(100 * Math.abs(share - 1))} % ${share > 1 ? "more" : "less"} than backprop`;
}

/** Stored values come as 32-bit numbers and live ones as 64: no more than rounding makes none better. */
const ROUNDING = 1e-6;

/** Best value of a series and where it was first. @param {Lines} lines @param {string} name */
export function best(lines, name) {
  const series = lines.store.get(name);
  if (!series) return null;
  let at = -1;
  series.y.forEach((value, i) => {
    const least = at < 0 ? -Infinity : series.y[at] + ROUNDING * Math.abs(series.y[at]);
    if (Number.isFinite(value) && value > least) at = i;
  });
  return at < 0 ? null : { value: series.y[at], step: series.x[at] };
}

/** @param {Lines} lines @param {string} axis */
const latestAxis = (lines, axis) => lines.store.last(`axis/${axis}`);

/** @param {About} about @returns {Stat} */
function accuracy({ lines }) {
  const name = lines.store.get("valid/accuracy") ? "valid/accuracy" : "test/accuracy";
  const top = best(lines, name);
  const epochs = lines.store.get("axis/epoch");
  const when = top && epochs ? Math.round(lines.at("epoch", top.step) * 10) / 10 : null;
  // Only validation images may say which epoch is best: one that the test images choose is no result.
  const word = name === "valid/accuracy" ? "best on validation images" : "highest";
  const note = top && when !== null ? `${word} ${percent(top.value)} at epoch ${number(when)}` : "";
  return { title: "Test accuracy", text: percent(lines.told("test/accuracy")), note };
}

/** @param {About} about @returns {Stat} */
function against({ lines, twin }) {
  const mine = lines.told("test/accuracy");
  if (twin?.accuracy != null && mine !== undefined) {
    return { title: "vs backprop", text: points(mine - twin.accuracy), note: `its twin: ${percent(twin.accuracy)}` };
  }
  return { title: "Train accuracy", text: percent(lines.told("train/accuracy")), note: "" };
}

/** @param {About} about @returns {Stat} */
function weakest({ lines }) {
  const gaps = lines
    .names("layers/*/gap")
    .map((name) => ({ layer: Number(name.split("/")[1]), value: lines.told(name) ?? NaN }));
  if (!gaps.length) return { title: "Training loss", text: quantity(lines.told("train/loss"), ""), note: "" };
  const least = gaps.reduce((a, b) => (b.value < a.value ? b : a));
  const below = gaps.filter((gap) => gap.value <= 0).length;
  const sign = least.value > 0 ? "+" : "";
  return {
    title: "Weakest gap",
    text: `L${least.layer} ${sign}${number(least.value)}`,
    note: below ? `${below} of ${gaps.length} layers ≤ 0` : "g⁺ − g⁻, all layers > 0",
  };
}

/**
 * Images over the seconds of training so far: a sample of a moment is for the chart.
 * @param {About} about
 * @returns {Stat}
 */
function speed({ lines, rate }) {
  const [seconds, epochs, images] = ["time", "epoch", "images"].map((axis) => latestAxis(lines, axis));
  const note = seconds > 0 && epochs > 0 ? `mean, ${duration(seconds / epochs)} an epoch` : "";
  const value = lines.whole?.["speed/images_per_second"] ?? (seconds > 0 ? images / seconds : undefined);
  return { title: "Throughput", text: si(value, rate), note };
}

/**
 * The highest so far: a process that goes on after another knows of its own peak only.
 * @param {Lines} lines
 * @param {string} name
 */
const peak = (lines, name) => lines.whole?.[name] ?? best(lines, name)?.value;

/** @param {About} about @returns {Stat} */
function memory({ lines, twin }) {
  const gpu = peak(lines, "memory/cuda_peak") ?? peak(lines, "memory/cuda");
  const process = peak(lines, "memory/rss_peak") ?? peak(lines, "memory/rss");
  const where = gpu !== undefined ? "on the GPU" : process !== undefined ? "of the process" : "";
  const value = gpu ?? process;
  return { title: "Peak memory", text: si(value, "B"), note: compared(value, twin?.memory) || where };
}

/** Energy where it is measured, else the time. @param {About} about @returns {Stat} */
function cost({ lines, twin, took }) {
  const joules = lines.told("energy/total");
  if (joules !== undefined) {
    return {
      title: "Energy",
      text: si(joules, "J"),
      note: compared(joules, twin?.energy) || `${number(joules / 3600)} Wh`,
    };
  }
  const training = latestAxis(lines, "time");
  return {
    title: "Took",
    text: duration(took()),
    note: Number.isFinite(training) ? `training ${duration(training)} of it` : "",
  };
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
