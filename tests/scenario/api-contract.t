#!/usr/bin/env node
// The API against its description: docs/openapi.yaml is what tools/gen-openapi makes of routes.def (both ways); every route answers
// nobody with 401, wrong input with a problem below 500, and what it answers to reads is what is described.
'use strict'
const { execFileSync } = require('node:child_process')
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { ok, is, house, done, doc, SRC } = require('./lib/api.cjs')

const ALL = ['viewer', 'analyst', 'approver', 'connector_admin', 'sharing_officer', 'auditor', 'system_admin']
/** Routes that take no token (sessions of people), or never end. */
const notByToken = (op) => op['x-scope'] === 'none'
const fill = (path, id) => path.replaceAll(/\{(label|key)\}/g, 'nosuch').replaceAll(/\{\w+\}/g, String(id))

async function main() {
  let out = ''
  try { out = execFileSync(join(SRC, 'tools/gen-openapi'), { encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'inherit'] }) } catch { /* told below */ }
  ok(out.length > 0, 'every route has a row in tools/gen-openapi, and every row a route')
  ok(readFileSync(join(SRC, 'docs/openapi.yaml'), 'utf8') === out, 'docs/openapi.yaml is what tools/gen-openapi makes (tools/update-docs)')
  const ids = Object.values(doc.paths).flatMap((methods) => Object.values(methods).map((op) => op.operationId + JSON.stringify(op.summary)))
  is(new Set(ids).size, ids.length, 'no operation twice')

  const h = await house({ all: ALL, keeper: ['connector_admin'] })
  const made = (await h.call('POST', '/cases', { body: { url: 'https://evil.example/x', note: 'y' } })).json.case
  await h.call('POST', `/cases/${made.id}/tasks`, { body: { title: 'z' } })
  await h.call('POST', '/intakes', { body: { kind: 'lines', body: 'https://evil2.example/\nhxxp://evil3[.]example/a\n', dry_run: true } })
  await h.call('POST', '/campaigns', { body: { name: 'c' } })
  await h.call('POST', '/views', { body: { name: 'v', query: 'status:new', sort: '-id', columns: [], shared: true } })

  const served = await h.call('GET', '/openapi.yaml', { as: null, status: 200 })
  is(served.text, out, 'the description is served')
  const broken = []
  for (const [path, methods] of Object.entries(doc.paths)) {
    for (const [lower, op] of Object.entries(methods)) {
      const method = lower.toUpperCase()
      if (path === '/events' || path.startsWith('/oidc')) continue
      const body = op.requestBody ? {} : undefined
      if (!op['x-roles'].includes('public')) await h.call(method, fill(path, 1), { as: null, body, status: 401 })
      if (notByToken(op)) continue
      // Reads: what is described.
      if (method === 'GET' && !path.includes('{')) await h.call('GET', path, { status: 200 })
      if (method === 'GET') await h.call('GET', fill(path, 1))
      // Wrong input: a problem, never a defect.
      const tries = [h.call(method, fill(path, 999999), { body, version: '*' })]
      if (method === 'GET') tries.push(h.call('GET', `${fill(path, 1)}?limit=nonsense`), h.call('GET', `${fill(path, 1)}?after=%00`))
      if (op.requestBody?.content['application/json']) {
        for (const wrong of ['{', '[]', '"x"', '{"nosuch":1}', '{"act":1,"name":[],"text":{},"url":5,"title":true,"select":"x","body":7}']) tries.push(h.call(method, fill(path, 1), { body: wrong, version: '*' }))
      }
      for (const answer of await Promise.all(tries)) if (answer.status >= 500) broken.push(`${method} ${path}: ${answer.text.slice(0, 300)}`)
    }
  }
  is(broken, [], 'no input breaks it')
  // A role that may not.
  for (const path of ['/cases', '/cases/1', '/counters', '/sightings', '/campaigns', '/intakes', '/audit', '/users']) {
    if (doc.paths[path.replace('/1', '/{id}')]) await h.call('GET', path, { as: 'keeper', status: 403 })
  }
  ok(!/defect/.test(h.log()), 'no defect in the log', h.log())
  await h.end()
}
main().catch((error) => ok(false, 'the test ran to its end', String(error.stack))).finally(done)
