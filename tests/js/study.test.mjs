/** A study of memory: what is news, what is drawn. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isNews } from "../../static/js/data/study.js";
import { depthRange, studyTraces } from "../../static/js/view/study-traces.js";

const point = (x, y, open = false) => ({ x, y, open, text: `${y} MB` });
const study = {
  depths: [2, 7],
  lines: [
    { title: "FF", slot: 1, backprop: false, points: [point(2, 10), point(7, 30, true)] },
    { title: "backprop", slot: 4, backprop: true, points: [] },
  ],
  runs: { a: ["finished", 10, false], b: ["running", 30, false], c: ["queued", null, false] },
  conditions: "",
  active: 2,
};

test("a run of the study is news when its status, its peak or its silence is another", () => {
  const run = (id, status, rise, silent = null) => ({
    id,
    status,
    latest: rise === null ? {} : { "memory/rise": rise },
    silent_since: silent,
  });
  assert.equal(isNews(study, [run("a", "finished", 10), run("b", "running", 30), run("c", "queued", null)]), false);
  assert.equal(isNews(study, [run("other", "running", 5)]), false);
  assert.equal(isNews(study, [run("a", "finished", 10), run("c", "starting", null)]), true);
  assert.equal(isNews(study, [run("b", "running", 31)]), true);
  assert.equal(isNews(study, [run("b", "running", 30, "2026-11-29T20:00:00Z")]), true);
});

test("a line a method, hollow where a run still trains, dashed where it is backprop", () => {
  const [ff, backprop] = studyTraces(study, (slot) => `colour ${slot}`);
  assert.deepEqual([ff.x, ff.y, ff.text], [[2, 7], [10, 30], ["10 MB", "30 MB"]]); // prettier-ignore
  assert.deepEqual(ff.marker.symbol, ["circle", "circle-open"]);
  assert.deepEqual([ff.line.dash, backprop.line.dash], ["solid", "dashdot"]);
  assert.deepEqual([ff.line.color, backprop.marker.color], ["colour 1", "colour 4"]);
  assert.deepEqual(backprop.x, []);
});

test("the axis holds all depths before there is a point", () => {
  const [low, high] = depthRange([2, 47]);
  assert.ok(low < 2 && high > 47);
  assert.deepEqual(depthRange([3]), [2.5, 3.5]);
});
