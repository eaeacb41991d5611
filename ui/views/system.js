/** views/system: are all of us alive: what is wrong, roles, queue, dead letters, sources, logs, disk, the end of the audit chain. */
import { html, useEffect, useState } from '../lib/ui.js'
import { get, post } from '../lib/api.js'
import { attempt, can, done, graveTroubles } from '../lib/store.js'
import { defangText } from '../lib/defang.js'
import { href } from '../lib/router.js'
import { SUBJECT, WHERE } from '../lib/troubles.js'
import { bytes, number } from '../lib/format.js'
import { t, tf } from '../lib/i18n.js'
import { useLive, useLoad, useTitle } from '../lib/hooks.js'
import { ErrorBox, Head, Icon, Refused, Skeleton, copy } from '../parts/basics.js'
import { Ago, Time, sourceName } from '../parts/status.js'

/** A process that was not seen for this long is shown as late. */
const LATE_MS = 30000
const AGAIN_MS = 10000

const Panel = ({ title, acts, children }) => html`<section class="panel" aria-label=${title}><header class="panel-head"><h2>${title}</h2><div class="panel-acts">${acts}</div></header>${children}</section>`
const Mark = ({ good, children }) => html`<span class=${`health ${good ? 'health-good' : 'health-bad'}`}><span class="mark" aria-hidden="true"></span>${children}</span>`
const Table = ({ label, head, children }) => html`<div class="table-scroll" tabindex="0" role="group" aria-label=${label}><table class="table"><thead><tr>${head.map((text) => text ? html`<th scope="col">${text}</th>` : html`<td></td>`)}</tr></thead><tbody>${children}</tbody></table></div>`

/** What is wrong now, one row each. The server puts the gravest first and has made the texts of others harmless; here they are so once more. */
function Trouble({ trouble: { kind, severity, subject, count, since, error } }) {
  const what = !subject ? '' : SUBJECT[kind] ? html` · ${tf(SUBJECT[kind], subject)}` : html` · <span class="mono">${defangText(subject)}</span>`
  const many = !subject && count > 1
  const counted = many ? t('troubles.many', { n: number(count) }) : t(`troubles.count.${kind}`, { n: count === 1 ? 1 : number(count) })
  const [before, after] = t('troubles.since').split('{at}')
  const facts = [counted !== `troubles.count.${kind}` && html`<span class="num">${counted}</span>`, since && html`<span>${before}<${Time} at=${since} />${after} (<${Ago} at=${since} />)</span>`].filter(Boolean)
  return html`<li class=${`trouble trouble-${severity}`}>
    <span class="trouble-how"><span class="mark" aria-hidden="true"></span>${tf('troubles', severity)}</span>
    <div class="trouble-what"><p><strong>${tf('trouble', kind)}</strong>${what}</p>
      ${facts.length > 0 && html`<p class="dim small">${facts.map((fact, i) => html`${i > 0 && ' · '}${fact}`)}</p>`}
      ${error && html`<p class="trouble-error">${defangText(error)}</p>`}
      <p class="trouble-do">${tf('trouble.do', kind)}${WHERE[kind] && html` <a href=${href(WHERE[kind])}>${t('troubles.open', { page: t(`nav.${WHERE[kind].slice(1)}`) })}</a>`}</p></div></li>`
}
function Troubles({ troubles }) {
  return html`<${Panel} title=${t('troubles.title')}>${troubles.length === 0 ? html`<p class="trouble-none"><${Mark} good>${t('troubles.none')}<//></p>`
    : html`<ul class="troubles">${troubles.map((one) => html`<${Trouble} key=${`${one.kind} ${one.subject}`} trouble=${one} />`)}</ul>`}<//>`
}

