#!/usr/bin/env node
// bench/board: the board's questions through HTTP, 20 a second, while sightings are written; p50, p99, largest.
//
//   bench/board.mjs BUILD DATABASE-URL AUDIT-KEY [SECONDS [CASES]]     the database was made by db init and filled by BUILD/bench/board_fill
//
// bench/board.sh calls it, and says by the environment what the figures are of: HK_BENCH_ENGINE, HK_BENCH_LIKE and HK_BENCH_COUNT (ms of the
// floors); HK_BENCH_OUT gets them. Arrivals are open (each request starts at its time, whatever the ones before do), at random intervals; every list and search asks
// for another query, sort and page.
import { execFileSync, spawn } from 'node:child_process'
import { appendFileSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const [build, database, key, seconds = '60', count = '1000000'] = process.argv.slice(2)
const dir = mkdtempSync(join(tmpdir(), 'hikeshi-bench-'))
const common = ['--database', database, '--audit-key', key]
const hikeshi = join(build, 'src/hikeshi')
const login = `bench${Date.now()}`
execFileSync(hikeshi, ['user', 'add', ...common, '--roles', 'analyst,approver', '--no-password', login], { stdio: 'ignore' })
const token = execFileSync(hikeshi, ['user', 'token', ...common, '--scopes', 'read,write,intake', login, 'bench'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim().split('\n').pop()
const server = spawn(hikeshi, ['web', ...common, '--web-key', join(dir, 'web.key'), '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'ignore'] })
const base = await new Promise((resolve) => server.stdout.once('data', (line) => resolve(JSON.parse(line).url.replace(/\/$/, ''))))
const writer = spawn(join(build, 'bench/bench_board'), [database, 'write', '100', String(Number(seconds) + 5)], { stdio: 'inherit' })

const pick = (list) => list[Math.floor(Math.random() * list.length)]
const SORTS = ['-id', 'id', '-score', '-first_seen', 'first_seen', '-updated', 'name', 'target', 'state', '-by', 'due']
const FILTERS = ['', 'status:new', 'status:closed', 'is:open', 'is:unsupported', 'target:target-1', 'target:target-30', 'status:new target:target-1', 'kind:trademark', 'by:user1', 'assignee:user1', 'label:rare', 'seen:30d', 'breached:yes is:open',
  'actor:none is:open', 'source:ct-bench status:dismissed', 'own:yes status:new', 'is:overdue', 'score:>0.9 is:open', 'campaign:none status:triaged']
const WORDS = ['みずほ', '銀行', '三菱', '楽天', '銀', '依頼', 'スクリーンショット', '二段階認証', 'on hold', 'duckdns', 'login-secure', 'mizuho', '再開を確認', 'zzzz', 'UFJ', '.icu', 'verify', 'カード番号', '投資', 'みずほ status:new', 'duckdns target:target-2', '銀行 is:open']
const ASKS = {
  list: () => `/cases?q=${encodeURIComponent(pick(FILTERS))}&sort=${pick(SORTS)}&limit=${pick([20, 50, 100])}`,
  search: () => `/cases?q=${encodeURIComponent(pick(WORDS))}&sort=${pick(SORTS.slice(0, 6))}&limit=20`,
  counters: () => '/counters',
  'open a case': () => `/cases/${1 + Math.floor(Math.random() * Number(count))}`,
}
const times = Object.fromEntries(Object.keys(ASKS).map((name) => [name, []]))
const slow = []
let bad = 0
async function ask(name) {
  let path = ASKS[name](), after = null
  for (let page = 0; page < (name === 'list' ? pick([1, 1, 3]) : 1); page++) {
    const start = performance.now()
    const answer = await fetch(`${base}/api/v1${path}${after ? `&after=${after}` : ''}`, { headers: { Authorization: `Bearer ${token}` } })
    const text = await answer.text()
    const ms = performance.now() - start
    times[name].push(ms)
    if (ms > 50) slow.push(`${ms.toFixed(0)} ms ${decodeURIComponent(path)}`)
    if (answer.status !== 200) { bad++; if (bad < 4) console.log(answer.status, path, text.slice(0, 200)); return }
    after = JSON.parse(text).next
    if (!after) return
  }
}
for (let i = 0; i < 60; i++) await ask(pick(Object.keys(ASKS)))
for (const name of Object.keys(times)) times[name] = []
slow.length = 0
const end = performance.now() + Number(seconds) * 1000
const running = []
while (performance.now() < end) {
  running.push(ask(pick(Object.keys(ASKS))).catch((error) => { bad++; console.log(String(error)) }))
  await new Promise((resolve) => setTimeout(resolve, -Math.log(Math.random()) * 50))
}
await Promise.all(running)
const ms = (list, p) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * p))]?.toFixed(1)
for (const [name, list] of Object.entries(times)) console.log(`${name.padEnd(12)} ${String(list.length).padStart(5)} requests  p50 ${ms(list, 0.5)} ms  p99 ${ms(list, 0.99)} ms  max ${ms(list, 1)} ms`)
const { HK_BENCH_OUT: out, HK_BENCH_ENGINE: engine, HK_BENCH_LIKE: like, HK_BENCH_COUNT: counted } = process.env
const FLOORS = { search: ['LIKE over all texts', like], counters: ['count by state', counted] }
for (const [name, list] of Object.entries(times)) {
  if (!out || list.length === 0) continue
  for (const [p, says] of [[0.5, 'p50'], [0.99, 'p99']]) {
    const value = Number(ms(list, p))
    const [beside, floor] = FLOORS[name] ?? []
    const target = says === 'p99' ? (name === 'open a case' ? '<= 20' : '<= 50') : ''
    appendFileSync(out, JSON.stringify({ group: 'board', name: `${name} ${engine} ${Number(count).toLocaleString('en')} cases ${says}`, value, unit: 'ms', beside: floor ? beside : '', ratio: floor ? Number((value / Number(floor)).toPrecision(4)) : 0, target }) + '\n')
  }
}
console.log(`refused or failed: ${bad}; over 50 ms: ${slow.length}`)
for (const line of slow.sort((a, b) => parseFloat(b) - parseFloat(a)).slice(0, 12)) console.log(`  ${line}`)
server.kill('SIGTERM')
writer.kill('SIGTERM')
