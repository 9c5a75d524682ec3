/** Who draws next: one chart a frame, visible ones only, slow ones rest. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Scheduler, gapFor, next } from "../../static/js/view/scheduler.js";

/** A clock that a test moves; frames run when it says so. */
class Stage {
  time = 0;
  visible = true;
  waiting = [];
  frame = (callback, ms) => {
    this.waiting.push({ callback, at: this.time + Math.max(0, ms) });
    return this.waiting.length;
  };
  cancel = (handle) => void (this.waiting[handle - 1].callback = null);
  now = () => this.time;
  shown = () => this.visible;
  /** Run everything that is due up to `time`. */
  async to(time) {
    for (;;) {
      const due = this.waiting.find((item) => item.callback && item.at <= time);
      if (!due) break;
      this.time = Math.max(this.time, due.at);
      const { callback } = due;
      due.callback = null;
      callback();
      await new Promise(setImmediate);
    }
    this.time = time;
  }
}

const card = (stage, name, log, took = 1) => ({
  name,
  visible: true,
  dirty: true,
  held: false,
  nextAt: 0,
  minGap: 500,
  draw: async () => {
    log.push([name, stage.time]);
    stage.time += took;
  },
  fail: (error) => log.push([name, String(error)]),
});

test("each dirty card in view is drawn once, one after the other", async () => {
  const stage = new Stage();
  const log = [];
  const scheduler = new Scheduler(stage);
  for (const name of ["a", "b", "c"]) scheduler.add(card(stage, name, log));
  scheduler.wake();
  await stage.to(100);
  assert.deepEqual(
    log.map(([name]) => name),
    ["a", "b", "c"],
  );
  assert.equal(stage.waiting.filter((item) => item.callback).length, 0); // an idle page takes no frame
});

test("out of view, held by the pointer or in a hidden tab nothing is drawn", async () => {
  const stage = new Stage();
  const log = [];
  const scheduler = new Scheduler(stage);
  const [a, b] = [card(stage, "a", log), card(stage, "b", log)];
  a.visible = false;
  b.held = true;
  scheduler.add(a);
  scheduler.add(b);
  scheduler.wake();
  await stage.to(1000);
  assert.deepEqual(log, []);
  a.visible = true;
  stage.visible = false;
  scheduler.wake();
  await stage.to(2000);
  assert.deepEqual(log, []);
  stage.visible = true;
  scheduler.wake();
  await stage.to(3000);
  assert.deepEqual(
    log.map(([name]) => name),
    ["a"],
  );
});

test("a card waits its gap, a slow one four times what it took", async () => {
  const stage = new Stage();
  const log = [];
  const scheduler = new Scheduler(stage);
  const [quick, slow] = [card(stage, "quick", log, 10), card(stage, "slow", log, 200)];
  scheduler.add(quick);
  scheduler.add(slow);
  scheduler.wake();
  await stage.to(300);
  quick.dirty = slow.dirty = true;
  scheduler.wake();
  await stage.to(3000);
  assert.deepEqual(
    log.map(([name]) => name),
    ["quick", "slow", "quick", "slow"],
  );
  assert.equal(log[2][1], 510);
  assert.equal(log[3][1], 10 + 200 + 800);
});

test("a chart that fails says so and stops nobody", async () => {
  const stage = new Stage();
  const log = [];
  const scheduler = new Scheduler(stage);
  const broken = card(stage, "broken", log);
  broken.draw = async () => {
    throw new Error("no");
  };
  scheduler.add(broken);
  scheduler.add(card(stage, "b", log));
  scheduler.wake();
  await stage.to(100);
  assert.deepEqual(
    log.map(([name, what]) => [name, typeof what]),
    [
      ["broken", "string"],
      ["b", "number"],
    ],
  );
});

test("the longest waiting goes first; more lines, longer gaps", () => {
  const stage = new Stage();
  const [a, b] = [card(stage, "a", []), card(stage, "b", [])];
  a.nextAt = 5;
  b.nextAt = 3;
  assert.equal(next([a, b], 10), b);
  assert.equal(next([a, b], 2), undefined);
  assert.deepEqual([8, 24, 25].map(gapFor), [500, 1000, 2000]);
});
