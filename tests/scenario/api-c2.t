#!/usr/bin/env node
// databases: both
// The API of the bell: dead drops, sessions, who named whom, records, waves, statistics, live events. The rows come through the flow
// (tests/c2_fixture.c). Every answer is checked against the description (tools/gen-openapi).
'use strict'
const { execFileSync } = require('node:child_process')
const { join } = require('node:path')
const { ok, is, house, done, BUILD } = require('./lib/api.cjs')

const DAY = 86400000
/** Japan's weekday and hour of a time. */
const inJapan = (at) => new Date(+new Date(at) + 9 * 3600000)

/** Events of a live stream until one fits; the stream is closed. */
async function listen(h, login, wanted, act) {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), 30000)
  const found = []
  try {
    const answer = await fetch(`${h.base.replace(/\/$/, '')}/api/v1/events`, { headers: { Authorization: `Bearer ${h.tokens[login]}` }, signal: abort.signal })
    const reader = answer.body.getReader()
    let text = ''
    let acted = false
    for (;;) {
      const { value, done: over } = await reader.read()
      if (over) break
      text += Buffer.from(value).toString()
      if (!acted && text.includes('event: hello')) { acted = true; act() }
      for (const piece of text.split('\n\n').slice(0, -1)) {
        const [, type] = /^event: (\w+)$/m.exec(piece) || []
        const [, data] = /^data: (.*)$/m.exec(piece) || []
        if (type) found.push([type, JSON.parse(data || 'null')])
      }
      text = text.split('\n\n').pop()
      if (wanted(found)) break
    }
  } catch (error) { if (error.name !== 'AbortError') throw error }
  clearTimeout(timer)
  abort.abort()
  return found
}

