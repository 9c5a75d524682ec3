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

/** @param {number[]} widths @param {number} from @param {number} to @param {number} spare */
function stretch(widths, from, to, spare) {
  const equal = widths.slice(from, to).every((width) => width === widths[from]);
  if (spare && equal && 12 % (to - from) === 0) widths.fill(12 / (to - from), from, to);
  else if (to > from) widths[to - 1] += spare;
}
