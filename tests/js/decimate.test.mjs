/** Fewer points, same picture. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  clip,
  columns,
  decimate,
  interpolate,
  lastAtMost,
  smooth,
  smoothReach,
} from "../../static/js/data/decimate.js";
import { column, decodeWindow } from "../../static/js/data/decode.js";

const range = (n) => Array.from({ length: n }, (_, i) => i);

test("short lines stay as they are", () => {
  assert.deepEqual(decimate([1, 2], [3, 4], 5), { x: [1, 2], y: [3, 4] });
  assert.deepEqual(decimate([], [], 5), { x: [], y: [] });
});

test("peaks, ends and order are kept within the number of points", () => {
  const y = range(10_000).map((i) => Math.sin(i / 50));
  y[4321] = 9;
  y[77] = -9;
  const few = decimate(range(10_000), y, 300);
  assert.ok(few.x.length <= 602);
  assert.ok(few.y.includes(9) && few.y.includes(-9));
  assert.equal(few.x[0], 0);
  assert.equal(few.x.at(-1), 9999);
  assert.ok(few.x.every((value, i) => i === 0 || value > few.x[i - 1]));
});

test("a stretch of NaN stays a gap and wins no bucket that has a number", () => {
  const y = range(1000).map((i) => (i >= 400 && i < 600 ? NaN : i));
  const few = decimate(range(1000), y, 50);
  assert.ok(few.y.some(Number.isNaN));
  assert.ok(few.y.filter(Number.isNaN).length <= 11);
});

test("a mean does not lag, keeps NaN and leaves constants alone", () => {
  const ramp = range(100);
  const smoothed = smooth(ramp, 5);
  assert.ok(ramp.slice(5, 95).every((value, i) => Math.abs(smoothed[i + 5] - value) < 1e-9));
  assert.deepEqual(smooth([2, 2, NaN, 2], 1), [2, 2, NaN, 2]);
  assert.equal(smoothReach(30), 0);
  assert.equal(smoothReach(1000), 10);
});

test("interpolation and search", () => {
  assert.equal(interpolate([0, 10], [0, 1], 5), 0.5);
  assert.equal(interpolate([0, 10], [0, 1], -3), 0);
  assert.equal(interpolate([0, 10], [0, 1], 30), 1);
  assert.ok(Number.isNaN(interpolate([], [], 1)));
  assert.equal(lastAtMost([1, 2, 2, 5], 2), 2);
  assert.equal(lastAtMost([1, 2], 0), -1);
});

test("a clipped line reaches over both edges", () => {
  const line = { x: range(10), y: range(10) };
  assert.deepEqual(clip(line, 3.5, 5.5).x, [3, 4, 5, 6]);
  assert.deepEqual(clip(line, -5, 50).x, range(10));
});

test("columns of a heat map are means, and a span without a point repeats the one before", () => {
  assert.deepEqual(columns({ x: [0, 1, 9], y: [2, 4, 8] }, 0, 10, 5), [3, 3, 3, 3, 8]);
  assert.deepEqual(columns({ x: [], y: [] }, 0, 1, 2), [null, null]);
});

test("answers of the API, packed or plain", () => {
  const bdata = Buffer.from(new Float32Array([1.5, NaN]).buffer).toString("base64");
  const answer = decodeWindow({
    seq: 7,
    series: { a: { x: { x0: 10, dx: 10 }, y: { dtype: "f4", bdata } }, b: { x: [1], y: [null] } },
  });
  assert.deepEqual(Array.from(answer.series.a.x), [10, 20]);
  assert.deepEqual(Array.from(answer.series.a.y), [1.5, NaN]);
  assert.deepEqual(answer.series.b, { x: [1], y: [NaN] });
  assert.throws(() => column({ dtype: "c16", bdata: "" }), /unknown kind/);
});
