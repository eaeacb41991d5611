/** parts/qr: a QR code (ISO/IEC 18004: byte mode, level L, versions 1 to 10) as one SVG path, so that a phone can take up a second factor. */
import { html, useMemo } from '../lib/ui.js'
import { t } from '../lib/i18n.js'

// By version: codewords for error correction in each block, blocks, data codewords in all.
const SIZES = [null, [7, 1, 19], [10, 1, 34], [15, 1, 55], [20, 1, 80], [26, 1, 108], [18, 2, 136], [20, 2, 156], [24, 2, 194], [30, 2, 232], [18, 4, 274]]
const ALIGN = [null, [], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50]]

// Arithmetic of GF(256) with 0x11d.
const EXP = new Uint8Array(512)
const LOG = new Uint8Array(256)
for (let i = 0, x = 1; i < 255; i++) {
  EXP[i] = EXP[i + 255] = x
  LOG[x] = i
  x = x << 1 ^ (x > 127 ? 0x11d : 0)
}
const times = (a, b) => a && b ? EXP[LOG[a] + LOG[b]] : 0

function correction(data, n) {
  let poly = [1]
  for (let i = 0; i < n; i++) {
    const next = [...poly, 0]
    for (let j = 0; j < poly.length; j++) next[j + 1] ^= times(poly[j], EXP[i])
    poly = next
  }
  const rest = [...data, ...new Array(n).fill(0)]
  for (let i = 0; i < data.length; i++) {
    const factor = rest[i]
    for (let j = 0; factor && j < poly.length; j++) rest[i + j] ^= times(poly[j], factor)
  }
  return rest.slice(data.length)
}

/** All codewords in the order in which they are laid. */
function codewords(bytes, version) {
  const [ecc, blocks, total] = SIZES[version]
  const bits = []
  const put = (value, n) => { for (let i = n - 1; i >= 0; i--) bits.push(value >> i & 1) }
  put(4, 4)
  put(bytes.length, version < 10 ? 8 : 16)
  for (const byte of bytes) put(byte, 8)
  put(0, Math.min(4, total * 8 - bits.length))
  while (bits.length % 8) bits.push(0)
  const data = []
  for (let i = 0; i < bits.length; i += 8) data.push(bits.slice(i, i + 8).reduce((sum, bit) => sum << 1 | bit, 0))
  for (let pad = 0xec; data.length < total; pad ^= 0xfd) data.push(pad)
  const short = Math.floor(total / blocks)
  const long = total % blocks // so many blocks, the last ones, hold one more
  const parts = []
  for (let b = 0, at = 0; b < blocks; b++) { const size = short + (b >= blocks - long ? 1 : 0); parts.push(data.slice(at, at + size)); at += size }
  const checks = parts.map((part) => correction(part, ecc))
  const out = []
  for (let i = 0; i <= short; i++) for (const part of parts) if (i < part.length) out.push(part[i])
  for (let i = 0; i < ecc; i++) for (const check of checks) out.push(check[i])
  return out
}

