/** views/meta-import: a file of meta data (JSON): first what it would make, change and refuse, line by line; then, if all is well, taken in. */
import { html, useEffect, useRef, useState } from '../lib/ui.js'
import { call } from '../lib/api.js'
import { t, tf } from '../lib/i18n.js'
import { bytes, number } from '../lib/format.js'
import { href } from '../lib/router.js'
import { attempt, can, done, forget, lists } from '../lib/store.js'
import { useTitle } from '../lib/hooks.js'
import { defangText, visible } from '../lib/defang.js'
import { ErrorBox, Head, Icon, Refused, Skeleton } from '../parts/basics.js'

/** What the file calls its lists: the word for it, and its page. */
const LISTS = { targets: ['nav.targets', '/meta/targets'], actors: ['nav.actors', '/meta/actors'], contacts: ['nav.abuse', '/meta/contacts'], task_templates: ['nav.tasks', '/meta/task-templates'], statuses: ['nav.statuses', '/meta/statuses'] }
/** [member of the answer, look of its mark]. */
const HOWS = [['made', 'fine'], ['changed', 'note'], ['refused', 'bad']]
const MAX = 16 << 20
const SHOWN = 500

function show(field, value) {
  if (value === null || value === undefined || value === '' || (Array.isArray(value) && !value.length)) return t('meta.import.nothing')
  if (typeof value === 'boolean') return t(field === 'own' ? (value ? 'meta.own' : 'meta.others') : value ? 'yes' : 'no')
  if (Array.isArray(value)) return defangText(value.map((one) => typeof one === 'object' ? one.title || one.name || JSON.stringify(one) : field === 'kinds' ? tf('kind', one) : String(one)).join(field === 'steps' ? ' → ' : ', ')).slice(0, 400)
  if (field === 'state') return tf('meta.state', value)
  return defangText(String(value)).slice(0, 400)
}

/** What a field may hold, in words that say how to mend it; the server's own words stand behind. */
function Refusal({ row }) {
  const rule = tf('meta.rule', row.field)
  return html`<b>${tf('meta.column', row.field ?? 'key')}</b> ${rule === row.field || !row.field ? t('meta.rule.other') : rule} <span class="dim">(${defangText(row.why)})</span>`
}
const Made = ({ is }) => html`${Object.entries(is).filter(([field, value]) => !['key', 'name', 'state'].includes(field) && (Array.isArray(value) ? value.length : value)).map(([field, value], i) => html`${i > 0 && ' · '}<span class="dim">${tf('meta.column', field)}</span> ${show(field, value)}`)}`
const Changed = ({ change }) => html`<ul>${Object.keys(change.is).map((field) => html`<li><span class="dim">${tf('meta.column', field)}</span> <del>${show(field, change.was[field])}</del> → <ins>${show(field, change.is[field])}</ins></li>`)}</ul>`

const Row = ({ row }) => html`<tr><td><span class=${`how how-${row.how}`}><span class="mark" aria-hidden="true"></span>${tf('meta.how', row.how)}</span></td><td class="short">${t(LISTS[row.list]?.[0] || row.list)} <span class="dim num">${row.index + 1}</span></td>
  <td><code>${defangText(row.key ?? '–').slice(0, 80)}</code></td><td>${defangText(row.name ?? '–').slice(0, 200)}</td><td class="wide-cell">${row.how === 'refused' ? html`<${Refusal} row=${row} />` : row.how === 'changed' ? html`<${Changed} change=${row.change} />` : html`<${Made} is=${row.is} />`}</td></tr>`

/** The file that takes an import back: old values of what was changed; what was made is retired, since nothing of the meta data is ever lost. */
function reverse(rows) {
  const file = { hikeshi_meta: 1 }
  for (const row of rows) {
    const back = row.how === 'changed' ? { key: row.change.key, ...row.change.was } : 'state' in (row.is || {}) ? { key: row.is.key, state: 'retired' } : null
    if (back) (file[row.list] ||= []).push(back)
  }
  return new File([JSON.stringify(file)], t('meta.import.back_file'), { type: 'application/json' })
}

