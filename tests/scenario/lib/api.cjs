// tests/scenario/lib/api: a house of its own for a test of the API: database, users, tokens, server; calls whose answers are checked
// against tools/gen-openapi's document.
'use strict'
const { execFileSync, spawn } = require('node:child_process')
const { mkdtempSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')

const SRC = process.env.HK_SRC || join(__dirname, '../../..')
const BUILD = process.env.HK_BUILD || join(SRC, 'build-check')
const HIKESHI = join(BUILD, 'src/hikeshi')

/** Servers that still run: a test that fails half-way must end all the same. */
const children = new Set()
let count = 0, failed = 0
/** One TAP line. */
function ok(good, what, more) {
  count++
  if (!good) failed++
  console.log(`${good ? 'ok' : 'not ok'} ${count} - ${String(what).replaceAll('#', '\\#')}`)
  if (!good && more !== undefined) console.log(`# ${typeof more === 'string' ? more : JSON.stringify(more)}`.replaceAll('\n', '\n# ').slice(0, 3000))
  return good
}
const is = (got, want, what) => ok(JSON.stringify(got) === JSON.stringify(want), what, `got ${JSON.stringify(got)}, expected ${JSON.stringify(want)}`)

const doc = JSON.parse(execFileSync(join(SRC, 'tools/gen-openapi'), ['--json'], { maxBuffer: 1 << 26 }))
const covered = new Set()

/** What is wrong with a value, or null. */
function wrong(schema, value, at = '$') {
  if (schema.$ref) return wrong(doc.components.schemas[schema.$ref.split('/').pop()], value, at)
  if (schema.oneOf) {
    const faults = schema.oneOf.map((one) => wrong(one, value, at))
    return faults.includes(null) ? null : faults.join(' | ')
  }
  if (schema.enum && !schema.enum.includes(value)) return `${at}: ${JSON.stringify(value)} is none of ${schema.enum}`
  const types = schema.type === undefined ? null : [].concat(schema.type)
  const kind = value === null ? 'null' : Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value
  if (types && !types.includes(kind) && !(kind === 'integer' && types.includes('number'))) return `${at}: ${kind} instead of ${types}`
  if (kind === 'string' && schema.format === 'date-time' && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value)) return `${at}: ${value} is no time`
  if (kind === 'array' && schema.items) for (let i = 0; i < value.length; i++) { const fault = wrong(schema.items, value[i], `${at}[${i}]`); if (fault) return fault }
  if (kind !== 'object') return null
  for (const name of schema.required || []) if (!(name in value)) return `${at}.${name} is missing`
  for (const [name, one] of Object.entries(value)) {
    const inner = schema.properties?.[name] ?? (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined)
    if (!inner && schema.properties && schema.additionalProperties === false) return `${at}.${name} is not in the description`
    const fault = inner && wrong(inner, one, `${at}.${name}`)
    if (fault) return fault
  }
  return null
}

/** The operation of a path. */
function find(method, path) {
  const parts = path.split('?')[0].split('/')
  let best = null
  for (const [pattern, methods] of Object.entries(doc.paths)) {
    const wanted = pattern.split('/')
    if (wanted.length === parts.length && methods[method.toLowerCase()] && wanted.every((part, i) => part === parts[i] || part.startsWith('{')) &&
      (!best || pattern.split('{').length < best.pattern.split('{').length)) best = { pattern, op: methods[method.toLowerCase()] }
  }
  return best
}

