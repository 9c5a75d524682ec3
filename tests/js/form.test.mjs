/** Pure parts of the form's scripts: node --test tests/js */
import assert from "node:assert/strict";
import { test } from "node:test";

import { changedTexts } from "../../static/js/page/form/draft.js";
import { countSeeds, same, startWords, twinWords, widths } from "../../static/js/page/form/fields.js";
import { matches } from "../../static/js/page/form/presets.js";
import { besides, overrides, withScope } from "../../static/js/page/form/spans.js";
import { boxHeight, geometry, netWords, passes, typed } from "../../static/js/view/net-geometry.js";
import { curves, softplus } from "../../static/js/view/theta.js";

/** Layers of these widths; reach[i] is the lowest layer (from 0) that the loss of layer i moves. */
const layers = (units, reach = units.map((_, i) => i), more = {}) =>
  units.map((n, i) => ({
    form: "units",
    words: String(n),
    short: String(n),
    units: n,
    reach: reach[i],
    rows: false,
    theta: true,
    frozen: false,
    ...more,
  }));
const NET = { inputs: 784, shape: "28 × 28", classes: 10, layers: layers([500, 500]), label: true, top_down: false };
const words = (reach, more) =>
  netWords({
    ...NET,
    layers: layers(
      reach.map(() => 10),
      reach,
      more,
    ),
  });

test("texts that mean the same value are the same", () => {
  for (const [a, b] of [
    ["60,000", "60000"],
    ["1e-3", "0.001"],
    ["2.0", "2"],
    ["500,500", "500, 500"],
    ["−1", "-1"],
    ["", ""],
  ]) {
    assert.ok(same(a, b), `${a} and ${b}`);
  }
  for (const [a, b] of [
    ["", "0"],
    ["1,5", "1.5"],
    ["500", "500, 500"],
    ["none", "rms"],
  ])
    assert.ok(!same(a, b), `${a} and ${b}`);
});

test("seeds are counted as the server counts them", () => {
  assert.equal(countSeeds("0, 1, 2"), 3);
  assert.equal(countSeeds("0-4 7"), 6);
  assert.equal(countSeeds("1 1"), 1);
  for (const text of ["", "a", "0-99", "-1", "1.5"]) assert.equal(countSeeds(text), null, text);
  assert.equal(startWords(1), "Start run");
  assert.equal(startWords(3), "Start 3 runs");
  assert.equal(twinWords(3), "Start with backprop twin (3 + 3)");
});

test("layer widths are read in every way they are written", () => {
  assert.deepEqual(widths("500, 500"), ["500", "500"]);
  assert.deepEqual(widths("[784 → 30]"), ["784", "30"]);
  assert.deepEqual(widths(""), []);
});

test("a draft is put back kinds first, outer kinds before inner ones", () => {
  const before = { "a.kind": "x", "a.b.kind": "y", "a.n": "1", m: "2" };
  const now = { "a.n": "3", "a.b.kind": "z", "a.kind": "w", m: "2" };
  assert.deepEqual(changedTexts(before, now), [
    ["a.kind", "w"],
    ["a.b.kind", "z"],
    ["a.n", "3"],
  ]);
});

test("boxes stay inside the drawing, whatever the net", () => {
  for (const units of [[500, 500], [1], Array.from({ length: 64 }, () => 2000), []]) {
    const g = geometry({ ...NET, layers: layers(units) });
    for (const box of [g.input, ...g.layers]) {
      assert.ok(box.x >= 0 && box.x + box.w <= g.width, `${units.length} layers: x`);
      assert.ok(box.y >= 0 && box.y + box.h <= g.height, `${units.length} layers: y`);
    }
  }
  assert.ok(boxHeight(5000, 5000) > boxHeight(50, 5000));
});

test("boxes do not overlap, up to as many layers as a net may have", () => {
  for (const n of [1, 2, 6, 7, 24, 64]) {
    const g = geometry({ ...NET, layers: layers(Array.from({ length: n }, () => 500)) });
    const boxes = [g.input, ...g.layers];
    boxes.slice(1).forEach((box, i) => assert.ok(box.x >= boxes[i].x + boxes[i].w, `${n} layers, box ${i}`));
  }
});

test("the drawing says in words what it shows", () => {
  assert.match(netWords(NET), /784 → 500 → 500\. Each layer has a goodness.*no gradient passes/);
  assert.match(words([0, 1], { rows: true }), /score for each class/);
  assert.match(words([null, null, 0]), /One loss at the end/);
  assert.match(words([0, 0]), /Every layer has a loss/);
  assert.match(words([0, 0, 1]), /L1 learns by itself; the loss of L2 also moves L1; the loss of L3 also moves L2/);
  assert.match(words([0, 1, null, 2]), /L1 and L2 learn by themselves; the loss of L4 also moves L3/);
  assert.match(words([0, 1], { frozen: true }), /L1 and L2 stay as at the start/);
  assert.match(netWords({ ...NET, top_down: true }), /sees the layer above\. The label is held above/);
});

test("bars stand where no loss sends a gradient down", () => {
  const bars = (reach) =>
    reach
      .map((_, i) => i)
      .slice(1)
      .filter(
        (i) =>
          !passes(
            {
              ...NET,
              layers: layers(
                reach.map(() => 9),
                reach,
              ),
            },
            i,
          ),
      );
  assert.deepEqual(bars([0, 1, 2]), [1, 2]);
  assert.deepEqual(bars([0, 0, 1]), []);
  assert.deepEqual(bars([null, 0, null, 2]), [2]);
  assert.deepEqual(bars([0, 1, null, 2]), [1, 2]);
});

test("what is typed is drawn at once, as far as that is known", () => {
  assert.deepEqual(
    typed(NET, ["30", "20"]).layers.map((layer) => layer.units),
    [30, 20],
  );
  assert.equal(typed(NET, ["30"]), NET);
  assert.equal(typed(NET, ["30", "x"]), NET);
});

test("layers of their own keep what the rows do not show", () => {
  assert.deepEqual(overrides(""), []);
  assert.equal(overrides("{"), null);
  assert.equal(overrides("[1]"), null);
  const row = { span: "2-", scope: { kind: "block", size: 3 }, objective: { kind: "threshold", theta: 1 } };
  assert.equal(besides(row), "objective threshold");
  assert.deepEqual(withScope(row, "block").scope, { kind: "block", size: 3 });
  assert.deepEqual(withScope(row, "whole").scope, { kind: "whole" });
  assert.ok(!("scope" in withScope(row, "")));
});

test("a filter wants every word", () => {
  assert.ok(matches("ff-conv conv net on mnist", "MNIST  conv"));
  assert.ok(matches("anything", ""));
  assert.ok(!matches("ff-conv conv net on mnist", "mnist text"));
});

test("the two losses cross at θ and mirror each other", () => {
  const c = curves(2, 1);
  const middle = (c.positive.length - 1) / 2;
  assert.equal(c.positive[middle], c.negative[middle]);
  assert.equal(c.positive[0], c.negative.at(-1));
  assert.ok(Math.abs(softplus(0) - Math.LN2) < 1e-12);
  assert.equal(softplus(800), 800);
});
