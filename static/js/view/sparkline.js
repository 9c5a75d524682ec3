/** The little accuracy line of the runs table; ffweb/pages/sparkline.py draws the same. */

const WIDTH = 108;
const HEIGHT = 30;
const PAD = 3;

/**
 * @param {(number | null)[]} values
 * @param {number} done share of the width to use
 */
export function path(values, done = 1) {
  const known = /** @type {number[]} */ (values.filter((v) => v !== null && Number.isFinite(v)));
  if (!known.length) return "";
  const low = Math.min(...known);
  const span = Math.max(...known) - low || 1;
  const width = (WIDTH - 2 * PAD) * Math.min(Math.max(done, 0.05), 1);
  let drawn = "";
  let pen = "M";
  values.forEach((value, i) => {
    if (value === null || !Number.isFinite(value)) {
      pen = "M";
      return;
    }
    const x = PAD + (width * i) / Math.max(1, values.length - 1);
    const y = HEIGHT - PAD - ((HEIGHT - 2 * PAD) * (value - low)) / span;
    drawn += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
    pen = "L";
  });
  return drawn + (known.length === 1 ? "h.1" : "");
}