async function main() {
  const h = await house({ hanako: ['analyst'], taro: ['viewer'], share: ['sharing_officer'], keeper: ['connector_admin'], root: ['system_admin'] })
  const { call } = h
  const fixture = (what, ...more) => execFileSync(join(BUILD, 'tests/c2_fixture'), [h.database, join(h.dir, 'audit.key'), join(h.dir, 'blobs'), what, ...more], { stdio: ['ignore', 'inherit', 'inherit'] })

  // Nothing yet, no such thing, no right.
  is((await call('GET', '/c2', { status: 200 })).json, { families: [], trouble: 0 }, 'a house that hears nothing')
  is((await call('GET', '/waves')).json, { items: [], next: null }, 'no waves')
  is((await call('GET', '/c2/history')).json, { items: [], next: null }, 'no history')
  is((await call('GET', '/counters')).json.c2_trouble, 0, 'no trouble')
  const none = (await call('GET', '/waves/stats')).json
  is([none.waves, none.ports, none.hours.length, none.hours.every((row) => row.work + row.off === 0), none.days.work + none.days.off], [0, [], 24, true, 181], 'statistics of nothing: every hour is there')
  for (const path of ['/waves/9', '/c2/transcripts/9', '/c2/sessions/9/transcripts']) await call('GET', path, { status: 404 })
  for (const path of ['/c2?x=1', '/c2/history?nosuch=1', '/c2/history?drop=0', '/c2/history?from=yesterday-ish', '/waves?after=7', '/waves?after=1.2.3', '/waves?case=x', '/waves?limit=201', '/waves?to=2026-13', '/waves/stats?from=2020-01-01', '/waves/stats?from=2026-02-01&to=2026-01-01']) await call('GET', path, { status: 400 })
  for (const as of ['keeper', 'root']) for (const path of ['/c2', '/c2/history', '/c2/transcripts/1', '/c2/sessions/1/transcripts', '/waves', '/waves/1', '/waves/stats']) await call('GET', path, { as, status: 403 })

  const target = (await call('POST', '/targets', { body: { key: 'mihon', name: 'みほん銀行', name_en: 'Mihon Bank', own: true } , status: 201 })).json
  fixture('bell', 'mihon', '30')

  // What is now.
  const now = (await call('GET', '/c2', { as: 'taro', status: 200 })).json
  is(now.families.map((one) => one.family), ['keepspy'], 'a family')
  const [family] = now.families
  is(family.drops.map((one) => [one.url, one.state, one.status]), [['http://djedia.drop.example/404.html', 'gone', 404], ['http://donaldson.drop.example/', 'refused', 403], ['http://siltsb6.drop.example/', 'naming', 304]], 'its drops, with what each answers')
  is(family.drops.map((one) => one.named?.address ?? null), [null, '198.51.100.9:7775', '192.0.2.61:7775'], 'and what each named last')
  is([family.drops[1].why, family.drops[2].etag, family.drops[2].checks], ['403 Forbidden, 146 bytes', '"6620bb02-2c"', 6], 'why, and how we know')
  is(family.sessions.map((one) => one.port), [7775, 7776, 7777, 7778, 7779], 'five sessions in the order of their ports')
  const one = family.sessions[0]
  is([one.state, one.trouble, one.connects, one.failed, one.host, one.print.country, one.printed], ['open', null, 2, 0, '192.0.2.61', 'CA', null], 'one that is listened to')
  ok(Date.now() - new Date(one.beat) < 120000 && one.commands === 31, 'with its heartbeat and commands', one)
  is([one.command.verb, one.command.word, /ご確認/.test(one.command.text), one.command.wave_id > 0], ['send-sms', '发信息', true, true], 'and the last command')
  is([now.trouble, (await call('GET', '/counters')).json.c2_trouble], [0, 0], 'nothing is the matter')

  // Who named whom.
  const history = (await call('GET', '/c2/history')).json.items
  is(history.map((row) => [row.drop.url, row.address, row.newest]), [
    ['http://siltsb6.drop.example/', '192.0.2.61:7775', true], ['http://siltsb6.drop.example/', '203.0.113.5:7775', false],
    ['http://donaldson.drop.example/', '198.51.100.9:7775', true], ['http://siltsb6.drop.example/', '198.51.100.9:7775', false]], 'the newest first')
  ok(history[1].body.startsWith('<script>alert(1)</script>'), 'what it was decoded from, as it was')
  is(history.map((row) => Math.round((Date.now() - new Date(row.first)) / DAY)), [9, 25, 39, 40], 'from when')
  const first = (await call('GET', '/c2/history?limit=3')).json
  const rest = (await call('GET', `/c2/history?limit=3&after=${first.next}`)).json
  is([...first.items, ...rest.items].map((row) => row.id), history.map((row) => row.id), 'page by page the same')
  is(rest.next, null, 'and an end')
  is((await call('GET', `/c2/history?drop=${family.drops[1].id}`)).json.items.length, 1, 'of one drop')
  is((await call('GET', '/c2/history?family=moqhao')).json.items, [], 'of another family')
  const ago = (days) => `${new Date(Date.now() - days * DAY).toISOString().slice(0, 16)}Z`
  is((await call('GET', `/c2/history?from=${ago(5)}`)).json.items.map((row) => row.address), ['192.0.2.61:7775'], 'named since then')
  is((await call('GET', `/c2/history?to=${ago(39.5)}`)).json.items.map((row) => row.address), ['198.51.100.9:7775'], 'named before then')

  // Records.
  const bearer = family.sessions.find((row) => row.port === 7779)
  const records = (await call('GET', `/c2/sessions/${bearer.id}/transcripts`)).json
  is([records.session.port, records.items.length, records.next], [7779, 1, null], 'the records of a session')
  const record = records.items[0]
  ok(/^[0-9a-f]{64}$/.test(record.sha256) && record.stamped === false && new Date(record.sealed) > Date.now(), 'with hash, stamp and until when the clear text is kept', record)
  is((await call('GET', `/c2/sessions/${one.id}/transcripts`)).json.items, [], 'another one has none')
  const lines = []
  let after = ''
  do {
    const page = (await call('GET', `/c2/transcripts/${record.id}?limit=100${after ? `&after=${after}` : ''}`, { as: 'share' })).json
    is([page.transcript.session.port, page.previous], [7779, `abcd${'0'.repeat(60)}`], 'a page of its lines, and the record before')
    lines.push(...page.items)
    after = page.next
  } while (after && lines.length < 1000)
  is([lines.length, lines.every((line, i) => line.n === i + 1)], [224, true], 'every line once, in order')
  is(lines.slice(0, 3).map((line) => [line.dir, line.kind, line.same, line.text, line.bytes]), [['out', 'text', null, '{"model":"SO-01"}', 17], ['out', 'text', 'beat', '心跳&ping', 11], ['in', 'text', 'pong', 'pong', 4]], 'hello, and heartbeats in both directions')
  ok(/^[0-9a-f]{64}$/.test(lines[0].commit) && lines.slice(0, -1).every((line) => !Number.isNaN(+new Date(line.at))), 'each with its time; what is no heartbeat with a commitment', lines[0])
  const said = lines.find((line) => line.text?.startsWith('发信息'))
  ok(said.command && said.text.includes('090-5500-****'), 'a command, its numbers masked', said)
  is([lines[221].text, lines[221].readable], ['<img src=x onerror=alert(2)>\u202e', true], 'hostile text is text')
  is([lines[222].text, lines[222].bytes, /^[0-9a-f]{64}$/.test(lines[222].commit)], [null, 10, true], 'of a frame that may not be shown there are size and commitment')
  is([lines.at(-1).readable, lines.at(-1).text, lines.at(-1).bytes], [false, null, 15], 'a line that cannot be read says so')
  const folded = (await call('GET', `/c2/transcripts/${record.id}?fold=1`)).json
  is(folded.items.map((line) => [line.n, line.frames, line.same]), [[1, 1, null], [2, 219, 'run'], [221, 1, null], [222, 1, null], [223, 1, null], [224, 1, null]], 'heartbeats as one line')
  is([folded.items[1].at, folded.items[1].until, folded.next], [lines[1].at, lines[219].at, null], 'from when to when')
  const short = (await call('GET', `/c2/transcripts/${record.id}?fold=1&limit=2`)).json
  is([short.items.length, short.next, (await call('GET', `/c2/transcripts/${record.id}?fold=1&limit=2&after=${short.next}`)).json.items.map((line) => line.n)], [2, '220', [221, 222]], 'page by page, too')
  await call('GET', `/c2/transcripts/${record.id}?after=x`, { status: 400 })
  is((await call('GET', `/c2/transcripts/${record.id}?after=9223372036854775807`)).json.items, [], 'behind the end is nothing')

  // Waves.
  const waves = (await call('GET', '/waves?limit=200')).json
  is([waves.items.length, waves.next], [31, null], 'one wave a day, and that of today')
  const [today] = waves.items
  is([today.ports, today.commands, today.numbers, today.repeated, today.target.key, today.landing], [[7775, 7776, 7777, 7778, 7779], 5, 28, 2, 'mihon', 'https://ysl2.example/login?<b>'], 'five ports are one wave')
  is([today.brands, /<b>ご確認<\/b>\u202e/.test(today.text)], [['みほん銀行'], true], 'with its text as it was')
  ok(new Date(today.last) - new Date(today.first) === 88000, '88 seconds from the first to the last', today)
  const paged = []
  after = ''
  do { const page = (await call('GET', `/waves?limit=7${after ? `&after=${after}` : ''}`)).json; paged.push(...page.items); after = page.next } while (after && paged.length < 100)
  is(paged.map((row) => row.id), waves.items.map((row) => row.id), 'page by page the same')
  is((await call('GET', `/waves?case=${today.case.id}`)).json.items.map((row) => row.id), [today.id], 'of one case')
  is((await call('GET', '/waves?target=nosuch')).json.items, [], 'of a target that has none')
  is((await call('GET', '/waves?target=mihon&family=keepspy&limit=200')).json.items.length, 31, 'of target and family')
  const day = inJapan(waves.items[5].first).toISOString().slice(0, 10)
  is((await call('GET', `/waves?from=${day}&to=${day}`)).json.items.map((row) => row.id), [waves.items[5].id], 'of one day, in Japan')

  // One wave.
  const wave = (await call('GET', `/waves/${today.id}`, { as: 'taro', status: 200 })).json
  is(wave.command_list.map((row) => [row.port, row.numbers, row.masked]), [[7778, 6, 1], [7779, 6, 1], [7777, 6, 1], [7776, 6, 1], [7775, 6, 1]], 'its commands in order')
  is(wave.links.map((row) => [row.url, row.short, row.times, row.state, row.landing]), [
    ['https://s.example/1kgW8Huk6K', true, 1, 'leads', 'https://ysl.example/'], ['https://s.example/PkiFpTGzUR', true, 3, 'leads', 'https://ysl2.example/login?<b>'], ['https://s.example/KoJR0A9aAf', true, 1, 'unseen', null]], 'its links, and where they lead')
  is(wave.links[1].landings.map((row) => row.landing), ['https://ysl2.example/login?<b>', 'https://ysl.example/'], 'where they led before')
  is(wave.links[1].hops.map((hop) => hop.status), [301, 302, 200], 'hop by hop')
  ok(wave.regions.length === 4 && wave.regions.reduce((sum, row) => sum + row.numbers, 0) === 28 && wave.region_count === 4, 'numbers by region', wave.regions)
  ok(wave.regions.every((row) => /^0905500|^090550\d$/.test(row.region)), 'seven digits of each', wave.regions)
  is([wave.shared, wave.others], [0, []], 'no other wave had them')
  const japan = inJapan(today.first)
  is([wave.day.date, wave.day.weekday, wave.day.hour], [japan.toISOString().slice(0, 10), japan.getUTCDay(), japan.getUTCHours()], 'its day')
  const everything = JSON.stringify([wave, waves, now, lines, history])
  ok(!/"hash"|"sealed":"[^2]|(?:\+81|0)90-?\d{4}-?\d{4}/.test(everything), 'no telephone number in clear, and no hash of one')
  const kase = (await call('GET', `/cases/${today.case.id}`)).json
  is(kase.waves.map((row) => [row.id, row.commands, row.numbers]), [[today.id, 5, 28]], 'its case names it')
  is(kase.target.id, target.id, 'and is the target\'s')

  // Statistics, counted here a second time from the waves.
  const stats = (await call('GET', '/waves/stats?from=2020-01-01', { status: 400 })).json && (await call('GET', '/waves/stats')).json
  const expected = Array(24).fill(0)
  for (const row of waves.items) for (const command of (row.id === today.id ? wave.command_list : Array(5).fill({ at: row.first }))) expected[inJapan(command.at).getUTCHours()]++
  is(stats.hours.map((row) => row.work + row.off), expected, 'commands by hour')
  const todays = new Set(wave.command_list.map((row) => inJapan(row.at).getUTCHours()))
  ok(stats.hours.every((row) => todays.has(row.hour) || ((row.work === 0 || [6, 17].includes(row.hour)) && (row.off === 0 || [14, 15].includes(row.hour)))), 'working days at 6 and 17, days off at 14 and 15', stats.hours)
  is(stats.ports.map((row) => [row.port, row.commands, row.waves, row.numbers]), [7775, 7776, 7777, 7778, 7779].map((port) => [port, 31, 31, 186]), 'by port')
  ok(stats.ports.every((row) => row.days >= 30 && row.days <= 31 && row.hours.reduce((sum, n) => sum + n, 0) === 31), 'one burst a day a port', stats.ports)
  is([stats.together, stats.waves, stats.repeated], [[{ ports: 5, waves: 31 }], 31, 2], 'all ports together')
  is((await call('GET', `/waves/stats?from=${day}&to=${day}`)).json.waves, 1, 'of one day')
  is((await call('GET', `/waves/stats?from=${day}&to=${day}`)).json.days.work + (await call('GET', `/waves/stats?from=${day}&to=${day}`)).json.days.off, 1, 'which is one day')
  is((await call('GET', '/waves/stats?family=moqhao')).json.ports, [], 'of another family')

  // Trouble is seen, and told.
  const told = await listen(h, 'taro', (found) => found.some(([type, data]) => type === 'c2' && data.trouble === 2) && found.some(([type, data]) => type === 'change' && data.act === 'c2.print'), () => fixture('silence'))
  ok(told.some(([type, data]) => type === 'c2' && data.trouble === 2 && data.sessions === 5), 'sessions in trouble are told as they happen', told)
  ok(told.some(([type, data]) => type === 'change' && data.act === 'c2.print'), 'and so is another print', told)
  const loud = (await call('GET', '/c2')).json
  is(loud.families[0].sessions.map((row) => row.trouble), [null, 'silent', 'refused', null, null], 'who is in trouble')
  is([loud.trouble, (await call('GET', '/counters')).json.c2_trouble], [2, 2], 'counted')
  is([loud.families[0].sessions[0].print.country, JSON.parse(loud.families[0].sessions[0].printed.change.from).country], ['NL', 'CA'], 'what it looks like, and looked like before')
  is(loud.families[0].sessions[2].why, '403 Forbidden', 'and why')
  fixture('back')
  is((await call('GET', '/c2')).json.trouble, 0, 'and it passes')
  const heard = await listen(h, 'hanako', (found) => found.some(([type, data]) => type === 'change' && data.act === 'wave.open'), () => fixture('wave', 'mihon'))
  ok(heard.some(([type, data]) => type === 'change' && data.act === 'wave.open' && data.object === 'wave'), 'a wave is told as it begins', heard)
  const kept = await listen(h, 'keeper', (found) => found.some(([, data]) => data?.act === 'target.edit' || data?.object === 'target'), () => { fixture('silence'); call('POST', '/targets', { body: { key: 'other', name: 'x', name_en: 'x', own: false }, status: 201 }) })
  ok(kept.length > 1 && !kept.some(([type, data]) => type === 'c2' || /^(?:c2|wave)\./.test(data?.act || '')), 'who may not read cases hears nothing of it', kept)
  fixture('landing')
  const moved = (await call('GET', `/waves/${today.id}`)).json
  is(moved.links[0].landings.map((row) => row.landing), ['https://moved.example/', 'https://ysl.example/'], 'a landing that moves is kept with what was before')
  ok(moved.case.id !== today.case.id, 'and is a case of its own')
  for (const id of [moved.case.id, today.case.id]) is((await call('GET', `/cases/${id}`)).json.waves.map((row) => row.id), [today.id], 'both cases name the wave')
  ok(!/defect/.test(h.log()), 'no defect in the log', h.log())
  await h.end()
}
main().catch((error) => ok(false, 'the test ran to its end', String(error.stack))).finally(done)