export default function MetaImport() {
  useTitle(t('meta.import.title'))
  const [file, setFile] = useState(null)
  const [plan, setPlan] = useState(null)
  const [error, setError] = useState(null)
  const [busy, setBusy] = useState(false)
  const [made, setMade] = useState(null) // what was taken in
  const [only, setOnly] = useState('')
  const [over, setOver] = useState(false)
  const heading = useRef(null)
  useEffect(() => { if (plan || made) heading.current?.focus() }, [plan, made])
  if (!can.metaWrite) return html`<${Refused} icon="import" title=${t('meta.import.title')} />`
  const send = (body, dry) => call('POST', '/meta/import', { query: { dry_run: dry ? 1 : null }, raw: body, type: 'application/json' })
  const take = async (chosen) => {
    if (!chosen || busy) return
    for (const set of [setPlan, setError, setMade]) set(null)
    setOnly('')
    setFile(chosen)
    if (chosen.size > MAX) return
    setBusy(true)
    try { setPlan(await send(chosen, true)) } catch (caught) { setError(caught) }
    setBusy(false)
  }
  const run = () => attempt(async () => {
    if (busy || !ready) return
    setBusy(true)
    try {
      const answer = await send(file, false)
      for (const name of Object.keys(lists)) forget(name)
      setMade({ ...answer, rows: plan.left_out ? null : plan.rows })
      setPlan(null)
      setFile(null)
      done(t('meta.imported', { n: number(answer.made + answer.changed) }))
    } finally { setBusy(false) }
  })
  const ready = plan && !plan.refused && plan.made + plan.changed > 0
  const rows = (plan?.rows || []).filter((row) => !only || row.how === only)
  return html`<div class="page"><${Head} title=${t('meta.import.title')} sub=${t('meta.import.sub')}><a class="button" href=${href('/meta/targets')}>${t('meta.import.leave')}</a><//>
    <div class=${`drop low ${over ? 'over' : ''}`} onDragOver=${(event) => { event.preventDefault(); setOver(true) }} onDragLeave=${() => setOver(false)} onDrop=${(event) => { event.preventDefault(); setOver(false); take(event.dataTransfer.files[0]) }}>
      <p>${file ? html`<b>${visible(file.name)}</b> <span class="num">${bytes(file.size)}</span>` : t('import.drop')}</p>
      <label class="button"><${Icon} name="import" />${t(file ? 'import.other' : 'import.choose')}<input class="sr" id="meta-file" type="file" accept=".json,application/json" onChange=${(event) => { take(event.target.files[0]); event.target.value = '' }} /></label></div>
    ${file?.size > MAX && html`<p class="errorbox" role="alert">${t('import.too_big', { n: bytes(MAX) })}</p>`}
    ${error && html`<${ErrorBox} error=${error}><p>${t('meta.import.bad.do')}</p><//>`}
    ${busy && !plan && html`<${Skeleton} rows=${5} label=${t('meta.import.reading')} />`}
    ${made && html`<section class="panel" aria-label=${t('meta.import.did')}><header><h2 tabindex="-1" ref=${heading}>${t('meta.import.did')}</h2></header><div class="panel-body column"><p role="status">${t('meta.import.counts', { made: number(made.made), changed: number(made.changed), same: number(made.same) })}</p>
      <div class="verdict-acts">${made.rows && html`<button type="button" class="button" onClick=${() => take(reverse(made.rows))}>${t('meta.import.back')}</button>`}${Object.values(LISTS).map(([key, path]) => html`<a class="button" href=${href(path)}>${t(key)}</a>`)}</div></div></section>`}
    ${plan && html`<section class="panel" aria-label=${t('meta.import.preview')}><header><h2 tabindex="-1" ref=${heading}>${t('meta.import.preview')}</h2></header><div class="panel-body column">
        <div class="tallies">${HOWS.map(([how, look]) => html`<button type="button" class=${`tally ${plan[how] ? look : ''}`} aria-pressed=${only === how} onClick=${() => setOnly(only === how ? '' : how)}><b class="num">${number(plan[how])}</b>${tf('meta.how', how)}</button>`)}<span class="tally"><b class="num">${number(plan.same)}</b>${t('meta.how.same')}</span></div>
        <div class="verdict-acts"><button type="button" class="button primary" aria-disabled=${!ready || busy} onClick=${run}><${Icon} name="check" />${t('meta.import.run', { n: number(plan.made + plan.changed) })}</button>
          <span role="status" class=${plan.refused ? 'bad-text' : 'dim'}>${plan.refused ? t('meta.import.refused', { n: number(plan.refused) }) : ready ? t('meta.import.ready') : t('meta.import.same')}</span></div></div></section>
      ${rows.length > 0 && html`<div class="table-box" tabindex="0" role="region" aria-label=${t('meta.import.rows')}><table class="plan"><thead><tr>${['how', 'list', 'key', 'name', 'what'].map((name) => html`<th scope="col">${t(`meta.import.column.${name}`)}</th>`)}</tr></thead><tbody>${rows.slice(0, SHOWN).map((row) => html`<${Row} key=${`${row.list} ${row.index}`} row=${row} />`)}</tbody></table></div>`}
      ${(rows.length > SHOWN || plan.left_out > 0) && html`<p class="dim">${t('meta.import.more', { n: number(Math.max(0, rows.length - SHOWN) + plan.left_out) })}</p>`}`}</div>`
}
