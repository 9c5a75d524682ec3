/**
 * Who draws next. One chart a frame, only those in view, only while the tab shows: eight charts redrawn in one task
 * take the main thread for a fifth of a second, eight tasks of one chart each do not.
 */

/**
 * @typedef {object} Drawable
 * @property {boolean} visible
 * @property {boolean} dirty
 * @property {boolean} held a pointer drags in it
 * @property {number} nextAt not before this time (ms)
 * @property {number} minGap least ms between two drawings
 * @property {() => Promise<unknown>} draw
 * @property {(error: unknown) => void} fail
 */
/**
 * @typedef {object} Stage what a test replaces
 * @property {(callback: () => void, ms: number) => number} frame call back in the first frame after `ms`
 * @property {(handle: number) => void} cancel
 * @property {() => number} now
 * @property {() => boolean} shown
 */

export const SLOW = 50; // ms: a drawing that takes longer than this waits four times as long before its next
export const REST = 4;

/** @type {Stage} */
const screen = {
  frame: (callback, ms) => window.setTimeout(() => requestAnimationFrame(callback), Math.max(0, ms)),
  cancel: (handle) => window.clearTimeout(handle),
  now: () => performance.now(),
  shown: () => document.visibilityState === "visible",
};

/** Least pause between two drawings of a chart. @param {number} lines */
export const gapFor = (lines) => (lines <= 8 ? 500 : lines <= 24 ? 1000 : 2000);

/** @param {Drawable} card */
const wants = (card) => card.dirty && card.visible && !card.held;

/**
 * The dirty visible chart that has waited longest, if one may draw now.
 * @template {Drawable} C
 * @param {Iterable<C>} cards
 * @param {number} now
 * @returns {C|undefined}
 */
export function next(cards, now) {
  /** @type {C|undefined} */ let best;
  for (const card of cards) {
    if (!wants(card) || card.nextAt > now) continue;
    if (!best || card.nextAt < best.nextAt) best = card;
  }
  return best;
}

export class Scheduler {
  /** @param {Stage} [stage] */
  constructor(stage = screen) {
    this.stage = stage;
    /** @type {Set<Drawable>} */ this.cards = new Set();
    this.busy = false;
    this.planned = 0; // handle of the next step, 0 while nothing wants to be drawn: an idle page takes no frame
  }

  /** @param {Drawable} card */
  add(card) {
    this.cards.add(card);
  }

  /** @param {Drawable} card */
  remove(card) {
    this.cards.delete(card);
  }

  /** Something became dirty, visible or free: see that it is drawn, at the earliest time that is allowed. */
  wake() {
    if (this.planned) this.stage.cancel(this.planned);
    this.planned = 0;
    if (this.busy || !this.stage.shown()) return;
    let soonest = Infinity;
    for (const card of this.cards) if (wants(card)) soonest = Math.min(soonest, card.nextAt);
    if (soonest === Infinity) return;
    this.planned = this.stage.frame(() => {
      this.planned = 0;
      void this.step();
    }, soonest - this.stage.now());
  }

  /** Draw one chart, if one wants to be drawn. */
  async step() {
    const card = this.busy || !this.stage.shown() ? undefined : next(this.cards, this.stage.now());
    if (card) {
      this.busy = true;
      card.dirty = false;
      const begun = this.stage.now();
      try {
        await card.draw();
      } catch (error) {
        card.fail(error); // one chart that fails must not take the page with it
      }
      const took = this.stage.now() - begun;
      card.nextAt = this.stage.now() + Math.max(card.minGap, took > SLOW ? REST * took : 0);
      this.busy = false;
    }
    this.wake();
  }
}
