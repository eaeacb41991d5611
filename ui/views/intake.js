/** views/intake: what becomes of each line of a paste or a file, as it happens; and the list of earlier ones. */
import { html, useEffect, useRef, useState } from '../lib/ui.js'
import { get, post } from '../lib/api.js'
import { t, tf } from '../lib/i18n.js'
import { number, total } from '../lib/format.js'
import { go, href } from '../lib/router.js'
import { attempt, can, done, draft, loadCounters } from '../lib/store.js'
import { useLive, useLoad, useTitle } from '../lib/hooks.js'
import { defangText } from '../lib/defang.js'
import { Empty, ErrorBox, Head, Icon, Skeleton } from '../parts/basics.js'
import { UrlText } from '../parts/host-name.js'
import { Time } from '../parts/status.js'

const HOWS = ['opened', 'attached', 'routed', 'refused']
const SHOWN = 500
/** Cases that fit into one query of the board. */
const IDS_MAX = 100

/** The lines of a paste, known before the server has got to them: each has its bar from the first moment. */
const pasted = new Map()
export function keepLines(id, text) {
  pasted.clear()
  pasted.set(String(id), text.split('\n').map((line, i) => ({ line: i + 1, text: line.trim() })).filter((row) => row.text && !row.text.startsWith('#')))
}

const Bar = ({ how }) => html`<div class=${`progress ${how === 'refused' ? 'bad' : how ? 'fine' : 'wait'}`} role="progressbar" aria-valuemin="0" aria-valuemax="1" aria-valuenow=${how ? 1 : 0} aria-label=${how ? tf('intake.how', how) : t('intake.waiting')}><span style=${{ width: how ? '100%' : '100%' }}></span></div>`

const Line = ({ row, dry }) => html`<li class="line"><span class="num">${row.line}</span><span>${row.url ? html`<${UrlText} url=${row.url} />` : html`<bdi class="url">${defangText(row.text)}</bdi>`}</span>
  <${Bar} how=${row.how} /><span class="line-what">${row.how ? html`${tf(dry ? 'intake.would' : 'intake.how', row.how)}${row.case_id ? html` <a class="num" href=${href(`/case/${row.case_id}`)}>${row.case_id}</a>` : ''}${row.why ? html`<br /><span class="dim">${tf('why', row.why)}</span>` : ''}` : html`<span class="dim">${t('intake.waiting')}</span>`}</span></li>`

/** How far an intake is. */
const Part = ({ intake }) => { const part = intake.lines ? Math.min(1, intake.line / intake.lines) : ['waiting', 'running'].includes(intake.state) ? 0 : 1
  return html`<div class=${`progress ${intake.state === 'done' ? 'fine' : intake.state === 'cancelled' ? 'wait' : ''}`} role="progressbar" aria-label=${t('intake.title', { id: intake.id })} aria-valuemin="0" aria-valuemax="100" aria-valuenow=${Math.round(part * 100)}><span style=${{ width: `${part * 100}%` }}></span></div>` }