const MASKS = [(x, y) => (x + y) % 2, (x, y) => y % 2, (x) => x % 3, (x, y) => (x + y) % 3, (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2, (x, y) => x * y % 2 + x * y % 3, (x, y) => (x * y % 2 + x * y % 3) % 2, (x, y) => ((x + y) % 2 + x * y % 3) % 2]

function format(value, poly, length, width) {
  let rest = value << width
  for (let i = length - 1; i >= width; i--) if (rest >> i & 1) rest ^= poly << (i - width)
  return value << width | rest
}

/** How hard a picture is to read: long runs, blocks, and things that look like corners. */
function penalty(grid) {
  const size = grid.length
  let sum = 0
  let dark = 0
  for (let a = 0; a < size; a++) {
    for (const line of [grid[a], grid.map((row) => row[a])]) {
      const text = line.map(Number).join('')
      for (const run of text.match(/0{5,}|1{5,}/g) || []) sum += run.length - 2
      for (let i = 0; i + 11 <= size; i++) if (text.startsWith('10111010000', i) || text.startsWith('00001011101', i)) sum += 40
    }
    for (let b = 0; b < size; b++) {
      dark += grid[a][b]
      if (a + 1 < size && b + 1 < size && grid[a][b] === grid[a + 1][b] && grid[a][b] === grid[a][b + 1] && grid[a][b] === grid[a + 1][b + 1]) sum += 3
    }
  }
  return sum + 10 * Math.floor(Math.abs(dark * 20 / (size * size) - 10))
}

/** @param {string} text @returns {number[][]|null} rows of 0 and 1; null: too long */
export function qr(text) {
  const bytes = [...new TextEncoder().encode(text)]
  const version = SIZES.findIndex((size, v) => v && bytes.length + (v < 10 ? 2 : 3) <= size[2])
  if (version < 1) return null
  const size = version * 4 + 17
  const fixed = Array.from({ length: size }, () => new Array(size).fill(null))
  const square = (cx, cy, reach, of) => { for (let y = -reach; y <= reach; y++) for (let x = -reach; x <= reach; x++) if (fixed[cy + y]?.[cx + x] !== undefined) fixed[cy + y][cx + x] = of(Math.max(Math.abs(x), Math.abs(y))) }
  for (let i = 0; i < size; i++) fixed[6][i] = fixed[i][6] = (i + 1) % 2
  for (const [x, y] of [[3, 3], [size - 4, 3], [3, size - 4]]) square(x, y, 4, (d) => d === 2 || d === 4 ? 0 : 1)
  for (const y of ALIGN[version]) for (const x of ALIGN[version]) if (!((x === 6 && y === 6) || (x === 6 && y === size - 7) || (x === size - 7 && y === 6))) square(x, y, 2, (d) => d === 1 ? 0 : 1)
  const formatCells = []
  for (let i = 0; i < 15; i++) {
    formatCells.push([i < 6 ? [8, i] : i < 8 ? [8, i + 1] : i === 8 ? [7, 8] : [14 - i, 8], i < 8 ? [size - 1 - i, 8] : [8, size - 15 + i]])
    for (const [x, y] of formatCells[i]) fixed[y][x] = 0
  }
  fixed[size - 8][8] = 1
  if (version >= 7) for (let i = 0, bits = format(version, 0x1f25, 18, 12); i < 18; i++) { const [a, b] = [size - 11 + i % 3, Math.floor(i / 3)]; fixed[a][b] = fixed[b][a] = bits >> i & 1 }
  const words = codewords(bytes, version)
  let best = null
  for (let mask = 0; mask < 8; mask++) {
    const grid = fixed.map((row) => [...row])
    let at = 0
    for (let right = size - 1; right > 0; right -= 2) {
      if (right === 6) right = 5
      for (let step = 0; step < size; step++) {
        for (const x of [right, right - 1]) {
          const y = (right + 1 & 2) === 0 ? size - 1 - step : step
          if (fixed[y][x] !== null) continue
          const bit = at < words.length * 8 ? words[at >> 3] >> (7 - (at & 7)) & 1 : 0
          at++
          grid[y][x] = bit ^ (MASKS[mask](x, y) === 0 ? 1 : 0)
        }
      }
    }
    const bits = format(1 << 3 | mask, 0x537, 15, 10) ^ 0x5412
    formatCells.forEach((cells, i) => { for (const [x, y] of cells) grid[y][x] = bits >> i & 1 })
    const score = penalty(grid)
    if (!best || score < best.score) best = { score, grid }
  }
  return best.grid
}

/** @param {{ text?: string }} props */
export function Qr({ text }) {
  const grid = useMemo(() => text ? qr(text) : null, [text])
  if (!grid) return null
  const path = grid.flatMap((row, y) => row.map((dark, x) => dark ? `M${x + 4} ${y + 4}h1v1h-1z` : '')).join('')
  return html`<svg class="qr" role="img" aria-label=${t('account.qr')} viewBox=${`0 0 ${grid.length + 8} ${grid.length + 8}`} shape-rendering="crispEdges"><path d=${path} /></svg>`
}
