/** Which lines two texts have in common, and which only one of them has. Pure. */

/** More cells than this would keep the page busy: then all lines count as changed. */
const MOST_CELLS = 4_000_000;

/**
 * @param {string} before
 * @param {string} after
 * @returns {Array<{kind: "same"|"removed"|"added", text: string}>} lines, in reading order
 */
export function diffOf(before, after) {
  const old = before.split("\n");
  const now = after.split("\n");
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start += 1;
  let end = 0;
  const most = Math.min(old.length, now.length) - start;
  while (end < most && old.at(-1 - end) === now.at(-1 - end)) end += 1;
  const middle = changed(old.slice(start, old.length - end), now.slice(start, now.length - end));
  return [
    ...old.slice(0, start).map((text) => line("same", text)),
    ...middle,
    ...old.slice(old.length - end).map((text) => line("same", text)),
  ];
}

/** @returns {{kind: any, text: string}} */
function line(kind, text) {
  return { kind, text };
}

/** The lines by their longest common subsequence. */
function changed(old, now) {
  if (old.length * now.length > MOST_CELLS) {
    return [...old.map((text) => line("removed", text)), ...now.map((text) => line("added", text))];
  }
  const width = now.length + 1;
  const common = new Uint32Array((old.length + 1) * width);
  for (let row = old.length - 1; row >= 0; row -= 1) {
    for (let column = now.length - 1; column >= 0; column -= 1) {
      const here = row * width + column;
      common[here] = old[row] === now[column]
        ? common[here + width + 1] + 1
        : Math.max(common[here + width], common[here + 1]);
    }
  }
  const lines = [];
  let row = 0;
  let column = 0;
  while (row < old.length || column < now.length) {
    const here = row * width + column;
    if (row < old.length && column < now.length && old[row] === now[column]) {
      lines.push(line("same", old[row]));
      row += 1;
      column += 1;
    } else if (column === now.length
      || (row < old.length && common[here + width] >= common[here + 1])) {
      lines.push(line("removed", old[row]));
      row += 1;
    } else {
      lines.push(line("added", now[column]));
      column += 1;
    }
  }
  return lines;
}