function Earlier() {
  useTitle(t('intake.earlier'))
  const { data, error, reload } = useLoad((signal) => get('/intakes', { limit: 100 }, signal), [])
  useLive((event) => event.type === 'intake', reload, 500)
  return html`<div class="page"><${Head} title=${t('intake.earlier')} count=${total(data?.total)}><a class="button" href=${href('/bulk')}><${Icon} name="bulk" />${t('board.bulk')}</a><//>${error ? html`<${ErrorBox} error=${error} retry=${reload} />` : !data ? html`<${Skeleton} />` : data.items.length === 0 ? html`<${Empty} icon="bulk" title=${t('intake.none')}><a class="button" href=${href('/bulk')}>${t('board.bulk')}</a><//>`
    : html`<div class="table-box" tabindex="0" role="region" aria-label=${t('intake.earlier')}><table><thead><tr>${['column.id', 'column.state', 'intake.progress', 'intake.at', 'intake.by', 'intake.lines', ...HOWS.map((how) => `intake.how.${how}`)].map((key) => html`<th scope="col">${t(key)}</th>`)}</tr></thead>
      <tbody>${data.items.map((row) => html`<tr key=${row.id}><td><a class="num" href=${href(`/intake/${row.id}`)}>${row.id}</a></td><td class="short">${tf('intake.state', row.state)}${row.dry_run ? ` (${t('intake.dry')})` : ''}</td><td class="bar-cell"><${Part} intake=${row} /></td><td><${Time} at=${row.at} /></td><td>${row.by}</td><td class="num">${number(row.lines)}</td>${HOWS.map((how) => html`<td class="num">${number(row[how])}</td>`)}</tr>`)}</tbody></table></div>`}</div>`
}

function One({ id }) {
  const { data: intake, error, reload, set } = useLoad((signal) => get(`/intakes/${id}`, {}, signal), [id])
  const [rows, setRows] = useState([])
  const [only, setOnly] = useState('')
  const cursor = useRef(null)
  const last = useRef(0)
  const busy = useRef(false)
  const latest = useRef(null)
  latest.current = intake
  useTitle(t('intake.title', { id }))
  /** Takes the lines that are new since the last time. */
  const fetchLines = async () => {
    if (busy.current) return
    busy.current = true
    try {
      for (let page = 0; page < 20; page++) {
        const part = await get(`/intakes/${id}/lines`, { limit: 200, after: cursor.current })
        const fresh = part.items.filter((row) => row.line > last.current)
        if (fresh.length) { last.current = Math.max(...fresh.map((row) => row.line)); setRows((old) => [...old, ...fresh]) }
        if (!part.next) break
        cursor.current = part.next
      }
    } catch { /* the next event or tick tries again */ }
    busy.current = false
  }
  const running = intake && ['waiting', 'running'].includes(intake.state)
  useLive((event) => event.type === 'intake' && String(event.data.id) === String(id), (events) => { const at = events.at(-1).data; if (at && latest.current) set({ ...latest.current, ...at }); fetchLines(); if (at && !['waiting', 'running'].includes(at.state)) reload() }, 120)
  useEffect(() => { fetchLines(); if (!running && intake) { loadCounters(); return undefined } const timer = setInterval(() => { reload(); fetchLines() }, 1500); return () => clearInterval(timer) }, [running])
  if (error && !intake) return html`<${ErrorBox} error=${error} retry=${reload} />`
  if (!intake) return html`<${Skeleton} />`
  const known = new Map(rows.map((row) => [row.line, row]))
  const before = pasted.get(String(id)) || []
  const lines = (before.length ? before.map((row) => known.get(row.line) || row) : rows).filter((row) => !only || row.how === only)
  const part = intake.lines ? Math.min(1, intake.line / intake.lines) : running ? 0 : 1
  // What to do next: look at the cases, mend the lines that were refused.
  const ids = [...new Set(rows.map((row) => row.case_id).filter(Boolean))]
  const bad = rows.filter((row) => row.how === 'refused')
  const mend = () => { draft.text = bad.map((row) => row.text).join('\n'); go('/bulk') }
  const run = () => attempt(async () => { const next = await post(`/intakes/${id}/run`); draft.text = ''; go(`/intake/${next.id}`) })
  return html`<div class="page"><${Head} title=${t(intake.dry_run ? 'intake.title_dry' : 'intake.title', { id })} sub=${html`${tf('intake.state', intake.state)} · ${intake.by} · <${Time} at=${intake.at} />`}>
      ${running && can.write && html`<button type="button" class="button" onClick=${() => attempt(async () => { await post(`/intakes/${id}/cancel`); done(t('intake.cancelled')); reload() })}>${t('intake.cancel')}</button>`}
      ${!running && intake.dry_run && intake.state === 'done' && can.write && html`<button type="button" class="button primary" onClick=${run}><${Icon} name="check" />${t('intake.run', { n: number(intake.opened + intake.attached + intake.routed) })}</button>`}
      ${!running && !intake.dry_run && ids.length > 0 && ids.length <= IDS_MAX && html`<a class="button primary" href=${href('/cases', { q: `id:${ids.join(',')}` })}><${Icon} name="board" />${t('intake.show', { n: number(ids.length) })}</a>`}
      ${!running && bad.length > 0 && can.write && html`<button type="button" class="button" onClick=${mend}>${t('intake.mend', { n: number(bad.length) })}</button>`}
      <a class="button" href=${href('/bulk')}><${Icon} name="bulk" />${t('board.bulk')}</a><a class="button" href=${href('/cases')}>${t('nowhere.back')}</a><//>
    <section class="panel" aria-label=${t('intake.progress')}><div class="panel-body column"><div class=${`progress ${running ? '' : intake.state === 'done' ? 'fine' : 'wait'}`} role="progressbar" aria-label=${t('intake.progress')} aria-valuemin="0" aria-valuemax="100" aria-valuenow=${Math.round(part * 100)}><span style=${{ width: `${part * 100}%` }}></span></div>
      <div class="tallies" role="status"><span class="tally"><b class="num">${number(intake.line)}</b>/ ${number(intake.lines)} ${t('intake.lines')}</span>${HOWS.map((how) => html`<button type="button" aria-pressed=${only === how} class=${`tally ${how === 'refused' && intake.refused ? 'bad' : how === 'opened' && intake.opened ? 'fine' : ''}`} onClick=${() => setOnly(only === how ? '' : how)}><b class="num">${number(intake[how] || 0)}</b>${tf(intake.dry_run ? 'intake.would' : 'intake.how', how)}</button>`)}${intake.skipped > 0 && html`<span class="dim"><b class="num">${number(intake.skipped)}</b>${t('intake.skipped')}</span>`}</div></div></section>
    ${lines.length > 0 && html`<ol class="panel lines">${lines.slice(0, SHOWN).map((row) => html`<${Line} key=${row.line} row=${row} dry=${intake.dry_run} />`)}</ol>${lines.length > SHOWN && html`<p class="dim">${t('more', { n: lines.length - SHOWN })}</p>`}`}</div>`
}
export default ({ id }) => id ? html`<${One} id=${id} />` : html`<${Earlier} />`
