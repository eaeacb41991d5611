#!/usr/bin/env node
// The API's evidence: runs, captures, files, facts, contacts, the picture of a case, and lists of cases that share a key. The rows come
// through the flow (tests/evidence_fixture.c). Every answer is checked against the description (tools/gen-openapi).
'use strict'
const { execFileSync } = require('node:child_process')
const { writeFileSync } = require('node:fs')
const { join } = require('node:path')
const { deflateSync, crc32 } = require('node:zlib')
const { ok, is, house, done, BUILD } = require('./lib/api.cjs')

/** A PNG of one colour. */
function png(width, height, [r, g, b]) {
  const crc = crc32 || ((bytes) => { let c = ~0; for (const byte of bytes) { c ^= byte; for (let i = 0; i < 8; i++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1 } return ~c >>> 0 })
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const out = Buffer.alloc(body.length + 8)
    out.writeUInt32BE(data.length, 0)
    body.copy(out, 4)
    out.writeUInt32BE(crc(body), body.length + 4)
    return out
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 2, 0, 0, 0], 8)
  const line = Buffer.from([0, ...Array.from({ length: width }, () => [r, g, b]).flat()])
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', head), chunk('IDAT', deflateSync(Buffer.concat(Array(height).fill(line)))), chunk('IEND', Buffer.alloc(0))])
}