/** A house: `await house({ hanako: ['analyst', ...] })`. */
async function house(users) {
  const dir = mkdtempSync(join(tmpdir(), 'hikeshi-api-'))
  const common = ['--audit-key', join(dir, 'audit.key')]
  const pgsql = process.env.HK_TEST_PGSQL
  let database = join(dir, 'hikeshi.db')
  if (pgsql) {
    const name = `api_${process.pid}`
    execFileSync('psql', [pgsql, '-qc', `CREATE DATABASE ${name}`])
    database = pgsql.replace(/\/[^/?]*(\?|$)/, `/${name}$1`)
  }
  common.push('--database', database)
  const run = (args, input) => execFileSync(HIKESHI, [...args, ...common], { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'inherit'] })
  run(['db', 'init'])
  const tokens = {}
  for (const [login, roles] of Object.entries(users)) {
    run(['user', 'add', '--roles', roles.join(','), '--no-password', login])
    tokens[login] = run(['user', 'token', '--scopes', 'read,write,delete,intake,export,admin', login, 'test']).trim().split('\n').pop()
  }
  const web = ['web', ...common, '--web-key', join(dir, 'web.key'), '--listen', '127.0.0.1:0']
  if (/--blobs/.test(execFileSync(HIKESHI, ['web', '--help'], { encoding: 'utf8' }))) web.push('--blobs', join(dir, 'blobs'))
  const child = spawn(HIKESHI, web, { stdio: ['ignore', 'pipe', 'pipe'] })
  children.add(child)
  let log = ''
  child.stderr.on('data', (data) => { log += data })
  const base = await new Promise((resolve, reject) => {
    let out = ''
    child.stdout.on('data', (data) => { out += data; const line = out.split('\n')[0]; if (out.includes('\n')) resolve(JSON.parse(line).url) })
    child.on('exit', () => reject(new Error(`the server ended: ${log}`)))
    setTimeout(() => reject(new Error(`the server does not start: ${log}`)), 60000).unref()
  })
  /** One call; the answer is checked against the description. options: as, body, raw, type, version, key, status (expected). */
  async function call(method, path, options = {}) {
    const headers = {}
    if (options.as !== null) headers.Authorization = `Bearer ${tokens[options.as || Object.keys(users)[0]]}`
    if (options.body !== undefined) headers['Content-Type'] = 'application/json'
    if (options.raw !== undefined) headers['Content-Type'] = options.type || 'application/octet-stream'
    if (options.version !== undefined) headers['If-Match'] = options.version === '*' ? '*' : `"${options.version}"`
    if (options.key) headers['Idempotency-Key'] = options.key
    const response = await fetch(`${base.replace(/\/$/, '')}/api/v1${path}`, { method, headers, redirect: 'manual',
      body: options.raw !== undefined ? options.raw : options.body === undefined ? undefined : typeof options.body === 'string' ? options.body : JSON.stringify(options.body) })
    const bytes = Buffer.from(await response.arrayBuffer())
    const type = (response.headers.get('content-type') || '').split(';')[0]
    let json
    try { json = JSON.parse(bytes.toString()) } catch { /* no JSON */ }
    const what = `${method} ${path.slice(0, 120)}: ${response.status}`
    const found = find(method, path)
    let fault = null
    if (response.status >= 400) fault = type === 'application/problem+json' && json ? wrong(doc.components.schemas.Problem, json) : `no problem: ${type} ${bytes.toString().slice(0, 200)}`
    else if (!found) fault = 'the description does not have it'
    else {
      const described = found.op.responses[String(response.status)]
      const schema = described?.content?.['application/json']?.schema
      if (!described) fault = `status ${response.status} is not described`
      else if (schema && type !== 'application/json' && described.content[type]) fault = null
      else if (schema) fault = json === undefined ? 'no JSON' : wrong(schema, json)
      else if (described.content && !Object.keys(described.content).includes(type)) fault = `type ${type}`
      covered.add(`${method} ${found.pattern}`)
    }
    if (options.status !== undefined && options.status !== response.status) fault = `status ${response.status} instead of ${options.status}: ${bytes.toString().slice(0, 400)}`
    ok(fault === null, what, fault === null ? undefined : fault)
    return { status: response.status, json, text: bytes.toString(), bytes, headers: response.headers }
  }
  function end() {
    return new Promise((resolve) => {
      child.removeAllListeners('exit')
      child.on('exit', (code, signal) => { children.delete(child); ok(code === 0, 'the server ends in good order', `${code} ${signal} ${log}`); rmSync(dir, { recursive: true, force: true }); resolve() })
      child.kill('SIGTERM')
    })
  }
  return { call, end, run, dir, database, tokens, base, log: () => log }
}
function done() {
  console.log(`1..${count}`)
  for (const child of children) child.kill('SIGKILL')
  process.exit(failed > 0 ? 1 : 0)
}
module.exports = { ok, is, house, done, doc, covered, SRC, BUILD }