function Roles({ roles }) {
  const late = (role) => Date.now() - new Date(role.seen) > LATE_MS
  return html`<${Panel} title=${t('system.roles')}>${roles.length === 0 ? html`<p class="dim">${t('system.no_roles')}</p>` : html`<${Table} label=${t('system.roles')}
    head=${['', t('system.role'), t('system.process'), t('system.started'), t('system.seen'), t('system.memory')]}>${roles.map((role) => html`<tr key=${role.name}>
      <td><${Mark} good=${!late(role)}>${late(role) ? t('system.late') : t('system.alive')}<//></td><th scope="row">${tf('system.role', role.role)}</th><td class="mono">${role.name}</td>
      <td><${Time} at=${role.started} /></td><td><${Ago} at=${role.seen} /></td><td class="num">${bytes(role.data?.rss)}</td></tr>`)}<//>`}<//>`
}

function Dead({ count, again }) {
  const { data, error, reload } = useLoad((signal) => get('/jobs', { state: 'dead', limit: 50 }, signal), [count])
  const retry = (path, say) => attempt(async () => { await post(path); done(say); reload(); again() })
  const items = data?.items || []
  return html`<${Panel} title=${t('system.dead')} acts=${can.systemWrite && items.length > 0 && html`<button type="button" class="button small" onClick=${() => retry('/jobs/retry-all', t('system.retried_all'))}><${Icon} name="reload" />${t('system.retry_all')}</button>`}>
    ${error ? html`<${ErrorBox} error=${error} retry=${reload} />` : !data ? html`<${Skeleton} rows=${2} />` : items.length === 0 ? html`<p class="dim">${t('system.no_dead')}</p>`
      : html`<${Table} label=${t('system.dead')} head=${[t('system.job'), t('system.stage'), t('system.attempts'), t('system.error'), t('system.made'), '']}>${items.map((job) => html`<tr key=${job.id}>
        <th scope="row" class="num">${job.id}</th><td>${tf('system.stage', job.stage)}</td><td class="num">${job.attempts}</td><td class="wrap">${job.error}</td><td><${Time} at=${job.made} /></td>
        <td>${can.systemWrite && html`<button type="button" class="button small" onClick=${() => retry(`/jobs/${job.id}/retry`, t('system.retried', { id: job.id }))}>${t('system.retry')}</button>`}</td></tr>`)}<//>`}<//>`
}

function Jobs({ jobs }) {
  const stages = Object.entries(jobs.by_stage || {})
  return html`<${Panel} title=${t('system.jobs')}><dl class="facts">${['ready', 'leased', 'dead'].map((state) => html`<div><dt>${tf('system.jobs', state)}</dt><dd class="num">${number(jobs[state] ?? 0)}</dd></div>`)}</dl>
    ${stages.length > 0 && html`<${Table} label=${t('system.stages')} head=${[t('system.stage'), t('system.waiting')]}>${stages.map(([stage, n]) => html`<tr key=${stage}><th scope="row">${tf('system.stage', stage)}</th>
      <td class="num">${typeof n === 'number' ? number(n) : Object.entries(n).map(([state, count]) => `${tf('system.jobs', state)} ${number(count)}`).join(' · ')}</td></tr>`)}<//>`}<//>`
}

/** Light looks at names that are no case: the last 24 hours. */
function Looks({ looks }) {
  return html`<${Panel} title=${t('system.looks')}><dl class="facts">${['waiting', 'taken', 'looked', 'cases'].map((what) => html`<div key=${what}><dt>${tf('system.looks', what)}</dt><dd class="num">${number(looks[what] ?? 0)}</dd></div>`)}</dl><//>`
}

function Sources({ sources }) {
  return html`<${Panel} title=${t('system.sources')}>${sources.length === 0 ? html`<p class="dim">${t('system.no_sources')}</p>` : html`<${Table} label=${t('system.sources')} head=${['', t('system.source'), t('system.kind'), t('system.last_ok'), t('system.error')]}>${sources.map((source) => {
    const health = source.health || {}
    const bad = health.last_error && !(health.last_ok_ms > (health.last_error_ms || 0))
    return html`<tr key=${source.key}><td><${Mark} good=${!bad}>${bad ? t('system.failing') : t('system.good')}<//></td><th scope="row">${sourceName(source)}</th><td>${tf('source', source.kind)}</td>
      <td>${health.last_ok_ms ? html`<${Ago} at=${new Date(health.last_ok_ms).toISOString()} />` : '–'}</td><td class="wrap">${bad ? health.last_error : ''}</td></tr>` })}<//>`}<//>`
}

