/** Figures of a run by name, fetched when somebody looks at them and anew when the trainer made a newer one. */

/** @typedef {(name: string) => Promise<any>} Fetch */

export class Figures {
  /** @param {string[]} names that there are already @param {Fetch} fetch @param {() => void} onChange */
  constructor(names, fetch, onChange) {
    this.known = new Set(names);
    this.fetch = fetch;
    this.onChange = onChange;
    /** @type {Map<string, any>} */ this.bodies = new Map();
    /** @type {Set<string>} */ this.stale = new Set();
    /** @type {Set<string>} */ this.asked = new Set();
  }

  /** The trainer made one (again). @param {string} name */
  made(name) {
    this.known.add(name);
    this.stale.add(name);
    this.onChange();
  }

  /** Everything may be newer: after a gap in the connection. */
  refresh() {
    for (const name of this.bodies.keys()) this.stale.add(name);
    this.onChange();
  }

  /** @param {string} name */
  has(name) {
    return this.known.has(name);
  }

  /** The figure as far as it is here; asks for it if it is not, or is old. @param {string} name @returns {any|null} */
  get(name) {
    if (this.known.has(name) && (!this.bodies.has(name) || this.stale.has(name)) && !this.asked.has(name))
      void this.#load(name);
    return this.bodies.get(name) ?? null;
  }

  /** @param {string} name */
  async #load(name) {
    this.asked.add(name);
    this.stale.delete(name);
    try {
      this.bodies.set(name, await this.fetch(name));
    } catch {
      this.stale.delete(name); // it is asked for again when the trainer makes the next one
      this.known.delete(name);
    } finally {
      this.asked.delete(name);
    }
    this.onChange();
  }

  /** Layers that have a figure `separation-<layer>`. */
  separations() {
    const layers = [...this.known].map((name) => Number(/^separation-(\d+)$/.exec(name)?.[1] ?? NaN));
    return layers.filter(Number.isInteger).sort((a, b) => a - b);
  }
}
