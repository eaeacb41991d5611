// dev/server: the board with made-up data, for work on its looks while no server runs: `node ui/dev/server.mjs [PORT]`.
// Only for people at a screen: the tests run against the real program (tests/browser).
import { createServer } from 'node:http'
import { existsSync, readFileSync } from 'node:fs'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

const ui = join(fileURLToPath(import.meta.url), '../..')
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json', '.svg': 'image/svg+xml' }
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

let seed = 7
const rnd = (n) => { seed = (seed * 1103515245 + 12345) % 2147483648; return seed % n }
const pick = (list) => list[rnd(list.length)]
const iso = (ms) => new Date(ms).toISOString()
const NOW = Date.now()

const targets = [['mihon-bank', '見本銀行', 'Mihon Bank', true], ['mihon-card', '見本カード', 'Mihon Card', true], ['hinagata-trust', 'ひながた信託銀行', 'Hinagata Trust', false], ['yamabuki', 'やまぶき銀行', 'Yamabuki Bank', false], ['rei-shoken', '例証券', 'Rei Securities', false]]
  .map(([key, name, name_en, own], i) => ({ id: i + 1, key, name, name_en, own, services: [{ key: 'direct', name: 'ダイレクト', scope: 'in' }], domains: [`${key}.example`], note: '', state: 'active', version: 1 }))