function Logs({ logs }) {
  const good = (log) => log.status === 'active' || log.status === 'drained' || log.status === 'finished'
  return html`<${Panel} title=${t('system.logs')}>${logs.length === 0 ? html`<p class="dim">${t('system.no_logs')}</p>` : html`<${Table} label=${t('system.logs')} head=${['', t('system.log'), t('system.verified'), t('system.behind'), t('system.head'), t('system.error')]}>${logs.map((log) => html`<tr key=${log.name}>
    <td><${Mark} good=${good(log)}>${tf('system.log', log.status)}<//></td><th scope="row">${log.name}</th><td class="num">${number(log.verified)}</td>
    <td class="num">${log.health?.size !== undefined ? number(Math.max(0, log.health.size - log.verified)) : '–'}</td><td><${Ago} at=${log.head} /></td><td class="wrap">${log.why || log.health?.last_error || ''}</td></tr>`)}<//>`}<//>`
}

function Rest({ data }) {
  const used = data.disk?.total ? (data.disk.total - data.disk.free) / data.disk.total : 0
  return html`<${Panel} title=${t('system.machine')}><dl class="facts">
    <div><dt>${t('system.database')}</dt><dd>${data.database?.engine} ${data.database?.version} · ${bytes(data.database?.bytes)}</dd></div>
    ${data.disk && html`<div><dt>${t('system.disk')}</dt><dd><meter min="0" max="1" high="0.9" value=${used} aria-label=${t('system.disk')}></meter> ${t('system.free', { free: bytes(data.disk.free), total: bytes(data.disk.total) })}</dd></div>`}
    ${data.audit && html`<div><dt>${t('system.audit')}</dt><dd>${number(data.audit.seq)} · <${Time} at=${data.audit.at} shape="second" />
      <button type="button" class="link mono" title=${t('system.copy_mac')} onClick=${() => copy(`${data.audit.seq} ${data.audit.mac}`, () => done(t('copied')))}>${String(data.audit.mac).slice(0, 16)}…</button></dd></div>`}</dl><//>`
}

export default function System() {
  useTitle(t('system.page'))
  const { data, error, reload } = useLoad((signal) => get('/system', {}, signal).then((answer) => { graveTroubles.value = (answer.troubles || []).filter((one) => one.severity === 'grave').length; return answer }), [])
  useLive((event) => ['job', 'channel'].includes(event.data?.object), reload, 1000)
  const [, tick] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => { if (!document.hidden) { reload(); tick((n) => n + 1) } }, AGAIN_MS)
    return () => clearInterval(timer)
  }, [])
  if (!can.system) return html`<${Refused} icon="system" title=${t('system.page')} />`
  return html`<${Head} title=${t('system.page')} sub=${t('system.sub')}><button type="button" class="button" onClick=${reload}><${Icon} name="reload" />${t('reload')}</button><//>
    ${error && !data ? html`<${ErrorBox} error=${error} retry=${reload} />` : !data ? html`<${Skeleton} rows=${10} />` : html`<div class="panels"><${Troubles} troubles=${data.troubles || []} />
      <${Roles} roles=${data.roles || []} /><${Jobs} jobs=${data.jobs || {}} /><${Looks} looks=${data.looks || {}} /><${Dead} count=${data.jobs?.dead ?? 0} again=${reload} />
      <${Sources} sources=${data.sources || []} /><${Logs} logs=${data.logs || []} /><${Rest} data=${data} /></div>`}`
}
