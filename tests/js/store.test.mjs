/** The store: nothing doubled, nothing lost, whatever arrives in which order. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST_POINTS, Store } from "../../static/js/data/store.js";

/** A message of metrics events seq 1.. with step = 10·seq and one value each. */
function message(from, to, { events = [], name = "train/loss", step = (seq) => 10 * seq } = {}) {
  const seq = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  return {
    type: "events",
    events,
    metrics: { seq, step: seq.map(step), values: { [name]: seq.map((s) => s / 100) } },
    seq: to,
  };
}

test("what an HTTP answer holds is not added again by the socket", () => {
  const store = new Store();
  store.load(3, { "train/loss": { x: [10, 20, 30], y: [0.01, 0.02, 0.03] } });
  store.apply(message(2, 5));
  assert.deepEqual(store.get("train/loss").x, [10, 20, 30, 40, 50]);
  store.apply(message(1, 5)); // a reconnection that replays too much
  assert.deepEqual(store.get("train/loss").x, [10, 20, 30, 40, 50]);
  assert.equal(store.seq, 5);
});

test("a series that the answer did not name begins after the answer", () => {
  const store = new Store();
  store.load(3, {});
  store.apply(message(2, 5, { name: "test/accuracy" }));
  assert.deepEqual(store.get("test/accuracy").x, [40, 50]);
});

test("what the socket brings while an answer is on its way is kept", () => {
  const store = new Store();
  store.expect();
  store.apply(message(4, 6));
  store.load(4, { "train/loss": { x: [10, 40], y: [0.01, 0.04] } });
  assert.deepEqual(store.get("train/loss").x, [10, 40, 50, 60]);
});

test("null is a hole, the words are the numbers JSON has not", () => {
  const store = new Store();
  store.apply({
    events: [],
    metrics: { seq: [1, 2, 3], step: [1, 2, 3], values: { a: [1, null, "nan"], b: ["inf", "-inf", 2] } },
    seq: 3,
  });
  assert.deepEqual(store.get("a"), { x: [1, 3], y: [1, NaN], seq: 3 });
  assert.deepEqual(store.get("b").y, [Infinity, -Infinity, 2]);
  assert.equal(store.last("a"), 1);
});

test("a resumed trainer's start drops what lies beyond its checkpoint, and only that", () => {
  const store = new Store();
  store.apply(message(1, 9));
  const start = { seq: 10, kind: "start", resumed_from: 50 };
  const later = message(11, 12, { events: [start], step: (seq) => 60 + 10 * (seq - 11) });
  store.apply(later);
  assert.deepEqual(store.get("train/loss").x, [10, 20, 30, 40, 50, 60, 70]);
  store.apply(later);
  assert.deepEqual(store.get("train/loss").x, [10, 20, 30, 40, 50, 60, 70]);
});

test("a start that the HTTP answer has behind it drops nothing", () => {
  const store = new Store();
  store.load(12, { "train/loss": { x: [10, 50, 60, 70], y: [1, 2, 3, 4] } });
  store.apply({ events: [{ seq: 10, kind: "start", resumed_from: 50 }], seq: 12 });
  assert.deepEqual(store.get("train/loss").x, [10, 50, 60, 70]);
});

test("points before and after a start in one message are told apart", () => {
  const store = new Store();
  const metrics = { seq: [1, 2, 4], step: [10, 20, 20], values: { a: [1, 2, 3] } };
  store.apply({ events: [{ seq: 3, kind: "start", resumed_from: 10 }], metrics, seq: 4 });
  assert.deepEqual(store.get("a"), { x: [10, 20], y: [1, 3], seq: 4 });
});

test("a series stays bounded and keeps its ends and its peak", () => {
  const store = new Store();
  const count = 3 * MOST_POINTS;
  for (let from = 1; from <= count; from += 100) store.apply(message(from, from + 99));
  const { x, y } = store.get("train/loss");
  assert.ok(x.length <= MOST_POINTS);
  assert.equal(x[0], 10);
  assert.equal(x.at(-1), 10 * count);
  assert.equal(y.at(-1), count / 100);
  assert.ok(x.every((value, i) => i === 0 || value > x[i - 1]));
});

test("listeners hear which series changed, and nothing when nothing did", () => {
  const store = new Store();
  const heard = [];
  store.subscribe((names) => heard.push([...names]));
  store.apply(message(1, 2));
  store.apply(message(1, 2));
  assert.deepEqual(heard, [["train/loss"]]);
});
