#!/usr/bin/env node
// tools/embed.mjs: the board as one sorted C table (src/web/ui.h), so that the program serves it without a file on disk.
//
//   tools/embed.mjs UI-DIR OUT.c DEPFILE     what the build calls: OUT.c, and a depfile for ninja
//   tools/embed.mjs --vendor UI-DIR          only UI-DIR/vendor/, for `hikeshi web --ui-dir=UI-DIR` (not tracked by git)
//   tools/embed.mjs --sizes UI-DIR           prints what a first visit loads
//
// The few modules that we take from npm go to vendor/; the bare names inside them ("preact") become relative paths there, because an
// import map would be an inline script, which our content security policy forbids. Everything but index.html gets a prefix with
// the hash of the whole, so that it may be cached for ever. Fails when the scripts of a first visit are more than 60 kB (gzip).
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, extname, join, posix, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'

const FIRST_LOAD_MAX = 60 * 1024
/** Name below vendor/ -> file below node_modules/, and the bare name by which others import it. */
const VENDOR = {
  'preact.js': ['preact/dist/preact.mjs', 'preact'],
  'hooks.js': ['preact/hooks/dist/hooks.mjs', 'preact/hooks'],
  'htm.js': ['htm/dist/htm.module.js', 'htm'],
  'signals.js': ['@preact/signals/dist/signals.mjs', '@preact/signals'],
  'signals-core.js': ['@preact/signals-core/dist/signals-core.mjs', '@preact/signals-core'],
  'uplot.js': ['uplot/dist/uPlot.esm.js', 'uplot'],
  'uplot.css': ['uplot/dist/uPlot.min.css', 'uplot/css'],
}
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
}
/** What lies in ui/ but is not served. */
const PRIVATE = /^(?:node_modules|vendor|dev|test)\/|^package(?:-lock)?\.json$|(?:^|\/)\.|\.md$/

const fail = (text) => {
  console.error(`tools/embed.mjs: ${text}`)
  process.exit(1)
}

