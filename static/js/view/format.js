/**
 * Numbers as people read them; the same words as ffweb/pages/format.py, function by function
 * (tests/js/format-cases.json holds both to it).
 */

/** Narrow and without a break: between a number and its unit. */
export const THIN = "\u202f";
/** Between the words of a time: 2 min 51 s. */
export const GAP = "\u00a0";
export const NONE = "–";
const PREFIXES = ["", "k", "M", "G", "T", "P", "E"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** @typedef {number | null | undefined} Maybe */

/**
 * What stands for a value that is no number, or null for one that is.
 * @param {Maybe} value
 * @returns {string | null}
 */
export function odd(value) {
  if (value === null || value === undefined) return NONE;
  if (Number.isNaN(value)) return "NaN";
  return Number.isFinite(value) ? null : value > 0 ? "∞" : "−∞";
}

/** @param {string} digits */
function grouped(digits) {
  const [whole = "", rest] = digits.split(".");
  const commas = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return rest === undefined ? commas : `${commas}.${rest}`;
}

/**
 * @param {number} value
 * @param {number} decimals
 */
export function fixed(value, decimals) {
  if (!(Math.abs(value) < 1e15)) return odd(value) ?? shortExponent(value.toExponential(2));
  const digits = Math.abs(value).toFixed(decimals);
  return (value < 0 && /[1-9]/.test(digits) ? "−" : "") + grouped(digits);
}

/** @param {string} text a number as toExponential writes it */
function shortExponent(text) {
  const [mantissa = "", power = "0"] = text.split("e");
  const trimmed = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
  return `${trimmed.replace("-", "−")}e${Number(power)}`;
}

/**
 * Significant digits, never fewer than the whole part has; whole numbers in full.
 * @param {Maybe} value
 * @param {number} digits
 */
export function number(value, digits = 3) {
  const none = odd(value);
  if (none !== null || value === null || value === undefined) return none ?? NONE;
  const size = Math.abs(value);
  if (size === Math.floor(size) && size < 1e6) return fixed(value, 0);
  if (size >= 1e6 || size < 1e-3) return shortExponent(value.toExponential(digits - 1));
  const places = [-2, -1, 0, 1, 2, 3, 4, 5, 6].find((i) => size < Number(`1e${i}`)) ?? 7;
  return fixed(value, Math.max(0, digits - places));
}

/**
 * A setting as one would type it: 1e-3, 0.5, 2, 1,437. All its digits are kept.
 * @param {Maybe} value
 */
export function short(value) {
  const none = odd(value);
  if (none !== null || value === null || value === undefined) return none ?? NONE;
  const size = Math.abs(value);
  const sign = value < 0 ? "−" : "";
  if (size === 0 || (size >= 0.01 && size < 1e6)) return sign + grouped(String(size));
  return sign + shortExponent(size.toExponential());
}

/**
 * @param {Maybe} fraction
 * @param {number} decimals
 */
export function percent(fraction, decimals = 2) {
  const none = odd(fraction);
  if (none !== null || fraction === null || fraction === undefined) return none ?? NONE;
  return `${fixed(100 * fraction, decimals)}${THIN}%`;
}

/**
 * A difference of two shares, signed: −0.27 pt.
 * @param {Maybe} fraction
 * @param {number} decimals
 */
export function points(fraction, decimals = 2) {
  const none = odd(fraction);
  if (none !== null || fraction === null || fraction === undefined) return none ?? NONE;
  const text = fixed(100 * fraction, decimals);
  return `${fraction <= 0 || !/[1-9]/.test(text) ? text : `+${text}`}${THIN}pt`;
}

/**
 * 1.42 GB, 21.4 kJ, 40.9 k img/s.
 * @param {Maybe} value
 * @param {string} unit
 * @param {number} digits
 */
export function si(value, unit = "", digits = 3) {
  const none = odd(value);
  if (none !== null || value === null || value === undefined) return none ?? NONE;
  const found = PREFIXES.findIndex((_, i) => Math.abs(value) < 1000 ** (i + 1));
  const power = found < 0 ? PREFIXES.length - 1 : found;
  const text = number(power ? value / 1000 ** power : value, digits);
  const tail = PREFIXES[power] + (power && unit.length > 2 && unit.includes("/") ? THIN : "") + unit;
  return tail ? `${text}${THIN}${tail}` : text;
}

/** @param {Maybe} value bytes */
export function bytes(value) {
  return si(value, "B");
}

/**
 * @param {number} seconds
 * @param {number} scale
 * @param {string} unit
 * @param {string} part
 */
function two(seconds, scale, unit, part) {
  const small = part === "h" ? 3600 : part === "min" ? 60 : 1;
  const tail = Math.floor((seconds % scale) / small);
  const gap = part ? GAP : THIN;
  return `${Math.floor(seconds / scale)}${gap}${unit}${part && tail ? ` ${tail}${GAP}${part}` : ""}`;
}

/**
 * 35 µs, 420 ms, 8.4 s, 2 min 51 s, 1 h 12 min, 2 d 3 h.
 * @param {Maybe} seconds
 */
export function duration(seconds) {
  const none = odd(seconds);
  if (none !== null || seconds === null || seconds === undefined) return none ?? NONE;
  if (seconds <= 0) return `0${THIN}s`;
  if (seconds < 1) return seconds < 1e-3 ? `${number(seconds * 1e6)}${THIN}µs` : `${number(seconds * 1e3)}${THIN}ms`;
  if (seconds < 9.95) return `${fixed(seconds, 1)}${THIN}s`;
  return inWhole(Math.floor(seconds + 0.5));
}

/** @param {number} whole seconds */
function inWhole(whole) {
  if (whole < 60) return two(whole, 1, "s", "");
  if (whole < 3600) return two(whole, 60, "min", "s");
  if (whole < 86400) return two(whole, 3600, "h", "min");
  return two(whole, 86400, "d", "h");
}

/**
 * A time left, rounded so that it does not flicker.
 * @param {Maybe} seconds
 */
export function eta(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "estimating…";
  const step = seconds < 120 ? 5 : seconds < 600 ? 10 : 60;
  return `about ${inWhole(Math.max(step, Math.floor(seconds / step + 0.5) * step))}`;
}

/**
 * A metric's value with the unit that the run's metric table gives it.
 * @param {Maybe} value
 * @param {string} unit
 */
export function quantity(value, unit) {
  if (unit === "fraction") return percent(value);
  if (unit === "s") return duration(value);
  if (["B", "J", "W", "img/s", "windows/s"].includes(unit)) return si(value, unit);
  return unit === "" || odd(value) !== null ? number(value) : `${number(value)}${THIN}${unit}`;
}

/**
 * just now, 14 min ago, 5 h ago, yesterday, 19 Nov, 19 Nov 2024; days are those of the reader's clock.
 * @param {Date} then
 * @param {Date} now
 */
export function ago(then, now = new Date()) {
  const seconds = (now.getTime() - then.getTime()) / 1000;
  if (seconds < 45) return "just now";
  if (seconds < 3570) return `${Math.max(1, Math.floor(seconds / 60 + 0.5))}${GAP}min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600 + 0.5)}${GAP}h ago`;
  if (then.toDateString() === new Date(now.getTime() - 86400e3).toDateString()) return "yesterday";
  const day = `${then.getDate()}${GAP}${MONTHS[then.getMonth()]}`;
  return then.getFullYear() === now.getFullYear() ? day : `${day} ${then.getFullYear()}`;
}

/**
 * 14:03:22, by the reader's clock.
 * @param {Date} when
 */
export function clock(when) {
  return [when.getHours(), when.getMinutes(), when.getSeconds()].map((n) => String(n).padStart(2, "0")).join(":");
}

/**
 * 1 run, 2 runs.
 * @param {number} count
 * @param {string} one
 * @param {string} many
 */
export function plural(count, one, many = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : many}`;
}
