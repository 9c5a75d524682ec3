/**
 * The socket that stays: it resumes after the last seq, waits longer each time, and gives up only where no try helps.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveSocket, LONGEST_PAUSE, OFFLINE, OPENING, pause, SILENCE } from "../../static/js/net/socket.js";

class FakeSocket {
  static made = [];
  constructor(url) {
    this.url = url;
    this.closed = null;
    FakeSocket.made.push(this);
  }
  close(code = 1000) {
    this.closed = code;
  }
}

class Clock {
  time = 0;
  jobs = new Map();
  serial = 0;
  random = () => 1;
  now = () => this.time;
  after = (callback, ms) => {
    this.jobs.set(++this.serial, { callback, at: this.time + ms });
    return this.serial;
  };
  cancel = (handle) => void this.jobs.delete(handle);
  to(time) {
    for (;;) {
      const due = [...this.jobs].filter(([, job]) => job.at <= time).sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      this.jobs.delete(due[0]);
      this.time = due[1].at;
      due[1].callback();
    }
    this.time = time;
  }
}

function setUp() {
  FakeSocket.made = [];
  const world = { seq: 41, states: [], messages: [], refused: [], clock: new Clock() };
  world.live = new LiveSocket({
    path: "/ws/runs/abc",
    after: () => world.seq,
    onMessage: (message) => world.messages.push(message),
    onState: (state) => world.states.push(state),
    onRefused: (code) => world.refused.push(code),
    Socket: FakeSocket,
    clock: world.clock,
  });
  world.last = () => FakeSocket.made.at(-1);
  return world;
}

test("every connection asks for what comes after the last seq", () => {
  const world = setUp();
  world.live.open();
  assert.ok(world.last().url.endsWith("/ws/runs/abc?after=41"));
  world.last().onopen();
  world.last().onmessage({ data: '{"type":"events","seq":50}' });
  world.seq = 50;
  world.last().onclose({ code: 1006 });
  world.clock.to(600);
  assert.equal(FakeSocket.made.length, 2);
  assert.ok(world.last().url.endsWith("?after=50"));
  assert.deepEqual(world.messages, [{ type: "events", seq: 50 }]);
});

test("a blip never shows; longer silence does, in two steps", () => {
  const world = setUp();
  world.live.open();
  world.last().onopen();
  world.last().onclose({ code: 1006 });
  world.clock.to(500);
  world.last().onopen();
  assert.deepEqual(world.states, ["live"]);
  world.last().onclose({ code: 1006 });
  for (let time = 1000; time <= 20_000; time += 250) {
    world.clock.to(time);
    if (!world.last().closed && world.live.socket) world.last().onclose({ code: 1006 });
  }
  assert.deepEqual([...new Set(world.states)], ["live", "reconnecting", "offline"]);
  world.live.now();
  world.last().onopen();
  assert.equal(world.states.at(-1), "live");
});

test("pauses double up to a bound, each shortened by chance", () => {
  assert.deepEqual(
    [0, 1, 2, 3].map((n) => pause(n, 1)),
    [500, 1000, 2000, 4000],
  );
  assert.equal(pause(30, 1), LONGEST_PAUSE);
  assert.equal(pause(0, 0), 250);
});

test("a withdrawn share, a deleted run and a lost session end it", () => {
  for (const code of [4410, 4404, 4401]) {
    const world = setUp();
    world.live.open();
    world.last().onopen();
    world.last().onclose({ code });
    world.clock.to(60_000);
    assert.deepEqual(world.refused, [code]);
    assert.equal(FakeSocket.made.length, 1);
    assert.equal(world.states.at(-1), "closed");
  }
});

test("what a dropped connection still says is not heard", () => {
  const world = setUp();
  world.live.open();
  const old = world.last();
  old.onopen();
  world.live.refresh();
  old.onmessage({ data: "{}" });
  old.onclose({ code: 1006 });
  world.clock.to(10_000);
  assert.deepEqual(world.messages, []);
  assert.equal(FakeSocket.made.length, 2);
});

test("closed is closed", () => {
  const world = setUp();
  world.live.open();
  world.last().onopen();
  world.live.close();
  assert.equal(world.last().closed, 1000);
  world.live.now();
  world.clock.to(60_000);
  assert.equal(FakeSocket.made.length, 1);
});

const beat = (world) => world.last().onmessage({ data: '{"type":"beat"}' });

test("beats keep a quiet connection live, and are no news", () => {
  const world = setUp();
  world.live.open();
  world.last().onopen();
  for (let time = 5000; time <= 60_000; time += 5000) {
    world.clock.to(time);
    beat(world);
  }
  assert.deepEqual([world.states, world.messages], [["live"], []]);
  assert.equal(world.live.last.getTime(), 60_000);
});

test("a server that says nothing on an open connection is no contact, and is tried anew until it answers", () => {
  const world = setUp();
  world.live.open();
  world.last().onopen();
  world.clock.to(5000);
  beat(world);
  world.clock.to(5000 + SILENCE - 1);
  assert.equal(world.states.at(-1), "live");
  world.clock.to(5000 + SILENCE);
  assert.equal(world.states.at(-1), "offline");
  assert.equal(world.live.last.getTime(), 5000);
  assert.equal(FakeSocket.made.length, 2); // at once: it may be this connection alone that is dead
  world.clock.to(5000 + SILENCE + OPENING + pause(0, 1));
  assert.equal(FakeSocket.made.length, 3); // one that a frozen server takes and does not open is given up
  assert.ok(FakeSocket.made.slice(0, 2).every((socket) => socket.closed === 1000));
  world.last().onopen();
  assert.equal(world.states.at(-1), "live");
});

test("a page that was loaded while nobody answers says so", () => {
  const world = setUp();
  world.live.open();
  world.clock.to(OFFLINE);
  assert.deepEqual([...new Set(world.states)], ["reconnecting", "offline"]);
  assert.equal(world.live.last, null);
});

test("a laptop that slept connects anew when it wakes, although its connection seems well", () => {
  const world = setUp();
  world.live.open();
  world.last().onopen();
  world.live.now(); // the reader looks at the tab: all is well
  assert.equal(FakeSocket.made.length, 1);
  world.clock.time += 3_600_000; // no timer ran meanwhile
  world.live.now();
  assert.equal(FakeSocket.made.length, 2);
});