function vendored(ui) {
  const files = new Map()
  for (const [name, [source]] of Object.entries(VENDOR)) {
    const path = join(ui, 'node_modules', source)
    if (!existsSync(path)) fail(`${path} is missing: run "npm ci" in ${ui} (needs the npm registry once; afterwards nothing)`)
    let text = readFileSync(path, 'utf8').replace(/\n?\/\/# sourceMappingURL=.*\s*$/, '\n')
    for (const [other, [, bare]] of Object.entries(VENDOR)) {
      text = text.replaceAll(`from"${bare}"`, `from"./${other}"`)
    }
    const rest = /\bfrom"([\w@][\w@/-]*)"/.exec(name.endsWith('.js') ? text : '')
    if (rest) fail(`vendor/${name} imports "${rest[1]}", which is no row of VENDOR`)
    files.set(`vendor/${name}`, Buffer.from(text))
  }
  return files
}

function walk(ui, folder = '', out = []) {
  for (const entry of readdirSync(join(ui, folder), { withFileTypes: true })) {
    const path = posix.join(folder, entry.name)
    if (PRIVATE.test(entry.isDirectory() ? `${path}/` : path)) continue
    if (entry.isDirectory()) walk(ui, path, out)
    else out.push(path)
  }
  return out
}

/** The modules that `entry` loads without being asked, itself included. */
function closure(files, entry, seen = new Set()) {
  if (seen.has(entry)) return seen
  if (!files.has(entry)) fail(`a module imports ${entry}, which does not exist`)
  seen.add(entry)
  const text = files.get(entry).toString()
  for (const [, name] of text.matchAll(/^(?:import|export)\b[^'";]*?from\s*['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]/gm)) {
    if (name && !name.startsWith('.')) fail(`${entry} imports "${name}": take a relative path, or a row of VENDOR`)
    closure(files, posix.join(posix.dirname(entry), name), seen)
  }
  for (const [, name] of text.matchAll(/\bfrom"(\.[^"]+)"/g)) closure(files, posix.join(posix.dirname(entry), name), seen)
  return seen
}

const gzip = (bytes) => {
  const out = gzipSync(bytes, { level: 9 })
  out.fill(0, 4, 8) // no time: the same input gives the same bytes
  out[9] = 255
  return out
}

function collect(ui) {
  const files = vendored(ui)
  for (const path of walk(ui)) {
    if (!TYPES[extname(path)]) fail(`${path}: no media type is known for it`)
    files.set(path, readFileSync(join(ui, path)))
  }
  return files
}

/** Gzip bytes of the scripts of a first visit: the shell and the board, and each view that comes on demand. */
function sizes(files) {
  const sum = (set) => [...set].reduce((n, path) => n + gzip(files.get(path)).length, 0)
  const first = closure(files, 'views/board.js', closure(files, 'app.js'))
  const rows = [['first load', sum(first), first]]
  for (const path of [...files.keys()].filter((path) => path.startsWith('views/') && !first.has(path)).sort()) {
    const more = new Set([...closure(files, path)].filter((other) => !first.has(other)))
    rows.push([path, sum(more), more])
  }
  return rows
}

function table(files, hash) {
  const out = ['/* Made by tools/embed. */', '#include "web/ui.h"', '', `const char hk_ui_hash[] = "${hash}";`, '']
  const rows = []
  let n = 0
  for (const [path, bytes] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const packed = gzip(bytes)
    out.push(`static const uint8_t f${n}[] = {`)
    for (let i = 0; i < packed.length; i += 32) out.push(`${[...packed.subarray(i, i + 32)].join(',')},`)
    out.push('};')
    const sha = createHash('sha256').update(bytes).digest()
    rows.push(`\t{"${path}", "${TYPES[extname(path)]}", f${n}, ${packed.length}, ${bytes.length}, ` +
      `${path !== '/index.html'}, {${[...sha].join(',')}}},`)
    n++
  }
  return [...out, 'const hk_ui_file hk_ui_files[] = {', ...rows, '};', `const size_t hk_ui_file_count = ${n};`, ''].join('\n')
}

const args = process.argv.slice(2)
if (args[0] === '--vendor' && args.length === 2) {
  const ui = resolve(args[1])
  for (const [path, bytes] of vendored(ui)) {
    mkdirSync(dirname(join(ui, path)), { recursive: true })
    writeFileSync(join(ui, path), bytes)
  }
} else if (args[0] === '--sizes' && args.length === 2) {
  for (const [name, bytes, set] of sizes(collect(resolve(args[1])))) {
    console.log(`${String(bytes).padStart(7)} bytes gzip, ${String(set.size).padStart(2)} modules  ${name}`)
  }
} else if (args.length === 3) {
  const ui = resolve(args[0])
  const files = collect(ui)
  const [[, first, modules]] = sizes(files)
  if (first > FIRST_LOAD_MAX) fail(`a first visit loads ${first} bytes of script (gzip), at most ${FIRST_LOAD_MAX} are allowed (tools/embed.mjs --sizes ui)`)
  console.log(`board: a first visit loads ${first} bytes of script (gzip) in ${modules.size} modules`)

  const hash = createHash('sha256')
  for (const [path, bytes] of [...files].sort()) hash.update(path).update('\0').update(createHash('sha256').update(bytes).digest())
  const prefix = `/ui/${hash.digest('hex').slice(0, 16)}`
  const served = new Map()
  for (const [path, bytes] of files) if (path !== 'index.html') served.set(`${prefix}/${path}`, bytes)
  // The modules of a first visit are named in the page, so that the browser asks for all of them at once.
  const preload = [...modules].sort().map((path) => `<link rel="modulepreload" href="${prefix}/${path}">`).join('\n')
  served.set('/index.html', Buffer.from(files.get('index.html').toString()
    .replaceAll(/(href|src)="\.\//g, `$1="${prefix}/`).replace('</head>', `${preload}\n</head>`)))
  writeFileSync(args[1], table(served, prefix.slice(4)))

  // Folders too: a new file in one of them is a change.
  const needs = [...files.keys()].map((path) => join(ui, path.startsWith('vendor/') ? `node_modules/${VENDOR[path.slice(7)][0]}` : path))
  const folders = new Set(needs.filter((path) => !path.includes('node_modules')).map((path) => dirname(path)))
  writeFileSync(args[2], `${args[1]}: ${[...needs, ...folders].map((path) => path.replaceAll(' ', '\\ ')).join(' ')}\n`)
} else {
  console.error('usage: tools/embed.mjs UI-DIR OUT.c DEPFILE | --vendor UI-DIR | --sizes UI-DIR')
  process.exit(64)
}
