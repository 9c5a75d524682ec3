/** What a study's page has been told of its runs, and whether a message of the table's socket says more. */

/** @typedef {{x: number, y: number, text: string, open: boolean}} Point `open`: of a run that still trains */
/** @typedef {{title: string, slot: number, backprop: boolean, points: Point[]}} Line */
/**
 * @typedef {{
 *   depths: number[], lines: Line[], runs: Record<string, [string, number|null, boolean]>, conditions: string,
 *   active: number
 * }} Study
 */
/** @typedef {{id: string, status: string, latest: Record<string, number|null>, silent_since: string|null}} Run */

/**
 * Whether one of `items` is a run of the study whose status, peak or silence is another than the page shows.
 * @param {Study} study
 * @param {Run[]} items
 */
export function isNews(study, items) {
  return items.some(({ id, status, latest, silent_since }) => {
    const shown = study.runs[id];
    const rise = latest["memory/rise"] ?? null;
    return shown !== undefined && (shown[0] !== status || shown[1] !== rise || shown[2] !== (silent_since !== null));
  });
}