async function main() {
  const h = await house({ hanako: ['analyst'], taro: ['viewer'], root: ['system_admin'] })
  const { call } = h
  const pictures = [[8, 12, [200, 30, 30]], [12, 8, [30, 30, 200]]].map(([width, height, colour], i) => { const path = join(h.dir, `${i}.png`); writeFileSync(path, png(width, height, colour)); return path })
  const fixture = (id, what) => execFileSync(join(BUILD, 'tests/evidence_fixture'), [h.database, join(h.dir, 'audit.key'), join(h.dir, 'blobs'), String(id), what, ...pictures], { stdio: ['ignore', 'inherit', 'inherit'] })
  const id = (await call('POST', '/cases', { body: { url: 'https://www.evil.example/login' }, status: 201 })).json.case.id
  const other = (await call('POST', '/cases', { body: { host: 'other.example' }, status: 201 })).json.case.id
  const bare = (await call('POST', '/cases', { body: { name: 'a telephone call' }, status: 201 })).json.case.id

  // Nothing yet, no such thing, no right.
  is((await call('GET', `/cases/${bare}/runs`, { status: 200 })).json.items, [], 'a case without evidence has an empty list')
  is((await call('GET', `/cases/${id}/facts`)).json.items, [], 'and no facts')
  for (const path of ['/cases/9999/runs', '/cases/9999/facts', '/cases/9999/contacts', '/captures/9999', '/captures/1/files/1', '/cases/9999/picture', `/cases/${id}/picture`]) await call('GET', path, { status: 404 })
  await call('GET', `/cases/${id}/runs?x=1`, { status: 400 })
  for (const path of [`/cases/${id}/runs`, `/cases/${id}/facts`, '/captures/1', '/captures/1/files/1', `/cases/${id}/picture`]) await call('GET', path, { as: 'root', status: 403 })
  await call('POST', `/cases/${id}/runs`, { as: 'taro', body: {}, status: 403 })
  await call('POST', `/cases/${id}/enrich`, { as: 'taro', body: {}, status: 403 })

  // To ask for more. What waits already (the policy asked when the case opened) is enough.
  const asked = (await call('POST', `/cases/${id}/runs`, { body: { url: 'hxxps://www.evil[.]example/login', plan: 'quick' }, status: 201 })).json
  is([asked.state, asked.plan, asked.asked_by, asked.url, asked.captures], ['waiting', 'quick', 'hanako', 'https://www.evil.example/login', []], 'a run waits')
  is((await call('POST', `/cases/${id}/runs`, { body: { url: 'https://www.evil.example/login', plan: 'quick' }, status: 201 })).json.id, asked.id, 'asked twice is one run')
  for (const body of [{ plan: 'slow' }, { url: 'not a url' }, { url: 'file:///etc/passwd' }, { plan: 1 }, { nosuch: 1 }]) { const answer = await call('POST', `/cases/${id}/runs`, { body }); ok(answer.status >= 400 && answer.status < 500, `refused: ${JSON.stringify(body)}`, answer.text) }
  await call('POST', `/cases/${bare}/runs`, { body: {}, status: 400 })
  await call('POST', '/cases/9999/runs', { body: {}, status: 404 })
  await call('POST', `/cases/${id}/enrich`, { body: {}, status: 202 })
  await call('POST', `/cases/${bare}/enrich`, { body: {}, status: 400 })

  // A run that is done.
  fixture(id, 'done')
  fixture(other, 'failed')
  const runs = (await call('GET', `/cases/${id}/runs`, { as: 'taro' })).json.items
  const run = runs.find((one) => one.state === 'done')
  is([run.verdict, run.dimensions, run.diff.length, run.stamped, run.captures.map((one) => one.profile)], ['cloaked', ['device'], 2, false, ['iphone', 'desktop', 'android']], 'what it found')
  is(run.captures[0].files.map((file) => [file.n, file.kind]), [[1, 'viewport'], [2, 'dom'], [3, 'full'], [4, 'chain'], [5, 'json']], 'its files')
  is(run.captures[2].files, [], 'a visit that failed has none')
  const failed = (await call('GET', `/cases/${other}/runs`)).json.items.find((one) => one.state === 'failed')
  ok(/did not start/.test(failed.why), 'a run that failed says why')
  const capture = (await call('GET', `/captures/${run.captures[0].id}`)).json
  is([capture.data.redirects.length, capture.data.forms[0].fields.length, capture.data.requests.length, capture.data.console.length], [2, 3, 2, 1], 'one capture with all that it holds')

  // Files: a picture that we wrote, or text; never what it claims to be.
  const at = `/captures/${capture.id}/files`
  const head = (answer) => ['content-type', 'x-content-type-options', 'content-disposition'].map((name) => answer.headers.get(name))
  const sandboxed = (answer) => /default-src 'none'.*sandbox/.test(answer.headers.get('content-security-policy'))
  const picture = await call('GET', `${at}/1`, { as: 'taro', status: 200 })
  is(head(picture), ['image/png', 'nosniff', null], 'a picture is shown')
  ok(sandboxed(picture) && picture.bytes.subarray(1, 4).toString() === 'PNG', 'in a sandbox, its bytes as they were')
  const dom = await call('GET', `${at}/2`, { status: 200 })
  is(head(dom), ['text/plain; charset=utf-8', 'nosniff', null], 'a page is text')
  ok(sandboxed(dom) && dom.text.includes('<script>alert(1)</script>'), 'whole, in a sandbox')
  is(dom.headers.get('cache-control'), 'no-store', 'and no browser keeps it')
  is(head(await call('GET', `${at}/3`, { status: 200 })), ['text/plain; charset=utf-8', 'nosniff', null], 'a page that claims to be a picture is text')
  const saved = await call('GET', `${at}/2?download=1`, { status: 200 })
  is(saved.headers.get('content-type'), 'application/octet-stream', 'a page to be saved is bytes')
  ok(/^attachment; filename="dom\.html\.txt"/.test(saved.headers.get('content-disposition')), 'and does not open as a page', saved.headers.get('content-disposition'))
  ok(/^attachment; filename="viewport\.png"/.test((await call('GET', `${at}/1?download=1`)).headers.get('content-disposition')), 'a picture keeps its name')
  await call('GET', `${at}/5`, { status: 200 })
  await call('GET', `${at}/4`, { status: 200 })
  for (const path of [`${at}/9`, `/captures/999999/files/1`]) await call('GET', path, { status: 404 })
  await call('GET', `${at}/1?download=maybe`)
  const reads = (await call('GET', `/cases/${id}/timeline?limit=200`)).json.items.filter((one) => one.act === 'case.evidence_read')
  is(reads.map((one) => [one.who, one.data.file]), [['hanako', 'capture.json'], ['hanako', 'dom.html'], ['hanako', 'dom.html']], 'who read the page, or its text among the facts, is in the audit; pictures and certificates are not')

  // The picture of the case.
  is((await call('GET', `/cases?q=id:${id}`)).json.items[0].capture, run.captures[0].files[0].sha256, 'the list names it')
  const small = await call('GET', `/cases/${id}/picture?v=1`, { status: 200 })
  is([...head(small), small.headers.get('cache-control')], ['image/png', 'nosniff', null, 'private, max-age=86400, immutable'], 'and it is had')
  is(small.bytes.equals(picture.bytes), true, 'the same')

  // Facts and contacts.
  fixture(id, 'facts')
  fixture(id, 'moved')
  const facts = (await call('GET', `/cases/${id}/facts`, { as: 'taro' })).json.items
  is(facts.filter((one) => one.kind === 'dns.a').map((one) => [one.value, one.gone !== null]), [['203.0.113.8', false], ['203.0.113.7', true]], 'what holds, and what has gone')
  is((await call('GET', `/cases/${id}/contacts`)).json.items.map((one) => [one.kind, one.confidence]), [['registrar', 0.9], ['hosting', 0.6]], 'contacts, the surest first')

  // Find others.
  fixture(other, 'facts')
  for (const [q, found] of [['key:address=203.0.113.7', [id, other]], ['key:address=203.0.113.8', [id]], ['key:"registrar=Mihon Registrar, \\"Inc.\\""', [id, other]], ['key:favicon=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff', [id]], ['key:favicon=ff', []], ['key:address=203.0.113.8,address=203.0.113.7 -key:favicon=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff', [other]]]) {
    is((await call('GET', `/cases?sort=id&q=${encodeURIComponent(q)}`)).json.items?.map((one) => one.id), found, `finds by ${q.slice(0, 60)}`)
  }
  ok(/KIND=VALUE/.test((await call('GET', '/cases?q=key:favicon', { status: 400 })).json.detail), 'a key without a value says how it is written')
  ok(!/defect/.test(h.log()), 'no defect in the log', h.log())
  await h.end()
}
main().catch((error) => ok(false, 'the test ran to its end', String(error.stack))).finally(done)
