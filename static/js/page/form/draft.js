/** What was changed and not started, kept in this browser for each preset or copied run. */

const PREFIX = "ffweb.draft.";

/** @typedef {{texts: Record<string, string>, left: Record<string, Record<string, string>>}} Draft */

/** @param {string} key @returns {Draft | null} */
export function load(key) {
  try {
    const found = JSON.parse(localStorage.getItem(PREFIX + key) ?? "null");
    return found && typeof found.texts === "object" && found.texts
      ? { texts: found.texts, left: found.left ?? {} }
      : null;
  } catch {
    return null; // no storage, or something else wrote there
  }
}

/** @param {string} key @param {Draft} draft */
export function save(key, draft) {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(draft));
  } catch {
    /* a full or forbidden storage only costs the draft */
  }
}

/** @param {string} key */
export function drop(key) {
  try {
    localStorage.removeItem(PREFIX + key);
  } catch {
    /* there was none */
  }
}

/**
 * The texts in `now` that differ from `before`, kinds first and shallow before deep: the order to set them in.
 * @param {Record<string, string>} before
 * @param {Record<string, string>} now
 * @returns {[string, string][]}
 */
export function changedTexts(before, now) {
  const depth = (/** @type {string} */ name) => name.split(".").length;
  const kind = (/** @type {string} */ name) => Number(!name.endsWith(".kind"));
  return Object.entries(now)
    .filter(([name, text]) => before[name] !== text)
    .sort(([a], [b]) => kind(a) - kind(b) || depth(a) - depth(b));
}
