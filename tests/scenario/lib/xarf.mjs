// xarf.mjs: reads what tests/report_briefs prints and validates every report with the published schemas (tests/fixtures/xarf), by ajv with its formats.
// Prints one JSON line: how many of each version were valid, refused, and the first that were not. With --samples: only that the validators tell a good
// sample from a bad one.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const src = process.env.HK_SRC
const require = createRequire(join(src, 'ui/package.json'))
const load = name => JSON.parse(readFileSync(join(src, 'tests/fixtures/xarf', name), 'utf8'))
const addFormats = require('ajv-formats')

const ajv4 = new (require('ajv/dist/2020').default)({ strict: false, allErrors: true })
addFormats(ajv4)
for (const name of ['xarf-core', 'types/content-base']) ajv4.addSchema(load(`v4/${name}.json`))
const types = Object.fromEntries(['phishing', 'fraud', 'brand_infringement'].map(t => [t, ajv4.compile(load(`v4/types/content-${t}.json`))]))
const validate4 = report => {
  const validate = types[report.type]
  if (!validate) return `no such type: ${report.type}`
  return validate(report) ? null : ajv4.errorsText(validate.errors)
}

const ajv3 = new (require('ajv').default)({ strict: false, allErrors: true })
addFormats(ajv3)
ajv3.addSchema(load('v3/xarf_shared.schema.json'))
const v3 = ajv3.compile(load('v3/phishing.schema.json'))
const validate3 = report => v3(report) ? null : ajv3.errorsText(v3.errors)

if (process.argv[2] === '--samples') {
  const good = load('v4__phishing.json')
  const worse = change => { const copy = structuredClone(good); change(copy); return validate4(copy) !== null }
  console.log(JSON.stringify({
    good: validate4(good) === null && validate3(load('v3__phishing.json')) === null,
    bad: [worse(r => delete r.url), worse(r => { r.sender.extra = 1 }), worse(r => { r.url = 'not a url' }), worse(r => { r.tags = ['A B'] }),
      worse(r => { r.reporter.contact = 'x' }), validate3(load('v3__negative_no_class.json')) !== null]
  }))
  process.exit(0)
}

// What a schema does not say.
const plain = url => {
  const { href, origin } = new URL(url)
  const rest = href.slice(origin.length).replace(/%(?![0-9a-f]{2})/gi, '%25')
  return origin + rest.replace(/[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%]/g, c => '%' + c.charCodeAt(0).toString(16).toUpperCase())
}
const evidence = report => {
  for (const item of report.evidence ?? []) {
    const bytes = Buffer.from(item.payload, 'base64')
    if (bytes.length !== item.size) return 'the size of an item'
    if (item.hash !== 'sha256:' + createHash('sha256').update(bytes).digest('hex')) return 'the hash of an item'
  }
  return null
}
const more4 = (report, most, url) => {
  if ('_internal' in report) return '_internal'
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(report.report_id)) return 'report_id'
  if (report.url.replace(/#.*/, '') !== plain(url)) return `the URL: ${report.url} for ${plain(url)}`
  return evidence(report)
}

const told = { valid: { 3: 0, 4: 0 }, refused: {}, wrong: [], items: 0, types: {} }
for await (const line of createInterface({ input: process.stdin })) {
  const [version, most, url, json] = line.split('\t')
  if (most === '!') {
    told.refused[url] = (told.refused[url] ?? 0) + 1
    continue
  }
  let wrong
  try {
    const report = JSON.parse(json)
    wrong = version === '4' ? validate4(report) ?? more4(report, most, url) : validate3(report)
    if (Buffer.byteLength(json) > Number(most)) wrong ??= 'too large'
    told.items += report.evidence?.length ?? 0
    told.types[report.type ?? 'v3'] = (told.types[report.type ?? 'v3'] ?? 0) + 1
  } catch (error) {
    wrong = String(error)
  }
  if (wrong) told.wrong.push(`v${version} ${url}: ${wrong}: ${json.slice(0, 1500)}`)
  else told.valid[version]++
}
told.count = told.wrong.length
told.wrong = told.wrong.slice(0, 3)
console.log(JSON.stringify(told))
