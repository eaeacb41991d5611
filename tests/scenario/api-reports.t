#!/usr/bin/env node
// databases: both
// The API's reports: drafts, previews, approvals by a second person, acts, letters, channels, templates. The rows come through the flow
// (tests/report_fixture.c). Every answer is checked against the description (tools/gen-openapi).
'use strict'
const { execFileSync } = require('node:child_process')
const { createHash } = require('node:crypto')
const { writeFileSync } = require('node:fs')
const { join } = require('node:path')
const { ok, is, house, done, BUILD } = require('./lib/api.cjs')
const cookies = require('./lib/cookies.cjs')

const PASSWORD = 'correct horse battery staple'

async function main() {
  const h = await house({ hanako: ['analyst'], taro: ['viewer'], root: ['system_admin'], keeper: ['connector_admin'], robot: ['approver', 'analyst', 'connector_admin'] })
  const { call } = h
  for (const [login, roles] of [['boss', 'approver,analyst'], ['boss2', 'approver']]) h.run(['user', 'add', '--roles', roles, login], `${PASSWORD}\n`)
  /** Calls of a person in a session: approvals are not for tokens. */
  async function person(login) {
    const base = `${h.base.replace(/\/$/, '')}/api/v1`
    const answer = await fetch(`${base}/session`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ login, password: PASSWORD }) })
    const cookie = cookies(answer.headers)
    const { csrf } = await answer.json()
    return async (method, path, { body, version, key, status } = {}) => {
      const got = await fetch(`${base}${path}`, { method, headers: { Cookie: cookie, 'X-CSRF-Token': csrf, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...(version === undefined ? {} : { 'If-Match': `"${version}"` }), ...(key ? { 'Idempotency-Key': key } : {}) }, body: body === undefined ? undefined : JSON.stringify(body) })
      const text = await got.text()
      let json
      try { json = JSON.parse(text) } catch { /* none */ }
      ok(status === undefined || got.status === status, `${login}: ${method} ${path}: ${got.status}`, text.slice(0, 600))
      return { status: got.status, json, text }
    }
  }
  const boss = await person('boss')
  const boss2 = await person('boss2')
  const fixture = (id, what, ...more) => execFileSync(join(BUILD, 'tests/report_fixture'), [h.database, join(h.dir, 'audit.key'), join(h.dir, 'blobs'), String(id), what, ...more], { stdio: ['ignore', 'inherit', 'inherit'] })
  const pixel = join(h.dir, 'pixel.png')
  writeFileSync(pixel, Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64'))

  // Nothing yet, no such thing, no right.
  const made = (await call('POST', '/cases', { body: { url: 'https://www.evil.example/login' }, status: 201 })).json.case
  const id = made.id
  is((await call('GET', `/cases/${id}/reports`, { status: 200 })).json.items, [], 'a case of which nobody was told')
  for (const path of ['/reports/9999', '/reports/9999/content', '/reports/9999/receipts/1/answer', '/letters/9999', '/letters/9999/content', '/cases/9999/reports']) await call('GET', path, { status: 404 })
  for (const path of ['/reports?state=nosuch', '/reports?x=1', '/reports?order=best', '/reports?case=x', '/letters?open=maybe']) await call('GET', path, { status: 400 })
  for (const path of ['/reports', '/reports/1', '/reports/counters', '/letters', `/cases/${id}/reports`]) { await call('GET', path, { as: 'root', status: 403 }); await call('GET', path, { as: 'keeper', status: 403 }) }
  await call('POST', `/cases/${id}/reports`, { as: 'taro', body: {}, status: 403 })
  await call('POST', `/cases/${id}/reports`, { body: {}, status: 409 })
  const triaged = (await call('POST', `/cases/${id}/acts`, { body: { act: 'confirm' }, version: made.version, status: 200 })).json
  is(triaged.state, 'confirmed', 'the case is confirmed')
  await call('POST', `/cases/${id}/reports`, { body: {}, key: 'once', status: 202 })
  await call('POST', `/cases/${id}/reports`, { body: {}, key: 'once', status: 202 })

  // Without evidence nobody is told, whoever says so.
  fixture(id, 'drafts', 'boss', 'boss')
  const first = (await call('GET', '/reports?state=drafted&order=oldest', { status: 200 })).json.items
  is(first.length, 5, 'five drafts')
  ok(first.every((one) => one.stops.includes('evidence')), 'none of them has evidence')
  const early = (await boss2('POST', '/reports/approve', { body: { reports: [{ id: first[0].id, digest: first[0].digest }], agree: ['first'] }, status: 200 })).json
  is([early.approved, early.refused.map((one) => [one.id, one.stop, one.code])], [[], [[first[0].id, 'evidence', 'refused']]], 'a refused one names its stop')
  execFileSync(join(BUILD, 'tests/evidence_fixture'), [h.database, join(h.dir, 'audit.key'), join(h.dir, 'blobs'), String(id), 'done', pixel, pixel], { stdio: ['ignore', 'inherit', 'inherit'] })

  // Lists and filters.
  const list = async (query) => (await call('GET', `/reports?${query}`, { status: 200 })).json.items.map((one) => one.recipient)
  is(await list('channel=netcraft'), ['netcraft'], 'by channel')
  is(await list('kind=registrar'), ['abuse@registrar.example'], 'by kind of recipient')
  is(await list('recipient=abuse%40dns.example'), ['abuse@dns.example'], 'by recipient')
  is((await list(`case=${id}`)).length, 5, 'by case')
  is((await boss('GET', '/reports?waiting=1')).json.items.length, 4, 'what waits for somebody is what others proposed')
  is((await boss2('GET', '/reports?waiting=1')).json.items.length, 5, 'for another person it is more')
  is((await boss('GET', '/reports?mine=1')).json.items.map((one) => one.recipient), ['abuse@dns.example'], 'and own ones')
  const pages = []
  for (let after = ''; after !== null;) { const page = (await call('GET', `/reports?limit=2${after && `&after=${after}`}`, { status: 200 })).json; pages.push(...page.items.map((one) => one.id)); after = page.next }
  is(pages, [...first.map((one) => one.id)].reverse(), 'page by page, the newest first')
  is((await call('GET', '/cases?q=is:awaiting', { status: 200 })).json.items.map((one) => one.id), [id], 'the board finds cases that wait for approval')
  is((await boss('GET', '/reports/counters')).json, { drafted: 5, waiting: 4, approved: 0, held: 5, unsure: 0, bounced: 0, overdue: 0, sample: 0, letters: 0 }, 'counters')

  // One, and its bytes.
  const mailed = first.find((one) => one.kind === 'registrar')
  const whole = (await call('GET', `/reports/${mailed.id}`, { status: 200 })).json
  is([whole.way, whole.request.to, whole.urls.length, whole.receipts, whole.proposer, whole.approver], ['mail', 'abuse@registrar.example', 2, [], 'auto', null], 'the whole report')
  ok(whole.may.includes('drop') && whole.may.includes('edit') && !whole.may.includes('approve') && !whole.may.includes('queue'), 'an analyst may change and drop it, not approve it', whole.may)
  ok((await boss('GET', `/reports/${mailed.id}`)).json.may.includes('approve'), 'an approver may')
  is((await call('GET', `/reports/${mailed.id}`, { as: 'taro', status: 200 })).json.may, [], 'a viewer may nothing')
  is(whole.history.map((one) => one.act), ['report.draft'], 'what happened to it')
  const content = await call('GET', `/reports/${mailed.id}/content`, { status: 200 })
  is(content.headers.get('content-type'), 'text/plain; charset=utf-8', 'its bytes are shown as text')
  ok(/nosniff/.test(content.headers.get('x-content-type-options')) && /sandbox/.test(content.headers.get('content-security-policy')), 'in a sandbox, and not sniffed')
  is(createHash('sha256').update(content.bytes).digest('hex'), whole.content, 'they are those that are named')
  is(createHash('sha256').update(`${JSON.stringify(whole.request)}\n`).update(content.bytes).digest('hex'), whole.digest, 'and the digest is of request and bytes')
  is(content.bytes.length, whole.bytes, 'all of them')
  const saved = await call('GET', `/reports/${mailed.id}/content?download=1`, { status: 200 })
  ok(/attachment; filename="report-\d+\.eml\.txt"/.test(saved.headers.get('content-disposition')), 'to be saved, under a name that opens nothing')

  // The preview of many.
  const ids = first.map((one) => one.id)
  const preview = (await boss('POST', '/reports/preview', { body: { ids }, status: 200 })).json
  is([preview.count, preview.ready, preview.agree], [5, 4, ['first']], 'what stands against them is looked at anew: there is evidence by now')
  is(preview.recipients.flatMap((one) => one.reports).filter((one) => one.against).map((one) => one.against), ['self'], 'but for the own proposal')
  is((await call('GET', `/reports/${mailed.id}`, { status: 200 })).json.state, 'drafted', 'and nothing of it is kept')
  const seen = (await call('POST', '/reports/preview', { body: { query: { state: 'drafted', channel: 'mail' } }, status: 200 })).json
  is(seen.recipients.flatMap((one) => one.reports.map((row) => row.against)), ['role', 'role', 'role'], 'an analyst only looks')
  is(seen.recipients.map((one) => [one.recipient, one.known, one.sent, one.reports.length]), [['abuse@dns.example', false, 0, 1], ['abuse@hosting.example', false, 0, 1], ['abuse@registrar.example', false, 0, 1]], 'by recipient')
  for (const body of [{}, { ids: [] }, { ids: ['x'] }, { ids: Array(201).fill(1) }, { query: { nosuch: 1 } }, { query: { state: 'nosuch' } }]) { const answer = await call('POST', '/reports/preview', { body }); ok(answer.status >= 400 && answer.status < 500, `refused: ${JSON.stringify(body).slice(0, 60)}`, answer.text) }
  await call('POST', '/reports/preview', { body: { ids: [9999] }, status: 404 })

  // Approval: by a session only, by another person, of what was seen, with what has to be agreed to.
  const some = (...which) => which.map((one) => ({ id: one.id, digest: one.digest }))
  await call('POST', '/reports/approve', { as: 'robot', body: { reports: some(mailed) }, status: 403 })
  for (const body of [{ reports: [] }, { reports: [{ id: mailed.id }] }, { reports: [{ id: mailed.id, digest: 'ab' }] }, { reports: some(mailed), agree: ['own'] }, { reports: some(mailed), agree: ['nosuch'] }, { reports: some(mailed), x: 1 }]) { const answer = await boss2('POST', '/reports/approve', { body }); ok(answer.status === 400, `refused: ${JSON.stringify(body).slice(0, 80)}`, answer.text) }
  const hosting = first.find((one) => one.kind === 'hosting'); const dns = first.find((one) => one.kind === 'dns'); const vendor = first.find((one) => one.channel === 'netcraft'); const hand = first.find((one) => one.channel === 'smartform')
  const unagreed = (await boss('POST', '/reports/approve', { body: { reports: some(mailed) }, status: 200 })).json
  is(unagreed.refused.map((one) => one.stop), ['first'], 'a first message has to be agreed to')
  const wrong = (await boss('POST', '/reports/approve', { body: { reports: [{ id: mailed.id, digest: '0'.repeat(64) }], agree: ['first'] }, status: 200 })).json
  is(wrong.refused.map((one) => [one.stop, one.code]), [[null, 'inconsistent']], 'of other bytes than were seen')
  const several = (await boss('POST', '/reports/approve', { body: { reports: some(mailed, dns, vendor, hand), agree: ['first'] }, key: 'k1', status: 200 })).json
  is(several.approved.map((one) => [one.id, one.state]), [mailed, vendor, hand].map((one) => [one.id, 'approved']), 'several at once')
  is(several.refused.map((one) => [one.id, one.stop, /four eyes/.test(one.why)]), [[dns.id, null, true]], 'the own proposal is refused, the others go on')
  ok(several.approved.every((one) => new Date(one.send) - Date.now() > 30000), 'they leave when the undo window is over')
  is((await boss('POST', '/reports/approve', { body: { reports: some(mailed, dns, vendor, hand), agree: ['first'] }, key: 'k1', status: 200 })).json, several, 'the same request again has the same answer')
  is((await boss2('POST', '/reports/approve', { body: { reports: some(dns), agree: ['first'] } })).json.approved.length, 1, 'another person approves the proposal')
  const trail = (await call('GET', `/reports/${mailed.id}`, { status: 200 })).json
  is(trail.history.map((one) => [one.act, one.who]).at(-1), ['report.approve', 'boss'], 'who allowed it')
  is(trail.history.at(-1).data.digest, mailed.digest, 'and which bytes')

  // Acts.
  await call('POST', `/reports/${mailed.id}/acts`, { body: { act: 'undo' }, status: 428 })
  await call('POST', `/reports/${mailed.id}/acts`, { body: { act: 'undo' }, version: 1, status: 412 })
  await call('POST', `/reports/${mailed.id}/acts`, { as: 'taro', body: { act: 'undo' }, version: '*', status: 403 })
  await call('POST', `/reports/${mailed.id}/acts`, { body: { act: 'nosuch' }, version: '*', status: 400 })
  await call('POST', `/reports/${mailed.id}/acts`, { body: { act: 'bounce' }, version: '*', status: 409 })
  const undone = (await call('POST', `/reports/${mailed.id}/acts`, { body: { act: 'undo' }, version: trail.version, status: 200 })).json
  is([undone.state, undone.approver, undone.send], ['drafted', null, null], 'undo takes it back')
  await call('POST', `/reports/${hosting.id}/acts`, { body: { act: 'drop', note: 'not theirs' }, version: '*', status: 200 })
  const handed = (await call('POST', `/reports/${hand.id}/acts`, { body: { act: 'send', note: 'GSB-77' }, version: '*', status: 200 })).json
  is([handed.state, handed.remote_id, handed.way], ['sent', 'GSB-77', 'assisted'], 'one that a person hands in')
  const edited = (await call('PATCH', `/reports/${mailed.id}`, { body: { subject: 'other words', text: 'please' }, version: undone.version, status: 200 })).json
  is([edited.content, edited.proposer, edited.stops.includes('content')], [null, 'hanako', true], 'other words: it is written anew, and has another proposer')
  await call('PATCH', `/reports/${vendor.id}`, { body: { subject: 'x', text: 'y' }, version: '*', status: 409 })
  await call('PATCH', `/reports/${mailed.id}`, { body: { subject: 'x' }, version: '*', status: 400 })

  // Further states, receipts, letters.
  fixture(id, 'states', 'boss2')
  const states = Object.fromEntries((await call('GET', '/reports?limit=200', { status: 200 })).json.items.filter((one) => /^abuse@(?:sent|ack|act|rej|bou|uns)/.test(one.recipient)).map((one) => [one.state, one]))
  is(Object.keys(states).sort(), ['acknowledged', 'actioned', 'bounced', 'rejected', 'sent', 'unsure'], 'a report in each state')
  const unsure = (await call('GET', `/reports/${states.unsure.id}`, { status: 200 })).json
  is(unsure.may.filter((one) => ['send', 'requeue', 'refuse'].includes(one)).sort(), ['refuse', 'requeue', 'send'], 'of an unsure one a person decides')
  const acted = (await call('GET', `/reports/${states.actioned.id}`, { status: 200 })).json
  is([acted.receipts.length, acted.receipts[0].how, acted.receipts[0].status, acted.thread.length, acted.thread[0].class], [1, 'taken', 250, 1, 'actioned'], 'what was tried, and what they wrote')
  const answer = await call('GET', `/reports/${acted.id}/receipts/${acted.receipts[0].id}/answer`, { status: 200 })
  ok(/<script>/.test(answer.text) && answer.headers.get('content-type').startsWith('text/plain') && /sandbox/.test(answer.headers.get('content-security-policy')), 'their answer is text, whatever stands in it')
  await call('GET', `/reports/${states.sent.id}/receipts/${acted.receipts[0].id}/answer`, { status: 404 })
  is((await call('GET', '/reports/counters', { status: 200 })).json.bounced, 1, 'a bounced one counts while its case is open')
  fixture(id, 'letters')
  const open = (await call('GET', '/letters?open=1', { status: 200 })).json.items
  is(open.map((one) => one.class), ['other', 'actioned'], 'letters that nobody could match')
  const letter = open.find((one) => one.class === 'actioned')
  ok(/<script>/.test((await call('GET', `/letters/${letter.id}`, { status: 200 })).json.text), 'one letter')
  ok(/attachment/.test((await call('GET', `/letters/${letter.id}/content`, { status: 200 })).headers.get('content-disposition')), 'its mail is only saved')
  await call('POST', `/letters/${letter.id}/match`, { as: 'taro', body: { report: states.sent.id }, status: 403 })
  await call('POST', `/letters/${letter.id}/match`, { body: { report: 9999 }, status: 404 })
  await call('POST', `/letters/${letter.id}/match`, { body: {}, status: 400 })
  is((await call('POST', `/letters/${letter.id}/match`, { body: { report: states.sent.id }, status: 200 })).json.matched, 'hand', 'a person matches it')
  is((await call('GET', `/reports/${states.sent.id}`, { status: 200 })).json.state, 'actioned', 'and the report moves by what it says')
  await call('POST', `/letters/${letter.id}/match`, { body: { report: states.unsure.id }, status: 409 })
  is((await call('GET', `/letters?report=${states.sent.id}`, { status: 200 })).json.items.length, 1, 'letters of a report')

  // A policy, and its review.
  fixture(id, 'sample')
  const drawn = (await call('GET', '/reports?sample=1', { status: 200 })).json.items
  is(drawn.map((one) => [one.state, one.policy, one.approver]), [['approved', 'vendors', null]], 'one that a policy allowed, drawn for review')
  await call('POST', `/reports/${drawn[0].id}/sample`, { as: 'robot', body: { good: true }, status: 403 })
  is((await boss('POST', `/reports/${drawn[0].id}/sample`, { body: { good: false, note: 'wrong address' }, status: 200 })).json.sample, 3, 'a person says that it is wrong')
  is((await call('GET', '/settings', { status: 200 })).json.items.find((one) => one.key === 'takedown').value.policies.map((one) => [one.name, Boolean(one.stopped)]), [['vendors', true], ['vendors-own', false]], 'and the policy is stopped, no other one')
  await boss('POST', `/reports/${drawn[0].id}/sample`, { body: { good: true }, status: 409 })

  // Channels and templates.
  const channels = (await call('GET', '/channels', { as: 'keeper', status: 200 })).json.items
  ok(channels.some((one) => one.name === 'mail' && one.sent >= 5) && channels.some((one) => one.name === 'netcraft'), 'channels that have reports', channels)
  await call('POST', '/channels/netcraft', { body: { state: 'off' }, status: 403 })
  await call('POST', '/channels/nosuch', { as: 'keeper', body: { state: 'off' }, status: 404 })
  await call('POST', '/channels/netcraft', { as: 'keeper', body: { state: 'closed' }, status: 400 })
  is((await call('POST', '/channels/netcraft', { as: 'keeper', body: { state: 'off' }, status: 200 })).json.state, 'off', 'a channel is stopped')
  is((await call('POST', '/channels/netcraft', { as: 'keeper', body: { state: 'open' }, status: 200 })).json.state, 'open', 'and opened')
  const templates = (await call('GET', '/templates', { status: 200 })).json.items
  await call('PUT', '/templates/nosuch/en', { body: { subject: 'x', body: 'y' }, status: 404 })
  await call('PUT', '/templates/registrar/en', { as: 'taro', body: { subject: 'x', body: 'y' }, status: 403 })
  await call('DELETE', '/templates/registrar/en', { status: 404 })
  const one = templates.find((row) => row.kind === 'registrar' && row.lang === 'en')
  ok(one && !one.changed && one.version === 0, 'templates that hikeshi brings', templates.map((row) => `${row.kind} ${row.lang}`))
  if (one) {
    const tried = (await call('POST', '/templates/preview', { body: { kind: one.kind, lang: one.lang, subject: one.subject, body: one.body }, status: 200 })).json
    ok(tried.faults.length === 0 && tried.body.length > 100, 'one is filled in', tried)
    const broken = (await call('POST', '/templates/preview', { body: { kind: one.kind, lang: one.lang, subject: one.subject, body: `fine\nnot {{so` }, status: 200 })).json
    ok(broken.faults.length > 0 && broken.faults[0].field === 'body' && broken.faults[0].line === 2, 'what is wrong has its place', broken)
    const bad = await call('PUT', '/templates/registrar/en', { body: { subject: one.subject, body: 'not {{so' }, status: 400 })
    is(bad.json.field, 'body', 'and is not kept')
    const kept = (await call('PUT', '/templates/registrar/en', { body: { subject: 'Take it down', body: one.body, version: 0 }, status: 200 })).json
    is([kept.subject, kept.changed, kept.by, kept.own.subject], ['Take it down', true, 'hanako', one.subject], 'other words')
    await call('PUT', '/templates/registrar/en', { body: { subject: 'again', body: one.body, version: 0 }, status: 412 })
    is((await call('DELETE', '/templates/registrar/en', { status: 200 })).json.subject, one.subject, "and back to hikeshi's own")
  }
  ok(!/defect/.test(h.log()), 'no defect in the log', h.log())
  await h.end()
}
main().catch((error) => ok(false, 'the test ran to its end', String(error.stack))).finally(done)
