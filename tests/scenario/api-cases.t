#!/usr/bin/env node
// The API's cases: a life of some cases through HTTP, wrong input, versions, idempotency, roles. Every answer is checked against the
// description (tools/gen-openapi).
'use strict'
const { ok, is, house, done } = require('./lib/api.cjs')

async function main() {
  const h = await house({ hanako: ['analyst'], taro: ['viewer'], audit: ['auditor'], share: ['sharing_officer'], root: ['system_admin'] })
  const { call } = h

  // Nobody, and people without the right.
  for (const [method, path] of [['GET', '/cases'], ['POST', '/cases'], ['GET', '/cases/1'], ['POST', '/cases/bulk'], ['GET', '/cases.csv'], ['GET', '/counters'], ['GET', '/stats']]) {
    await call(method, path, { as: null, status: 401, ...(method === 'POST' ? { body: {} } : {}) })
  }
  await call('POST', '/cases', { as: 'taro', body: { name: 'x' }, status: 403 })
  await call('GET', '/cases', { as: 'audit', status: 403 })
  await call('GET', '/cases.csv', { as: 'taro', status: 403 })

  // New cases.
  const first = await call('POST', '/cases', { body: { url: 'hxxps://www.mihon-bank-login[.]example/a?b=1#c', note: 'SMSで配布', labels: ['SMS', '急ぎ'], wants: ['screenshot'], gsb_type: 'phishing' }, status: 201 })
  is(first.json.how, 'opened', 'a new case')
  const one = first.json.case
  is([one.url, one.host, one.domain, one.state, one.reported_by, one.source.key, one.labels, one.wants], ['https://www.mihon-bank-login.example/a?b=1', 'www.mihon-bank-login.example', 'mihon-bank-login.example', 'new', 'hanako', 'api', ['sms', '急ぎ'].sort(), ['screenshot']], 'what it holds')
  is(first.headers.get('location'), `/api/v1/cases/${one.id}`, 'where it is')
  const again = await call('POST', '/cases', { body: { url: 'https://www.mihon-bank-login.example/a?b=1' }, status: 200 })
  is([again.json.how, again.json.case.id], ['attached', one.id], 'the same again is attached (S34)')
  const named = await call('POST', '/cases', { body: { name: 'みほん銀行を騙る電話', assignee: 'hanako' }, status: 201 })
  is([named.json.case.host, named.json.case.assignee, named.json.case.name], [null, 'hanako', 'みほん銀行を騙る電話'], 'a case with a name only (S37)')
  const hosts = []
  for (let i = 0; i < 5; i++) hosts.push((await call('POST', '/cases', { body: { host: `a${i}.evil${i}.example`, first_seen: `2026-0${i + 1}-15T10:00:00+09:00` }, key: `k${i}` })).json.case)
  const twice = await call('POST', '/cases', { body: { host: 'a0.evil0.example', first_seen: '2026-01-15T10:00:00+09:00' }, key: 'k0' })
  is([twice.json.how, twice.json.case.id], ['opened', hosts[0].id], 'the same key has the same answer')
  await call('POST', '/cases', { body: { host: 'other.example' }, key: 'k0', status: 422 })
  for (const body of [{}, { url: 'not a url' }, { url: 'ftp//x' }, { host: '..' }, { name: '' }, { name: 'x', kind: 'nosuch' }, { name: 'x', target: 'nobody' }, { name: 'x', labels: 'a' }, { name: 'x', labels: [1] }, { name: 'x', wants: ['gold'] }, { name: 'x', nosuch: 1 }, { name: 1 }, { name: 'x', first_seen: 'yesterday' }, { name: 'x', assignee: 'nobody' }, { name: 'a\u0000b' }]) {
    const answer = await call('POST', '/cases', { body })
    ok(answer.status >= 400 && answer.status < 500, `refused: ${JSON.stringify(body)}`, answer.text)
  }
  await call('POST', '/cases', { body: '{"name":', status: 400 })
  await call('POST', '/cases', { body: '[]', status: 400 })

  // Shared views are the analysts'; a PATCH without a body changes nothing.
  const team = (await call('POST', '/views', { body: { name: 'team', query: 'status:new', shared: true }, status: 201 })).json
  const own = (await call('POST', '/views', { as: 'taro', body: { name: 'mine' }, status: 201 })).json
  for (const [method, path, body] of [['POST', '/views', { name: 'x', shared: true }], ['PATCH', `/views/${team.id}`, { name: 'x' }], ['PATCH', `/views/${team.id}`, { shared: false }], ['PATCH', `/views/${own.id}`, { shared: true }], ['DELETE', `/views/${team.id}`]]) {
    await call(method, path, { as: 'taro', body, status: 403 })
  }
  await call('PATCH', `/views/${team.id}`, { status: 400 })
  is((await call('GET', '/views', { as: 'share' })).json.items.map((view) => view.name), ['team'], 'and it is still there')
  await call('DELETE', `/views/${own.id}`, { as: 'taro', status: 204 })
  await call('DELETE', `/views/${team.id}`, { status: 204 })
  // What may be a list.
  await call('PUT', '/settings/scope', { as: 'root', body: [], status: 200 })
  await call('POST', `/cases/${one.id}/attachments?name=a.json`, { raw: '[1]', type: 'application/json', status: 201 })
  await call('POST', '/intakes', { body: [], status: 400 })

  // Lists.
  const all = await call('GET', '/cases?limit=3&sort=-id')
  is([all.json.items.length, all.json.total], [3, { count: 7, exact: true }], 'a page')
  const ids = []
  for (let after = '', n = 0; after !== null && n < 9; n++) {
    const page = await call('GET', `/cases?limit=3&sort=first_seen${after && `&after=${after}`}`)
    ids.push(...page.json.items.map((row) => row.id))
    after = page.json.next
  }
  is([ids.length, new Set(ids).size], [7, 7], 'all pages: each once')
  for (const [q, count] of [['みほん', 1], ['ミホン', 1], ['ｓｍｓで', 1], ['mihon-bank', 1], ['evil[.]example', 0], ['label:sms', 1], ['status:new', 7], ['-status:new', 0], ['host:*.evil1.example', 1], ['assignee:me', 1], ['by:hanako', 7], ['seen:2026-02', 1], ['電', 1]]) {
    is((await call('GET', `/cases?q=${encodeURIComponent(q)}`)).json.total, { count, exact: true }, `finds ${count} by ${q}`)
  }
  for (const query of ['q=stauts:new', 'q=status:gone', 'q=%22x', 'sort=colour', 'limit=0', 'limit=201', 'limit=x', 'after=nonsense', 'nosuch=1', 'q=id:x', 'q=%FF', `q=${'x'.repeat(2100)}`]) {
    const answer = await call('GET', `/cases?${query}`)
    ok(answer.status >= 400 && answer.status < 500 && (query === 'q=%FF' || answer.json.detail), `refused: ${query.slice(0, 40)}`, answer.text)
  }

  // One case: versions, moves.
  await call('GET', '/cases/9999', { status: 404 })
  await call('GET', '/cases/0', { status: 404 })
  await call('POST', `/cases/${one.id}/acts`, { body: { act: 'confirm' }, status: 428 })
  await call('POST', `/cases/${one.id}/acts`, { body: { act: 'confirm' }, version: 999, status: 412 })
  let now = (await call('GET', `/cases/${one.id}`)).json
  is((await call('GET', `/cases/${one.id}`)).headers.get('etag'), `"${now.version}"`, 'its ETag')
  ok(now.may.includes('confirm') && !(await call('GET', `/cases/${one.id}`, { as: 'taro' })).json.may.length, 'who may do what')
  now = (await call('POST', `/cases/${one.id}/acts`, { body: { act: 'confirm', note: '確認した' }, version: now.version, status: 200 })).json
  is([now.state, now.clocks.confirmed !== null], ['confirmed', true], 'confirmed')
  await call('POST', `/cases/${one.id}/acts`, { body: { act: 'close' }, version: now.version, status: 409 })
  await call('POST', `/cases/${one.id}/acts`, { body: { act: 'nosuch' }, version: now.version })
  await call('POST', `/cases/${one.id}/acts`, { body: {}, version: now.version, status: 400 })
  now = (await call('PATCH', `/cases/${one.id}`, { body: { name: '見本', gsb_type: 'trademark', assignee: 'hanako' }, version: now.version, status: 200 })).json
  is([now.name, now.gsb_type, now.assignee], ['見本', 'trademark', 'hanako'], 'edited')
  await call('PATCH', `/cases/${one.id}`, { body: { name: 'x' }, version: 1, status: 412 })
  for (const body of [{ nosuch: 1 }, { name: 5 }, { name: '' }, { kind: 'x' }, { assignee: 'nobody' }, { campaign: 77 }]) {
    const answer = await call('PATCH', `/cases/${one.id}`, { body, version: '*' })
    ok(answer.status >= 400 && answer.status < 500, `refused: ${JSON.stringify(body)}`, answer.text)
  }
  // What hangs on it.
  const comment = (await call('POST', `/cases/${one.id}/comments`, { body: { text: 'レジストラへ連絡' }, status: 201 })).json
  is((await call('PATCH', `/comments/${comment.id}`, { body: { text: 'レジストラへ依頼' } })).json.text, 'レジストラへ依頼', 'a comment is changed')
  is((await call('GET', '/cases?q=%E3%83%AC%E3%82%B8%E3%82%B9%E3%83%88%E3%83%A9%E3%81%B8%E4%BE%9D%E9%A0%BC')).json.total.count, 1, 'and found')
  await call('POST', `/cases/${one.id}/comments`, { body: { text: '' } })
  await call('POST', '/cases/9999/comments', { body: { text: 'x' }, status: 404 })
  is((await call('GET', `/cases/${one.id}/comments`)).json.items.length, 3, 'the survey log')
  await call('DELETE', `/comments/${comment.id}`, { status: 204 })
  await call('DELETE', `/comments/${comment.id}`, { status: 404 })
  is((await call('PUT', `/cases/${one.id}/labels/Wave%2012`)).json.labels.includes('wave 12'), true, 'a label')
  is((await call('DELETE', `/cases/${one.id}/labels/wave%2012`)).json.labels.includes('wave 12'), false, 'taken off')
  await call('POST', `/cases/${one.id}/urls`, { body: { url: 'https://www.mihon-bank-login.example/zwei' }, status: 200 })
  await call('POST', `/cases/${one.id}/urls`, { body: { url: ':' }, status: 400 })
  now = (await call('POST', `/cases/${one.id}/tasks`, { body: { title: '通報', due: '2026-12-01T00:00:00Z' }, status: 201 })).json
  const task = now.tasks.at(-1)
  await call('POST', `/cases/${one.id}/tasks`, { body: {}, status: 400 })
  await call('POST', `/cases/${one.id}/tasks`, { body: { template: 'nosuch' }, status: 404 })
  is((await call('PATCH', `/tasks/${task.id}`, { body: { assignee: 'hanako' }, version: task.version })).json.assignee, 'hanako', 'a task for somebody')
  await call('PATCH', `/tasks/${task.id}`, { body: { title: 'x' }, version: task.version, status: 412 })
  is((await call('POST', `/tasks/${task.id}/acts`, { body: { act: 'finish' } })).json.state, 'done', 'a task is done')
  await call('POST', `/tasks/${task.id}/acts`, { body: { act: 'nosuch' } })
  now = (await call('PUT', `/cases/${one.id}/links/${hosts[0].id}`, { body: {} })).json
  ok(now.related.some((row) => row.case.id === hosts[0].id && row.by.includes('link')), 'a related case')
  await call('DELETE', `/cases/${one.id}/links/${hosts[0].id}`)
  const upload = await call('POST', `/cases/${one.id}/attachments?name=${encodeURIComponent('証拠.html')}`, { raw: '<script>alert(1)</script>', type: 'text/html' })
  if (upload.status === 201) {
    const file = await call('GET', `/attachments/${upload.json.id}`, { status: 200 })
    is([file.text, file.headers.get('content-type'), file.headers.get('x-content-type-options')], ['<script>alert(1)</script>', 'application/octet-stream', 'nosniff'], 'an attachment is saved, never shown')
  }
  const line = (await call('GET', `/cases/${one.id}/timeline?limit=2`)).json
  ok(line.items.length === 2 && line.next, 'the timeline, page by page')
  const rest = (await call('GET', `/cases/${one.id}/timeline?limit=200&after=${line.next}`)).json
  is(rest.items.at(-1).act, 'case.open', 'to its beginning')
  ok(rest.items.every((entry, i) => i === 0 || entry.at <= rest.items[i - 1].at), 'newest first')
  await call('GET', `/cases/${one.id}/timeline?after=x`, { status: 400 })

  // Merge, undo, split.
  const merged = (await call('POST', `/cases/${hosts[1].id}/merge`, { body: { into: hosts[0].id }, version: '*', status: 200 })).json
  is((await call('GET', `/cases/${hosts[1].id}`)).json.state, 'duplicate', 'merged')
  await call('POST', `/cases/${hosts[1].id}/merge`, { body: { into: hosts[1].id }, version: '*' })
  await call('POST', `/merges/${merged.merge.id}/undo`, { body: {} })
  is((await call('GET', `/cases/${hosts[1].id}`)).json.state, 'new', 'undone')
  now = (await call('GET', `/cases/${one.id}`)).json
  const parts = (await call('POST', `/cases/${one.id}/split`, { body: { urls: [now.case_urls[1].id], name: '別件' }, version: now.version })).json
  is([parts.case.name, parts.merge.act], ['別件', 'split'], 'split')
  await call('POST', `/cases/${one.id}/split`, { body: { urls: [] }, version: '*', status: 400 })

  // Many at once.
  const select = { ids: hosts.map((row) => row.id) }
  is((await call('POST', '/cases/bulk', { body: { select, act: 'label', value: 'wave' } })).json.done, 5, 'a label on five')
  is((await call('POST', '/cases/bulk', { body: { select: { q: 'label:wave', count: 5 }, act: 'triage', dry_run: true } })).json.done, 5, 'tried')
  await call('POST', '/cases/bulk', { body: { select: { q: 'label:wave', count: 4 }, act: 'triage' }, status: 409 })
  is((await call('POST', '/cases/bulk', { body: { select: { q: 'label:wave', count: 5 }, act: 'triage' } })).json.done, 5, 'done by a query')
  const some = (await call('POST', '/cases/bulk', { body: { select: { ids: [...select.ids, one.id, 9999] }, act: 'dismiss' } })).json
  is([some.done, some.refused.map((row) => row.id)], [6, [9999]], 'what is refused is listed')
  for (const body of [{}, { select, act: 'nosuch' }, { select: {}, act: 'triage' }, { select: { ids: [] }, act: 'triage' }, { select: { ids: ['a'] }, act: 'triage' }, { select: { q: 'x:', count: 1 }, act: 'triage' }, { select, act: 'label' }, { select: { ids: Array.from({ length: 5001 }, (_, i) => i + 1) }, act: 'triage' }]) {
    const answer = await call('POST', '/cases/bulk', { body })
    ok(answer.status >= 400 && answer.status < 500, `refused: ${JSON.stringify(body).slice(0, 60)}`, answer.text)
  }
  // Delete, restore, export.
  now = (await call('GET', `/cases/${hosts[4].id}`)).json
  await call('DELETE', `/cases/${now.id}`, { status: 428 })
  await call('DELETE', `/cases/${now.id}`, { version: now.version, status: 200 })
  is((await call('GET', '/cases?q=is:deleted')).json.items.map((row) => row.id), [now.id], 'deleted')
  await call('POST', `/cases/${now.id}/restore`, { body: {}, status: 200 })
  await call('POST', '/cases', { body: { name: '=HYPERLINK("http://x","y")', host: 'formula.example' } })
  const csv = (await call('GET', '/cases.csv?q=formula.example&bom=1')).bytes.toString('utf8')
  ok(csv.startsWith('\ufeffid,capture,case,first_seen,actor,target,status,reported_by\r\n') && csv.includes(`"'=HYPERLINK(""http://x"",""y"")"`), 'the report (S36); no formulas', csv)
  await call('GET', '/cases.csv?columns=id,nosuch', { status: 400 })
  const lines = (await call('GET', '/cases.jsonl', { as: 'share' })).text.trim().split('\n')
  is(lines.map((row) => JSON.parse(row).id).length, (await call('GET', '/cases')).json.total.count, 'lines of JSON')
  const counters = (await call('GET', '/counters')).json
  is(counters.total, (await call('GET', '/cases?q=-kind:investment_scam')).json.total.count, 'the counters say what the list says')
  is(counters.total, counters.handled + counters.unsupported, 'handled and unsupported are all')
  for (const by of ['month_target', 'month', 'state', 'actor', 'source', 'kind', 'hour_weekday', 'hour_holiday', 'time_to_detect', 'time_to_close']) {
    const stats = (await call('GET', `/stats?by=${by}`)).json
    ok(stats.rows.every((row) => row.length === stats.columns.length), `statistics by ${by}`)
    ok((await call('GET', `/stats?by=${by}&format=csv`)).text.replace(/^\ufeff/, '').startsWith(stats.columns.join(',')), 'and as CSV')
  }
  is((await call('GET', '/stats?by=state')).json.rows.reduce((sum, row) => sum + row[1], 0), counters.total, 'by state they are all cases')
  for (const query of ['by=x', 'from=2026', 'from=2026-13', 'from=2026-05&to=2026-01', 'format=xml', 'from=1990-01', 'nosuch=1']) await call('GET', `/stats?${query}`, { status: 400 })
  // Meta data as a file: what a dry run says is what the import does.
  const meta = (await call('GET', '/meta/export')).json
  const dry = async (body) => (await call('POST', '/meta/import?dry_run=1', { body, status: 200 })).json
  const same = await dry(meta)
  is([same.dry_run, same.made, same.changed, same.refused, same.rows.length], [true, 0, 0, 0, 0], 'its own export would change nothing')
  const file = { hikeshi_meta: 1, actors: [{ key: 'dry1', name: 'Dry' }, { key: 'dry2', name: '' }] }
  const told = await dry(file)
  is(told.rows.map((row) => [row.list, row.index, row.key, row.how, row.field ?? null, row.why ?? null]), [['actors', 0, 'dry1', 'made', null, null], ['actors', 1, 'dry2', 'refused', 'name', 'is empty']], 'row by row')
  await call('POST', '/meta/import', { body: file, status: 400 })
  ok(!(await call('GET', '/meta/export')).json.actors.some((row) => row.key === 'dry1'), 'all or nothing')
  file.actors.pop()
  const took = (await call('POST', '/meta/import', { body: file, status: 200 })).json
  is([took.dry_run, took.made, took.rows.length], [false, 1, 0], 'the import')
  is((await dry({ hikeshi_meta: 1, actors: [{ key: 'dry1', name: 'Dried' }] })).rows[0].change, { key: 'dry1', was: { name: 'Dry' }, is: { name: 'Dried' } }, 'a change: old and new')
  await call('POST', '/meta/import?dry_run=1', { body: '{"hikeshi_meta":', status: 400 })
  await call('POST', '/meta/import?dry_run=1', { as: 'taro', body: file, status: 403 })
  ok(!/defect/.test(h.log()), 'no defect in the log', h.log())
  await h.end()
}
main().catch((error) => ok(false, 'the test ran to its end', String(error.stack))).finally(done)