const actors = [['bp6', 'BP6'], ['kaminari', 'KAMINARI'], ['duckfarm', 'DuckFarm']].map(([key, name], i) => ({ id: i + 1, key, name, aliases: [], note: '', state: 'active', version: 1 }))
const STATES = ['new', 'new', 'new', 'triaged', 'confirmed', 'confirmed', 'reported', 'reported', 'down', 'closed', 'dismissed', 'out_of_scope', 'resurrected']
const MOVES = { new: ['triage', 'confirm', 'dismiss', 'out_of_scope'], triaged: ['confirm', 'dismiss', 'out_of_scope'], confirmed: ['report', 'down', 'dismiss'], reported: ['down'], down: ['close', 'resurrect'], closed: ['resurrect', 'reopen'], dismissed: ['reopen'], out_of_scope: ['reopen'], resurrected: ['confirm', 'report', 'down', 'dismiss'], duplicate: [] }
const TO = { triage: 'triaged', confirm: 'confirmed', report: 'reported', down: 'down', close: 'closed', dismiss: 'dismissed', out_of_scope: 'out_of_scope', reopen: 'triaged', resurrect: 'resurrected' }
const cases = []
for (let id = 1; id <= 215; id++) {
  const target = pick(targets)
  const [domain, host] = pick([[`${pick(['9', 'x', 'jp'])}${rnd(9000)}kwz.example`, 0], ['duckdns.test', 1], [`${target.key}-${pick(['login', 'secure', 'id'])}.test`, 2], ['xn--mhn-bank-8fa.test', 3]]).map((v, i) => i ? v : v)
  const name = [`www.${target.key}-co.${domain}`, `${target.key.replace('-', '')}${rnd(99)}.${domain}`, domain, `login.${domain}`][host]
  const at = NOW - (215 - id) * 2.6e6 * (1 + rnd(10) / 10) - rnd(4e6)
  const state = pick(STATES)
  const due = ['new', 'triaged', 'confirmed', 'reported'].includes(state) ? iso(NOW + (rnd(240) - 60) * 60000) : null
  cases.push({ id, name: id % 9 === 0 ? `【緊急】${target.name}をかたる SMS` : name, kind: pick(['phishing', 'phishing', 'phishing', 'trademark', 'scam', 'investment_scam', 'phishing_other']), state, score: rnd(100) / 100, host: name, domain, url: `https://${name}/login/index.html?id=${rnd(1e6)}`, urls: 1 + rnd(4), target, service: null,
    actor: rnd(3) ? null : pick(actors), campaign: rnd(3) ? null : { id: 1 + rnd(3), name: `証明書 ${rnd(99999).toString(16)}`, cases: 100 }, source: pick([{ key: 'ct', name: 'CT' }, { key: 'manual', name: 'manual' }, { key: 'mail:soc', name: 'mail:soc' }]), reported_by: pick(['auto', 'auto', 'kasumi.nakano', 'm.nishikawa']), assignee: pick([null, null, 'demo']), labels: rnd(4) ? [] : ['sms'], capture: null,
    first_seen: iso(at), detected: iso(at + 60000), opened: iso(at + 61000), updated: iso(at + 3e6), last_seen: iso(at + 4e6), due, due_clock: due && pick(['triage', 'confirm', 'report', 'down']), breached: Boolean(due && new Date(due) < NOW), merged_into: null, deleted: null, version: 1 })
}
cases[10].name = '<img src=x onerror=alert(1)>\u202egnp.exe'
const me = { id: 1, login: 'demo', name: '当番 花子', roles: ['analyst', 'approver', 'system_admin', 'auditor'], lang: process.env.LANG_UI || 'ja', prefs: {} }
let session = process.env.LOGGED_OUT ? null : { user: me, csrf: 'x', stage: 'full', version: '0.1.0', scope: 'all' }
const views = [{ id: 1, name: '未処理', query: 'status:new', sort: '-score', columns: [], shared: true }, { id: 2, name: '期限超過', query: 'is:overdue', sort: 'due', columns: [], shared: true }]
const sightings = Array.from({ length: 45 }, (_, i) => ({ id: 500 - i, source: { key: 'ct', name: 'CT' }, kind: pick(['certificate', 'url', 'mail']), state: 'new', seen: iso(NOW - i * 9e5), host: `${pick(targets).key}-${rnd(999)}.${pick(['duckdns.test', 'evil.example'])}`, url: null, title: `certificate with ${20 + rnd(80)} names for *.duckdns.test`, score: rnd(100) / 100, target: pick(targets), case_id: null, campaign_id: null, version: 1, data: { names: ['a.example'], issuer_o: "Let's Encrypt" } }))
const intakes = []
const streams = new Set()
let seq = 100
const tell = (event, data) => { seq++; for (const res of streams) res.write(`id: ${seq}\nevent: ${event}\ndata: ${JSON.stringify({ seq, ...data })}\n\n`) }
const counters = () => ({ total: cases.length, unsupported: 61, this_month: 46, handled: 120, handled_this_month: 12, unsupported_this_month: 34, by_state: {}, investment_scam: 17, notify: 9, sightings_new: sightings.filter((s) => s.state === 'new').length, breached: cases.filter((c) => c.breached).length })
function query(q = '') {
  const words = q.match(/(\S+:"[^"]*"|\S+)/g) || []
  return cases.filter((c) => !c.deleted && words.every((w) => {
    const [, f, v] = /^([a-z_]+):(.*)$/.exec(w) || []
    if (!f) return JSON.stringify([c.name, c.host, c.target.name]).toLowerCase().includes(w.toLowerCase())
    const vs = v.replaceAll('"', '').split(',')
    return { status: () => vs.includes(c.state), target: () => vs.includes(c.target.key), kind: () => vs.includes(c.kind), actor: () => vs.includes(c.actor?.key), id: () => vs.includes(String(c.id)), is: () => v === 'overdue' ? c.breached : v === 'unsupported' ? ['new', 'triaged', 'confirmed'].includes(c.state) : true, assignee: () => c.assignee === 'demo', campaign: () => c.campaign?.id === Number(v) }[f]?.() ?? true
  }))
}
const full = (c) => ({ ...c, reasons: ['ブランド名 mihon-bank を含む (+2.1)', 'DuckDNS の下の新しい名前 (+1.4)', 'Let’s Encrypt, SAN 100 件 (+1.2)'], clocks: { triaged: c.opened, confirmed: c.state !== 'new' ? c.updated : null, evidence: null, approved: null, reported: null, acknowledged: null, listed: null, content_gone: null, on_hold: null, dns_gone: null, down: null, closed: null }, wants: ['screenshot'], gsb_type: 'phishing', ticket_type: null, scope_rule: null, case_urls: [{ id: 1, url: c.url, host: c.host, times: 3, first: c.first_seen, last: c.last_seen }, { id: 2, url: `http://${c.host}/sp/`, host: c.host, times: 1, first: c.first_seen, last: c.last_seen }], keys: [{ kind: 'certificate', key: 'ab'.repeat(32) }], tasks: [{ id: 1, title: 'レジストラへ通報', state: 'open', assignee: null, due: null, done: null, version: 1 }, { id: 2, title: 'スクリーンショットを取る', state: 'done', assignee: 'demo', due: null, done: c.updated, version: 1 }], attachments: [{ id: 1, name: 'whois.txt', type: 'text/plain', bytes: 1830, sha256: 'cd'.repeat(32), by: 'demo', at: c.updated }], merges: [], may: MOVES[c.state], related: cases.slice(3, 7).map((o) => ({ case: o, by: ['certificate', 'domain'] })) })
const timeline = (c) => [{ kind: 'event', seq: 1, at: c.opened, who: 'auto', via: 'work', act: 'case.open', data: { source: 'ct' } }, { kind: 'sighting', at: c.opened, id: 3, title: 'certificate with 100 names', source: { key: 'ct', name: 'CT' } }, { kind: 'event', seq: 2, at: c.updated, who: 'demo', via: 'web', act: 'case.triage', data: { from: 'new', to: 'triaged' } }, { kind: 'comment', id: 9, at: c.updated, who: 'demo', text: 'SMS で配布を確認。https://evil.example/a へ転送される。\nレジストラに連絡済み。' }]
const page = (all, p) => { const from = Number(p.get('after') || 0); const n = Number(p.get('limit') || 20); return { items: all.slice(from, from + n), next: from + n < all.length ? String(from + n) : null, total: { count: all.length, exact: true } } }
const month = (n) => Array.from({ length: n }, (_, i) => `2026-${String(i + 1).padStart(2, '0')}`)

const ROUTES = [
  ['GET', /^\/session$/, () => session || [401, {}]], ['POST', /^\/session$/, (m, p, b) => b.password === 'bad' ? [401, { detail: 'wrong', code: 'refused' }] : (session = { user: me, csrf: 'x', stage: 'full', version: '0.1.0' })], ['DELETE', /^\/session$/, () => { session = null; return null }],
  ['GET', /^\/login-options$/, () => ({ local: true, oidc: { name: 'Bank SSO' } })], ['PATCH', /^\/me$/, (m, p, b) => { Object.assign(me, b); return { ...session, user: me } }], ['GET', /^\/me\/tokens$/, () => ({ items: [{ id: 1, name: 'chat bot', scopes: ['intake'], created: iso(NOW - 1e9), expires: iso(NOW + 1e9), used: iso(NOW - 1e6) }] })], ['GET', /^\/me\/sessions$/, () => ({ items: [{ id: '1', current: true, address: '192.0.2.7', agent: 'Mozilla/5.0 Chrome/156', created: iso(NOW - 1e8), seen: iso(NOW) }] })], ['POST', /^\/me\/totp$/, () => ({ secret: 'JBSWY3DPEHPK3PXP', uri: 'otpauth://totp/hikeshi:demo?secret=JBSWY3DPEHPK3PXP&issuer=hikeshi' })], ['POST', /^\/me\/tokens$/, () => ({ id: 2, name: 'x', token: 'hk_0123456789abcdef' })],
  ['GET', /^\/counters$/, counters],
  ['GET', /^\/cases$/, (m, p) => { const s = p.get('sort') || '-id'; const f = s.replace('-', ''); const key = (c) => f === 'target' ? c.target.key : f === 'by' ? c.reported_by : c[f] ?? ''; const all = query(p.get('q') || '').sort((a, b) => (key(a) < key(b) ? -1 : 1) * (s[0] === '-' ? -1 : 1)); return page(all, p) }],
  ['GET', /^\/cases\/(\d+)$/, (m) => { const c = cases.find((x) => x.id === Number(m[1])); return c ? full(c) : [404, { code: 'not-found', detail: 'no such case' }] }], ['GET', /^\/cases\/(\d+)\/timeline$/, (m) => ({ items: timeline(cases[m[1] - 1]), next: null })],
  ['POST', /^\/cases$/, (m, p, b) => { const c = { ...cases[0], id: cases.length + 1, name: b.name || b.url, host: 'new.example', state: 'new', version: 1, first_seen: iso(Date.now()) }; cases.push(c); tell('change', { act: 'case.open', object: 'case', object_id: c.id, case_id: c.id, who: 'demo' }); return [201, { how: 'opened', why: '', case: full(c) }] }],
  ['PATCH', /^\/cases\/(\d+)$/, (m, p, b) => { Object.assign(cases[m[1] - 1], { name: b.name ?? cases[m[1] - 1].name }); return full(cases[m[1] - 1]) }], ['POST', /^\/cases\/(\d+)\/acts$/, (m, p, b) => { const c = cases[m[1] - 1]; c.state = TO[b.act]; c.version++; tell('change', { act: `case.${b.act}`, object: 'case', object_id: c.id, case_id: c.id, who: 'demo' }); return full(c) }], ['POST', /^\/cases\/(\d+)\/comments$/, () => [201, {}]],
  ['POST', /^\/cases\/bulk$/, (m, p, b) => { const ids = b.select.ids || query(b.select.q).map((c) => c.id); for (const id of ids) { const c = cases[id - 1]; if (b.act === 'delete') c.deleted = iso(Date.now()); else if (b.act === 'restore') c.deleted = null; else if (TO[b.act]) c.state = TO[b.act] } return { done: ids.length, refused: [] } }], ['POST', /^\/cases\/(\d+)\/merge$/, () => ({ merge: { id: 1 } })], ['POST', /^\/merges\/1\/undo$/, () => ({})],
  ['GET', /^\/(targets|actors|contacts|task-templates|statuses|campaigns|views|sightings|users)$/, (m, p) => page({ targets, actors, contacts: [{ id: 1, key: 'example-registrar', kind: 'registrar', name: 'Example Registrar', mail: 'abuse@registrar.example', url: null, lang: 'en', note: '', state: 'active', version: 1 }], 'task-templates': [{ id: 1, key: 'own', name: '自社フィッシング', steps: [{ title: 'レジストラへ通報', due_min: 60 }], kinds: ['phishing'], state: 'active', version: 1 }], statuses: STATES.filter((s, i) => STATES.indexOf(s) === i).map((key, i) => ({ id: i + 1, key, name: { new: '新規', triaged: '確認中', confirmed: 'フィッシング確定', reported: 'テイクダウン依頼済', down: '閉鎖確認', closed: '完了', dismissed: '非該当', out_of_scope: '対象外', resurrected: '復活' }[key], name_en: key, handled: i > 4, position: i, version: 1 })), campaigns: [1, 2, 3].map((id) => ({ id, name: `証明書 ${id}f3a`, kind: 'certificate', key: 'ef'.repeat(32), actor: actors[0], cases: 100, opened: iso(NOW - 1e9), updated: iso(NOW), version: 1 })), views: views.map((v) => ({ ...v, count: { count: query(v.query).length, exact: true } })), sightings: sightings.filter((s) => !p.get('q') || p.get('q').includes(`state:${s.state}`)), users: [{ ...me, state: 'active', totp: true, created: iso(NOW), seen: iso(NOW), version: 1 }] }[m[1]], p)],
  ['GET', /^\/sightings\/(\d+)$/, (m) => sightings.find((s) => s.id === Number(m[1]))], ['POST', /^\/sightings\/(\d+)\/acts$/, (m, p, b) => { const s = sightings.find((x) => x.id === Number(m[1])); s.state = b.act === 'ignore' ? 'ignored' : 'new'; return s }], ['POST', /^\/sightings\/(\d+)\/case$/, (m) => { const s = sightings.find((x) => x.id === Number(m[1])); s.state = 'attached'; s.case_id = 3; return { how: 'opened', case: full(cases[2]) } }],
  ['GET', /^\/campaigns\/(\d+)$/, (m) => ({ id: Number(m[1]), name: `証明書 ${m[1]}f3a`, kind: 'certificate', key: 'ef'.repeat(32), actor: actors[0], cases: 100, opened: iso(NOW - 1e9), updated: iso(NOW), version: 1, by_state: { new: 60, confirmed: 40 } })], ['POST', /^\/campaigns\/(\d+)\/acts$/, () => ({ done: 60 })],
  ['POST', /^\/intakes$/, (m, p, b, raw) => { const text = b?.body ?? raw; const lines = text.split('\n').filter((l) => l.trim()); const it = { id: intakes.length + 1, state: 'running', kind: 'lines', dry_run: Boolean(b?.dry_run || p.get('dry_run')), lines: lines.length, line: 0, opened: 0, attached: 0, routed: 0, refused: 0, skipped: 0, at: iso(Date.now()), done: null, by: 'demo', rows: [] }; intakes.push(it); const step = () => { const l = lines[it.line++]; if (l === undefined) { it.line--; it.state = 'done'; it.done = iso(Date.now()) } else { const how = /\./.test(l) ? pick(['opened', 'opened', 'attached', 'routed']) : 'refused'; it[how]++; it.rows.push({ line: it.line, text: l, url: l, how, case_id: how === 'refused' ? null : 3, why: how === 'refused' ? 'no-host' : how === 'attached' ? 'host' : null }); setTimeout(step, 250) } tell('intake', it) }; setTimeout(step, 300); return [202, it] }],
  ['GET', /^\/intakes\/(\d+)$/, (m) => intakes[m[1] - 1]], ['GET', /^\/intakes\/(\d+)\/lines$/, (m, p) => page(intakes[m[1] - 1].rows, p)], ['GET', /^\/intakes$/, (m, p) => page(intakes, p)],
  ['GET', /^\/settings$/, () => ({ dedupe: { value: { days: 31 }, version: 1 }, scope: { value: [], version: 1 }, sla: { value: { phishing: { triage: 30, confirm: 60, report: 120, down: 1440 } }, version: 1 }, ct: { value: { threshold: 0.5 }, version: 1 } })],
  ['GET', /^\/stats$/, (m, p) => ({ month_target: { columns: ['month', ...targets.map((x) => x.name)], rows: month(11).map((mo) => [mo, ...targets.map(() => rnd(60))]) }, month: { columns: ['month', 'cases'], rows: month(11).map((mo) => [mo, rnd(200)]) }, state: { columns: ['state', 'cases'], rows: ['new', 'triaged', 'confirmed', 'closed'].map((s) => [s, rnd(99)]) }, actor: { columns: ['actor', 'cases'], rows: actors.map((a) => [a.name, rnd(99)]) }, source: { columns: ['source', 'cases'], rows: ['ct', 'manual', 'mail:soc'].map((s) => [s, rnd(99)]) }, hour_weekday: { columns: ['hour', 'cases'], rows: Array.from({ length: 24 }, (_, i) => [i, rnd(30)]) }, hour_holiday: { columns: ['hour', 'cases'], rows: Array.from({ length: 24 }, (_, i) => [i, rnd(30)]) }, time_to_detect: { columns: ['month', 'median', 'p90'], rows: month(11).map((mo) => [mo, rnd(600), rnd(5000)]) }, time_to_close: { columns: ['month', 'median', 'p90'], rows: month(11).map((mo) => [mo, rnd(6000), rnd(50000)]) } })[p.get('by')]],
  ['GET', /^\/system$/, () => ({ roles: [{ name: 'watch-host-1', role: 'watch', started: iso(NOW - 1e8), seen: iso(NOW - 3000), data: { rss: 41e6 } }, { name: 'work-host-2', role: 'work', started: iso(NOW - 1e8), seen: iso(NOW - 9e5), data: {} }], jobs: { ready: 3, leased: 1, dead: 2, by_stage: { intake: 1, sighting: 3 } }, database: { engine: 'sqlite', version: '3.40.1', bytes: 48e6 }, disk: { free: 51e9, total: 252e9 }, audit: { seq: 1234, at: iso(NOW), mac: 'aa'.repeat(32) }, sources: [{ key: 'mail:soc', name: 'SOC mailbox', kind: 'mail', state: 'active', health: { last_ok_ms: NOW - 6e4 } }], logs: [{ name: 'range log 1', status: 'active', verified: 120034, head: iso(NOW), why: null, health: {} }, { name: 'range log 2', status: 'stopped', verified: 999, head: iso(NOW - 1e8), why: 'inconsistent', health: {} }] })], ['GET', /^\/jobs$/, (m, p) => page([{ id: 4, stage: 'mail', key: '12', state: 'dead', attempts: 5, error: 'malformed: multipart without boundary', made: iso(NOW - 1e7), due: iso(NOW) }], p)], ['GET', /^\/audit$/, (m, p) => page(Array.from({ length: 60 }, (_, i) => ({ seq: 1234 - i, at: iso(NOW - i * 5e5), who: 'demo', via: 'web', address: '192.0.2.7', act: pick(['case.confirm', 'case.open', 'user.login']), object: 'case', object_id: 3, case_id: 3, data: { from: 'new', to: 'confirmed' }, mac: 'bb'.repeat(32) })), p)], ['GET', /^\/audit\/verify$/, () => ({ ok: true, seq: 1234 })],
]

createServer((req, res) => {
  const at = new URL(req.url, 'http://x')
  if (!at.pathname.startsWith('/api/')) {
    const path = normalize(join(ui, at.pathname === '/' ? 'index.html' : at.pathname))
    if (!path.startsWith(ui) || !existsSync(path)) { res.writeHead(404).end(); return }
    res.writeHead(200, { 'Content-Type': TYPES[extname(path)] || 'text/plain', 'Content-Security-Policy': CSP, 'Cache-Control': 'no-store' }).end(readFileSync(path))
    return
  }
  const path = at.pathname.slice('/api/v1'.length)
  if (path === '/events') { res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' }); res.write(': hello\n\n'); streams.add(res); req.on('close', () => streams.delete(res)); return }
  const parts = []
  req.on('data', (part) => parts.push(part)).on('end', () => {
    const raw = Buffer.concat(parts).toString()
    let body = null
    try { body = JSON.parse(raw) } catch { /* raw */ }
    for (const [method, pattern, run] of ROUTES) {
      const found = method === req.method && pattern.exec(path)
      if (!found) continue
      const answer = run(found, at.searchParams, body, raw)
      const [status, data] = Array.isArray(answer) ? answer : [answer === null ? 204 : 200, answer]
      res.writeHead(status, { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json' }).end(answer === null ? undefined : JSON.stringify(data))
      return
    }
    res.writeHead(404, { 'Content-Type': 'application/problem+json' }).end(JSON.stringify({ code: 'not-found', detail: `${req.method} ${path} is not made up` }))
  })
}).listen(Number(process.argv[2] || 8970), '127.0.0.1', () => console.log('the board: http://127.0.0.1:' + (process.argv[2] || 8970)))
