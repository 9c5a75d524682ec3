/** The small pure parts of the run page: address, rows, ranges, labels, series names, tints. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Lines, layerOf, matches } from "../../static/js/data/lines.js";
import { Store } from "../../static/js/data/store.js";
import { ViewState } from "../../static/js/data/view-state.js";
import { nowText } from "../../static/js/view/now-text.js";
import { fillRows, tall } from "../../static/js/view/rows.js";
import { best } from "../../static/js/view/stats.js";

test("what the reader chose survives the address, and defaults leave it clean", () => {
  const state = new ViewState();
  state.set((s) =>
    Object.assign(s, {
      axis: "time",
      smooth: false,
      hidden: new Set([3, 2]),
      focus: 2,
      zoom: [100.4, 900],
      logs: new Set(["loss"]),
    }),
  );
  const query = state.write("?other=1");
  assert.equal(query, "?other=1&x=time&raw=1&hide=2,3&focus=2&zoom=100-900&log=loss");
  const again = new ViewState();
  again.read(query);
  assert.deepEqual(
    [again.axis, again.smooth, [...again.hidden], again.focus, again.zoom, [...again.logs]],
    ["time", false, [2, 3], 2, [100, 900], ["loss"]],
  );
  assert.equal(new ViewState().write(""), "");
});

test("nonsense in the address is passed over", () => {
  const state = new ViewState();
  state.read("?x=banana&hide=0,-1,a&zoom=9-3&focus=x");
  assert.deepEqual([state.axis, [...state.hidden], state.zoom, state.focus], ["epoch", [], null, null]);
});

test("every row sums to twelve", () => {
  assert.deepEqual(fillRows([8, 4, 4, 4, 4, 4]), [8, 4, 4, 4, 4, 12]);
  assert.deepEqual(fillRows([4, 4]), [6, 6]);
  assert.deepEqual(fillRows([8, 4, 4, 4]), [8, 4, 6, 6]);
  assert.deepEqual(fillRows([4, 8]), [4, 8]);
  assert.deepEqual(fillRows([]), []);
  assert.deepEqual(tall([8, 4, 6, 6]), [true, true, false, false]);
});

test("series names", () => {
  assert.equal(layerOf("layers/12/gap"), 12);
  assert.equal(layerOf("test/accuracy"), null);
  assert.ok(matches("layers/*/gap", "layers/3/gap"));
  assert.ok(!matches("layers/*/memory", "layers/3/memory/weights"));
});

function twoEpochs() {
  const store = new Store();
  const steps = [0, 10, 20];
  store.load(3, {
    "axis/epoch": { x: steps, y: [0, 1, 2] },
    "axis/time": { x: steps, y: [0, 300, 600] },
    "layers/2/gap": { x: steps, y: [1, 2, 3] },
    "layers/10/gap": { x: steps, y: [1, 2, 3] },
  });
  const state = new ViewState();
  return { store, state, lines: new Lines(store, state) };
}

test("steps are shown on the chosen axis and found again", () => {
  const { lines, state } = twoEpochs();
  assert.deepEqual(lines.line("layers/2/gap", 100).x, [0, 1, 2]);
  state.axis = "time";
  assert.deepEqual(lines.line("layers/2/gap", 100).x, [0, 5, 10]); // minutes
  assert.equal(lines.unit().suffix, " min");
  assert.equal(lines.step(2.5), 5);
  state.axis = "step";
  assert.equal(lines.shown(7), 7);
  assert.deepEqual(lines.names("layers/*/gap"), ["layers/2/gap", "layers/10/gap"]);
});

test("a zoom shows the finer points, and what came live after them", () => {
  const { lines, state, store } = twoEpochs();
  state.axis = "step";
  state.zoom = [8, 25];
  lines.detail = new Map([["layers/2/gap", { x: [8, 9, 10, 15, 20], y: [1, 1, 1, 1, 1] }]]);
  lines.detailSpan = [7, 26];
  store.apply({ events: [], metrics: { seq: [4], step: [24], values: { "layers/2/gap": [5] } }, seq: 4 });
  assert.deepEqual(lines.line("layers/2/gap", 100), { x: [8, 9, 10, 15, 20, 24], y: [1, 1, 1, 1, 1, 5] });
});

test("the number over a chart is of the moment while the run trains, and of the whole run once it has ended", () => {
  const { lines, store } = twoEpochs();
  store.apply({ events: [], metrics: { seq: [4], step: [24], values: { "speed/images_per_second": [900] } }, seq: 4 });
  const chart = { id: "throughput", unit: "img/s", now: { glob: "speed/images_per_second", how: "last", words: "" } };
  assert.deepEqual(
    nowText(chart, lines, () => "rate"),
    { words: "", text: "900\u202fimg/s" },
  );
  lines.whole = { "speed/images_per_second": 2100 };
  assert.deepEqual(
    nowText(chart, lines, () => "rate"),
    { words: "over the run", text: "2.10\u202fk\u202fimg/s" },
  );
  const memory = { ...chart, unit: "B", now: { ...chart.now, words: "process, peak" } };
  assert.equal(nowText(memory, lines, () => "peak").words, "process, peak");
});

test("the best value stays where it was first, stored in 32 bits or live in 64", () => {
  const accuracy = 71 / 72;
  const y = [0.9, Math.fround(accuracy), 0.95, accuracy, accuracy];
  const lines = /** @type {any} */ ({ store: { get: () => ({ x: [10, 20, 30, 40, 50], y }) } });
  assert.equal(best(lines, "test/accuracy")?.step, 20);
  y.push(accuracy + 0.01);
  lines.store.get = () => ({ x: [10, 20, 30, 40, 50, 60], y });
  assert.equal(best(lines, "test/accuracy")?.step, 60);
});
