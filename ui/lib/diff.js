/** lib/diff: what one text has that another has not, line by line: so that of a hundred letters one is read whole, and of the others what differs. */

/** Longer texts are compared as a whole. */
const LINES_MAX = 1500

/**
 * @param {string} before @param {string} after
 * @returns {{ how: 'same'|'out'|'in', text: string }[]|null}   null: too long to compare
 */
export function diffLines(before, after) {
  const [a, b] = [before.split('\n'), after.split('\n')]
  if (a.length > LINES_MAX || b.length > LINES_MAX) return null
  // Lengths of the longest common sequences of what is left of both.
  const rows = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1))
  for (let i = a.length - 1; i >= 0; i--) for (let k = b.length - 1; k >= 0; k--) rows[i][k] = a[i] === b[k] ? rows[i + 1][k + 1] + 1 : Math.max(rows[i + 1][k], rows[i][k + 1])
  const out = []
  let [i, k] = [0, 0]
  while (i < a.length || k < b.length) {
    if (i < a.length && k < b.length && a[i] === b[k]) { out.push({ how: 'same', text: a[i] }); i++; k++ }
    else if (i < a.length && (k === b.length || rows[i + 1][k] >= rows[i][k + 1])) out.push({ how: 'out', text: a[i++] })
    else out.push({ how: 'in', text: b[k++] })
  }
  return out
}

/** Lines that are the same are left out but for one on either side of a change; null stands for what was left out. */
export function folded(lines, around = 1) {
  const near = lines.map((_, i) => lines.slice(Math.max(0, i - around), i + around + 1).some((line) => line.how !== 'same'))
  const out = []
  lines.forEach((line, i) => { if (near[i]) out.push(line); else if (out.at(-1) !== null) out.push(null) })
  return out
}
