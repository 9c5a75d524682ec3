/** Pure parts of the form's scripts: node --test tests/js */
import assert from "node:assert/strict";
import { test } from "node:test";

import { changedTexts } from "../../static/js/page/form/draft.js";
import { countSeeds, same, startWords, twinWords, widths } from "../../static/js/page/form/fields.js";
import { boxHeight, geometry, netWords } from "../../static/js/view/net-geometry.js";
import { curves, softplus } from "../../static/js/view/theta.js";

const NET = { inputs: 784, shape: "28 × 28", classes: 10, layers: [500, 500], label: true, theta: true, rows: false, scope: "layer" };

test("texts that mean the same value are the same", () => {
  for (const [a, b] of [["60,000", "60000"], ["1e-3", "0.001"], ["2.0", "2"], ["500,500", "500, 500"], ["−1", "-1"], ["", ""]]) {
    assert.ok(same(a, b), `${a} and ${b}`);
  }
  for (const [a, b] of [["", "0"], ["1,5", "1.5"], ["500", "500, 500"], ["none", "rms"]]) assert.ok(!same(a, b), `${a} and ${b}`);
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
  assert.deepEqual(changedTexts(before, now), [["a.kind", "w"], ["a.b.kind", "z"], ["a.n", "3"]]);
});

test("boxes stay inside the drawing, whatever the net", () => {
  for (const layers of [[500, 500], [1], Array.from({ length: 64 }, () => 2000), []]) {
    const g = geometry({ ...NET, layers });
    for (const box of [g.input, ...g.layers]) {
      assert.ok(box.x >= 0 && box.x + box.w <= g.width, `${layers.length} layers: x`);
      assert.ok(box.y >= 0 && box.y + box.h <= g.height, `${layers.length} layers: y`);
    }
  }
  assert.ok(boxHeight(5000, 5000) > boxHeight(50, 5000));
});

test("boxes do not overlap, up to as many layers as a net may have", () => {
  for (const n of [1, 2, 6, 7, 24, 64]) {
    const g = geometry({ ...NET, layers: Array.from({ length: n }, () => 500) });
    const boxes = [g.input, ...g.layers];
    boxes.slice(1).forEach((box, i) => assert.ok(box.x >= boxes[i].x + boxes[i].w, `${n} layers, box ${i}`));
  }
});

test("the drawing says in words what it shows", () => {
  assert.match(netWords(NET), /784 → 500 → 500\. Each layer has a goodness.*no gradient passes/);
  assert.match(netWords({ ...NET, rows: true }), /score for each class/);
  assert.match(netWords({ ...NET, scope: "whole", label: false }), /one loss at the end/);
});

test("the two losses cross at θ and mirror each other", () => {
  const c = curves(2, 1);
  const middle = (c.positive.length - 1) / 2;
  assert.equal(c.positive[middle], c.negative[middle]);
  assert.equal(c.positive[0], c.negative.at(-1));
  assert.ok(Math.abs(softplus(0) - Math.LN2) < 1e-12);
  assert.equal(softplus(800), 800);
});
