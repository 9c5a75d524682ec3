/** How cards fill rows of twelve columns: in their order, the last of a row stretched so that none ends short. */

/**
 * @param {number[]} widths in twelfths
 * @returns {number[]} widths whose rows sum to twelve
 */
export function fillRows(widths) {
  const out = [...widths];
  let start = 0;
  while (start < out.length) {
    let sum = 0;
    let end = start;
    while (end < out.length && sum + out[end] <= 12) sum += out[end++];
    stretch(out, start, end, 12 - sum);
    start = end;
  }
  return out;
}

/**
 * Which cards stand in a row with a wide one: they share its height.
 * @param {number[]} widths whose rows sum to twelve
 */
export function tall(widths) {
  /** @type {boolean[]} */ const out = [];
  let start = 0;
  for (let end = 1, sum = widths[0] ?? 0; end <= widths.length; end++) {
    if (sum < 12 && end < widths.length) {
      sum += widths[end];
      continue;
    }
    const wide = widths.slice(start, end).includes(8);
    while (out.length < end) out.push(wide);
    start = end;
    sum = widths[end] ?? 0;
  }
  return out;
}

/** @param {number[]} widths @param {number} from @param {number} to @param {number} spare */
function stretch(widths, from, to, spare) {
  const equal = widths.slice(from, to).every((width) => width === widths[from]);
  if (spare && equal && 12 % (to - from) === 0) widths.fill(12 / (to - from), from, to);
  else if (to > from) widths[to - 1] += spare;
}
