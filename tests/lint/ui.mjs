// tests/lint/ui: rules of the board's source that no compiler knows. Prints TAP.
import { readFileSync, readdirSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

const src = process.env.HK_SRC
const ui = join(src, 'ui')
const read = (path) => readFileSync(join(src, path), 'utf8')
const files = ['.', 'lib', 'parts', 'views'].flatMap((folder) => readdirSync(join(ui, folder)).filter((name) => name.endsWith('.js')).map((name) => join(folder, name)))
const text = new Map(files.map((name) => [name, readFileSync(join(ui, name), 'utf8')]))

let n = 0
const is = (bad, name) => {
  console.log(`${bad.length ? 'not ok' : 'ok'} ${++n} - ${name}`)
  for (const line of bad.slice(0, 20)) console.log(`#   ${line}`)
}
const same = (ours, theirs) => [...ours.filter((one) => !theirs.includes(one)).map((one) => `only in the board: ${one}`), ...theirs.filter((one) => !ours.includes(one)).map((one) => `not in the board: ${one}`)]

// Words ------------------------------------------------------------------------------------------------------------------
const [en, ja] = ['en', 'ja'].map((name) => JSON.parse(read(`ui/i18n/${name}.json`)))
is(same(Object.keys(en), Object.keys(ja)), 'English and Japanese have the same keys')
is([...Object.entries(en), ...Object.entries(ja)].filter(([, words]) => typeof words !== 'string' || !words.trim()).map(([key]) => key), 'no text is empty')
is(Object.keys(en).filter((key) => String(en[key].match(/\{\w+\}/g)?.sort()) !== String(ja[key]?.match(/\{\w+\}/g)?.sort())), 'both have the same places to fill')

const all = [...text.values()].join('\n')
const families = new Set([...all.matchAll(/\btf\((?:[^'()]*\?\s*)?'([\w.]+)'(?:\s*:\s*'([\w.]+)')?/g)].flatMap(([, a, b]) => [a, b]).filter(Boolean))
const starts = [...all.matchAll(/\bt\(`([\w.]+\.)\$\{[^}]*\}([\w.]*)/g)].map(([, before]) => before)
const literal = new Set([...all.matchAll(/['"`]([a-z][\w-]*(?:\.[\w-]+)*)['"`]/g)].map(([, word]) => word))
const used = (key) => literal.has(key) || (key.endsWith('.one') && literal.has(key.slice(0, -4))) || [...families].some((family) => key.startsWith(`${family}.`)) || starts.some((start) => key.startsWith(start))
is(Object.keys(en).filter((key) => !used(key)), 'no text is unused')
is([...all.matchAll(/\bt\('([^']+)'/g)].map(([, key]) => key).filter((key) => !(key in en)), 'every text that is asked for is there')
is([...families].filter((family) => !Object.keys(en).some((key) => key.startsWith(`${family}.`))), 'every family of texts is there')

// Words that others define ------------------------------------------------------------------------------------------------
const rows = (path, pattern) => [...read(path).matchAll(pattern)].map(([, word]) => word)
const names = await import(join(ui, 'lib/names.js'))
is(same(names.STATES, rows('src/flow/states.def', /^STATE\(CASE, \w+, "(\w+)"/gm)), 'states are those of states.def')
is(same(names.ACTS, [...new Set(rows('src/flow/states.def', /^MOVE\(CASE, \w+, "(\w+)"/gm))]), 'acts are those of states.def')
is(same(names.REPORT_STATES, rows('src/flow/states.def', /^STATE\(REPORT, \w+, "(\w+)"/gm)), 'states of reports are those of states.def')
is(same(Object.entries(names.STOPS).map(String), [...read('src/flow/stops.def').matchAll(/^STOP\(\w+, "(\w+)", (\w+),/gm)].map(([, stop, how]) => `${stop},${how.toLowerCase()}`)), 'what holds a report up is that of stops.def')
is(rows('src/flow/states.def', /^MOVE\(REPORT, \w+, "(\w+)"/gm).filter((act) => !['queue', 'doubt'].includes(act) && !(`report.act.${act}` in en)), 'every act on a report has its words')
is(same(names.PLANS, [...(/hk_plans\[\] = \{([^}]*)NULL/.exec(read('src/flow/evidence.c'))?.[1] || '').matchAll(/"(\w+)"/g)].map(([, word]) => word)), 'plans of capture are those of flow/evidence')
is(same(Object.entries(names.PIVOTS).map(String), [...read('src/flow/factkinds.def').matchAll(/^FACT\("([\w.]+)", "(\w+)"/gm)].map(([, kind, pivot]) => `${kind},${pivot}`)), 'facts that cases share are those of factkinds.def')
is(same(names.KINDS, rows('src/flow/casekinds.def', /^KIND\(\w+, "(\w+)"/gm)), 'kinds are those of casekinds.def')
is(same(names.CSV_ALL, rows('src/store/export.c', /^\tX\("(\w+)"/gm)), 'columns of the CSV are those of export.c')
is(same(names.ROLES, rows('src/web/roles.def', /^ROLE\(\w+, "(\w+)"/gm)), 'roles are those of roles.def')
is(same(names.SCOPES, rows('src/web/roles.def', /^SCOPE\(\w+, "(\w+)"/gm)), 'scopes are those of roles.def')
const { WHERE, SUBJECT } = await import(join(ui, 'lib/troubles.js'))
const troubles = [...read('src/flow/troubles.def').matchAll(/^TROUBLE\(\w+, "(\w+)", "([^"]*)", "[^"]*", \w+, "([^"]*)"/gm)]
const duty = read('docs/board/system.md')
is([troubles.length > 9 ? [] : ['troubles.def was not read'], ...troubles.filter(([, , what, act]) => !duty.includes(`| ${what} |`) || !duty.includes(`| ${act} |`)).map(([, word]) => word), ...[...Object.keys(WHERE), ...Object.keys(SUBJECT)].filter((word) => !troubles.some(([, one]) => one === word))].flat(), 'docs/board/system.md says what troubles.def says, and every link of a trouble has its row')
const named = [['trouble', /^TROUBLE\(\w+, "(\w+)", "([^"]*)", "([^"]*)"/gm, 'src/flow/troubles.def'], ['trouble.do', /^TROUBLE\(\w+, "(\w+)", "[^"]*", "[^"]*", \w+, "([^"]*)", "([^"]*)"/gm, 'src/flow/troubles.def'], ['run.state', /^STATE\(RUN, \w+, "(\w+)", "([^"]*)", "([^"]*)"/gm, 'src/flow/states.def'], ['report.state', /^STATE\(REPORT, \w+, "(\w+)", "([^"]*)", "([^"]*)"/gm, 'src/flow/states.def'], ['template.to', /^TKIND\("(\w+)", "([^"]*)", "([^"]*)"\)/gm, 'src/report/templatekinds.def'], ['stop', /^STOP\(\w+, "(\w+)", \w+, "([^"]*)", "([^"]*)"/gm, 'src/flow/stops.def'], ['fact', /^FACT\("([\w.]+)", "\w*", "([^"]*)", "([^"]*)"/gm, 'src/flow/factkinds.def'], ['state', /^STATE\(CASE, \w+, "(\w+)", "([^"]*)", "([^"]*)"/gm, 'src/flow/states.def'], ['sighting.state', /^STATE\(SIGHTING, \w+, "(\w+)", "([^"]*)", "([^"]*)"/gm, 'src/flow/states.def'], ['did', /^ACT\("([\w.]+)", "\w+", "([^"]*)", "([^"]*)"/gm, 'src/flow/acts.def'], ['why', /^WHY\("([\w-]+)", "\w+", "([^"]*)", "([^"]*)"/gm, 'src/casework/why.def'], ['kind', /^KIND\(\w+, "(\w+)", "([^"]*)", "([^"]*)"/gm, 'src/flow/casekinds.def']]
is(named.flatMap(([family, pattern, path]) => [...read(path).matchAll(pattern)].filter(([, word, e, j]) => en[`${family}.${word}`] !== e || ja[`${family}.${word}`] !== j).map(([, word]) => `${family}.${word}`)), 'states, kinds, acts, facts and reasons are called as in the tables')

// Reasons: every sentence that the core can make has a shape here. The pieces of model_explain.c must all stand in the shapes; of brand.def
// each row is said as scorer_brand.c says it.
const { SHAPES } = await import(join(ui, 'lib/reasons.js'))
const shapes = SHAPES.map(([shape]) => shape.source.replace(/\(\?:|\)\?|\\/g, '')).join('\n')
is(rows('src/match/model_explain.c', /put_str\(l,(?: p->\w+ \?)? "([^"]{3,})"/g).concat(rows('src/match/model_explain.c', /: "([^"]{3,})"\);/g)).map((piece) => piece.replace(/\.$/, '').trim()).filter((piece) => /[a-z]{2}/.test(piece) && !shapes.includes(piece)), 'what the model says is known to lib/reasons')
// Of pages every row of the tables is said as page_judge.c says it.
const filled = (said, code) => said.replace('%s', /^(?:asks|kit)/.test(code) || /(?:brands|links|text|status|score|hops)$/.test(code) ? (/^asks-as/.test(code) ? 'Mihon' : /^asks/.test(code) ? 'PIN1_4 OTP' : '12') : 'Mihon')
const paged = [['src/score/pageweights.def', /^PAGEWEIGHT\(\w+, "([\w-]+)", [-\d.]+, "(.*)"\)$/gm], ['src/score/pagekinds.def', /^PAGEKIND\(\w+, "([\w-]+)", "(.+)"\)$/gm]].flatMap(([path, pattern]) => [...read(path).matchAll(pattern)].map(([, code, said]) => [code, filled(said, code)]))
is([paged.length >= 50 ? [] : ['the tables of pages were not read'], ...paged.filter(([code, said]) => String(SHAPES.filter(([shape]) => shape.test(said)).map(([, key]) => key)) !== `reason.page.${code}`)].flat().map(String), 'what is said of pages is known to lib/reasons, and fits one shape')
const brands = [...read('src/match/brand.def').matchAll(/^BRAND\((\w+),.*"([^"]+)"\)$/gm)].map(([, name, said]) => name === 'OFFICIAL' ? `${said}: 'mihon.example'` : /^(?:EXACT|WORD)$/.test(name) ? `${said} 'mihon'` : /^EDIT/.test(name) ? `label ${said} 'mihon': 'mihom'` : `${said} 'mihon': 'm1hon'`)
const others = ["'xn--mhn.example' when decoded label contains 'mihon'", "mihon.example is an official name of 'Mihon': it never alarms", "mihon.example is allow-listed for 'Mihon': it never alarms", "'a.example' matches line 3 of the watch list: ^a", '100 names under duckdns.example in one certificate', 'and 3 reasons more', 'hosting suffix .example seen in 11.0 % of confirmed and 0.0 % of benign names', "letters of 'a' as in confirmed names under .example", 'SMS wave: the command channel of keepspy ordered it (port 7775)', 'the message names mihon-bank']
is([brands.length >= 8 ? [] : ['brand.def was not read'], ...[...brands, ...others].filter((one) => SHAPES.filter(([shape]) => shape.test(one)).length !== 1)].flat(), 'what is said of brands is known to lib/reasons, and fits one shape')
is(SHAPES.map(([, key]) => key).filter((key) => !(key in en)), 'every shape has its words')

// What a page must not do -------------------------------------------------------------------------------------------------
const banned = [
  [/\b(?:innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|createContextualFragment|DOMParser)\b/, 'makes markup of text'],
  [/\beval\(|new Function\b|\bsetTimeout\(['"`]/, 'makes code of text'], [/\sstyle="/, 'a style attribute; take a class or an object'], [/\son[a-z]+="/, 'a handler in an attribute'],
  [/href=(?:"(?!#)|\$\{(?!href\(|url\(|`\$\{BASE\}))/, 'a link not made by href(), url() or BASE'], [/\btarget="?_blank/, 'a new window'], [/https?:\/\/(?![\w.-]+\.(?:example|test)|www\.w3\.org)/, 'an address outside'],
]
is([...text].flatMap(([name, code]) => code.split('\n').flatMap((line, i) => /^\s*(?:\*|\/\/|\/\*)/.test(line) || /nocheck: \S+ \S+/.test(line) ? [] : banned.filter(([pattern]) => pattern.test(line)).map(([, why]) => `ui/${name}:${i + 1}: ${why}`))), 'no markup or code of text, no inline styles, no foreign links')
is([...text].filter(([name, code]) => name !== 'lib/ui.js' && name !== 'parts/chart.js' && /vendor\//.test(code)).map(([name]) => name), 'only lib/ui.js and the chart know vendor/')
is([...text].filter(([name, code]) => name !== 'lib/api.js' && name !== 'lib/i18n.js' && /\bfetch\(/.test(code)).map(([name]) => name), 'only lib/api.js fetches')
is([...text].filter(([, code]) => !/^\/\*\*/.test(code)).map(([name]) => name), 'every module begins by saying what it is')

let sizes = ''
try { sizes = execFileSync(join(src, 'tools/embed.mjs'), ['--sizes', ui], { encoding: 'utf8' }) } catch (error) { sizes = error.message }
const [, first] = /(\d+) bytes gzip, +\d+ modules +first load/.exec(sizes) || []
is(first && Number(first) <= 60 * 1024 ? [] : [sizes], `a first visit loads at most 60 kB of script (${first})`)
console.log(`1..${n}`)
