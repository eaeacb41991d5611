/** views/reports: who is told what: what waits for approval first; what is held up, on its way, answered, or in doubt; many at once. */
import { html, useEffect, useRef, useState } from '../lib/ui.js'
import { get } from '../lib/api.js'
import { t, tf } from '../lib/i18n.js'
import { bytes, duration, now, number } from '../lib/format.js'
import { href, route, setParams } from '../lib/router.js'
import { attempt, can, done, loadReportCounters, reportCounters } from '../lib/store.js'
import { useKeys } from '../lib/keys.js'
import { useLive, useLoad, useTitle } from '../lib/hooks.js'
import { RECIPIENT_KINDS } from '../lib/names.js'
import { defangText, visible } from '../lib/defang.js'
import { actOn, queue } from '../lib/reports.js'
import { Empty, ErrorBox, Head, Icon, Skeleton } from '../parts/basics.js'
import { FormDialog } from '../parts/dialog.js'
import { Area } from '../parts/form.js'
import { HostName } from '../parts/host-name.js'
import { lazy } from '../parts/lazy.js'
import { Holds, RState, Recipient, Why } from '../parts/report.js'
import { Ago, Due, Target, Time, Who } from '../parts/status.js'

const Approve = lazy(() => import('../parts/approve.js'), (module) => module.Approve)

/** Tabs: [name, what the API is asked for, counter]. */
const TABS = [
  ['waiting', { waiting: 1, order: 'oldest' }, (c) => c.waiting], ['drafted', { state: 'drafted', order: 'oldest' }, (c) => c.drafted], ['held', { held: 1, order: 'oldest' }, (c) => c.held],
  ['leaving', { state: 'approved,queued' }, (c) => c.approved], ['sent', { state: 'sent,acknowledged' }], ['overdue', { overdue: 1, order: 'oldest' }, (c) => c.overdue], ['answered', { state: 'actioned,rejected,expired' }],
  ['unsure', { state: 'unsure' }, (c) => c.unsure], ['bounced', { state: 'bounced' }, (c) => c.bounced], ['sample', { sample: 1 }, (c) => c.sample], ['mine', { mine: 1 }], ['all', {}],
]

/** What a report waits for, as a clock. */
function Clock({ item }) {
  if (item.state === 'approved' && item.send) {
    const left = +new Date(item.send) - now.value
    return left > 0 ? html`<span class="due due-soon"><span class="due-what">${t('report.leaves')}</span> <span class="num">${duration(left)}</span></span>` : html`<span class="dim">${t('report.leaves_now')}</span>`
  }
  if (item.due && ['sent', 'acknowledged'].includes(item.state)) return html`<${Due} at=${item.due} clock="answer" />`
  return html`<${Ago} at=${item.ended || item.acknowledged || item.sent || item.drafted} />`
}

const Row = ({ item, chosen, onToggle }) => html`<li class=${`report-row ${chosen ? 'chosen' : ''}`}>${onToggle && html`<input type="checkbox" aria-label=${t('report.choose', { id: item.id })} checked=${chosen} onClick=${(event) => onToggle(event.shiftKey)} />`}
  <div class="report-body"><div class="report-top"><${RState} state=${item.state} /><span class="num dim">${item.id}</span>${item.step !== 'first' && html`<span class="tag">${tf('step', item.step)}</span>`}${item.round > 1 && html`<span class="tag">${t('report.round', { n: item.round })}</span>`}<${Clock} item=${item} /></div>
    <a data-row="" href=${href(`/report/${item.id}`)}>${defangText(item.title).slice(0, 200)}</a>
    <div class="report-whom"><${Recipient} item=${item} /></div>
    <div class="meta"><span><a href=${href(`/case/${item.case.id}`)}><span class="num">${item.case.id}</span>${' '}<${HostName} host=${item.case.host || item.case.name} domain=${item.case.domain} /></a></span>${item.target && html`<${Target} target=${item.target} />`}<span>${t('n_sites', { n: number(item.sites) })}</span><span class="num">${bytes(item.bytes)}</span>
      <span>${t('report.by')} <${Who} login=${item.proposer} /></span>${item.approver ? html`<span>${t('report.approved_by')} <${Who} login=${item.approver} /></span>` : item.policy ? html`<span>${t('report.policy')} ${visible(item.policy)}</span>` : ''}${item.letters > 0 && html`<span><${Icon} name="abuse" size=${12} /> <span class="num">${item.letters}</span></span>`}${item.remote_id && html`<span class="hash">${visible(item.remote_id).slice(0, 40)}</span>`}</div>
    ${item.stops.length > 0 && html`<${Holds} stops=${item.stops} />`}<${Why} item=${item} /></div></li>`

function Filters({ params }) {
  const pick = (name, label, options) => html`<label class="inline">${label} <select value=${params.get(name) || ''} onChange=${(event) => setParams({ [name]: event.target.value, after: null }, true)}><option value="">${t('settings.any')}</option>${options.map(([value, text]) => html`<option value=${value} selected=${value === params.get(name)}>${text}</option>`)}</select></label>`
  const [channels, setChannels] = useState([])
  useEffect(() => { get('/channels').then((page) => setChannels(page.items.map((row) => row.name)), () => {}) }, [])
  const known = params.get('channel') && !channels.includes(params.get('channel')) ? [...channels, params.get('channel')] : channels
  return html`<div class="filters">${pick('kind', t('report.kind'), RECIPIENT_KINDS.map((kind) => [kind, tf('contact', kind)]))}${pick('channel', t('report.channel'), known.map((name) => [name, visible(name)]))}
    ${['recipient', 'case'].filter((name) => params.get(name)).map((name) => html`<span class="tag">${t(`report.${name}`)}: ${visible(params.get(name))} <button type="button" aria-label=${t('filter.clear_one')} onClick=${() => setParams({ [name]: null, after: null }, true)}>×</button></span>`)}</div>`
}

export default function Reports() {
  const params = route.value.params
  const tab = TABS.find(([name]) => name === params.get('tab')) || TABS[can.approve ? 0 : 1]
  const [name, ask] = tab
  const query = { ...ask, channel: params.get('channel'), kind: params.get('kind'), recipient: params.get('recipient'), case: params.get('case'), after: params.get('after') }
  const { data, error, busy, reload } = useLoad((signal) => get('/reports', query, signal), [query])
  const [chosen, choose] = useState(() => new Set())
  const [asking, setAsking] = useState(null)
  const anchor = useRef(null)
  const items = data?.items || []
  const c = reportCounters.value
  useTitle(t('nav.reports'))
  useEffect(() => { loadReportCounters() }, [])
  useEffect(() => { queue.ids = items.map((item) => item.id); choose((old) => { const here = new Set(queue.ids); return new Set([...old].filter((id) => here.has(id))) }) }, [data])
  useEffect(() => { choose(new Set()) }, [name])
  useLive((event) => event.type === 'change' && event.data.object === 'report', reload, 500)
  const again = () => { reload(); loadReportCounters() }

  const links = () => [...document.querySelectorAll('[data-row]')]
  const current = () => links().findIndex((link) => link.closest('li').contains(document.activeElement))
  const move = (step) => { const all = links(); const at = current(); const to = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + step))]; to?.focus(); to?.scrollIntoView({ block: 'nearest' }) }
  const subject = () => chosen.size ? items.filter((item) => chosen.has(item.id)) : items[current()] ? [items[current()]] : []
  const withSubject = (run) => () => { const what = subject(); if (what.length) run(what); else done(t('report.choose_first')) }
  const toggle = (index, range) => {
    const next = new Set(chosen)
    if (range && anchor.current !== null) for (let i = Math.min(anchor.current, index); i <= Math.max(anchor.current, index); i++) next.add(items[i].id)
    else if (!next.delete(items[index].id)) next.add(items[index].id)
    anchor.current = index
    choose(next)
  }
  const approveThem = (what) => setAsking({ what: 'approve', ids: what.map((item) => item.id) })
  const dropThem = (what) => setAsking({ what: 'drop', items: what.filter((item) => ['drafted', 'approved'].includes(item.state)) })
  const undoThem = (what) => attempt(async () => { for (const item of what.filter((one) => ['approved', 'queued'].includes(one.state))) await actOn(item, 'undo'); again() })
  useKeys('keys.reports', [
    ['j | ArrowDown', 'keys.next', () => move(1)], ['k | ArrowUp', 'keys.previous', () => move(-1)], ['o | Enter', 'keys.open', () => links()[current()]?.click()], ['r', 'keys.reload', again],
    ...(can.write ? [['x', 'keys.choose', () => { if (current() >= 0) toggle(current()) }], ['Shift+A', 'keys.choose_all', () => choose(chosen.size ? new Set() : new Set(items.map((item) => item.id)))], ['d', 'report.act.drop', withSubject(dropThem)], ['u', 'report.undo', withSubject(undoThem)]] : []),
    ...(can.approve ? [['a', 'report.act.approve', withSubject(approveThem)]] : []),
  ])
  return html`<div class="page reports"><${Head} title=${t('nav.reports')} sub=${t('report.sub')}><button type="button" class="button" onClick=${again}><${Icon} name="reload" />${t('board.reload')}</button><//>
    <nav class="tabs" aria-label=${t('report.tabs')}>${TABS.filter(([one]) => one !== 'waiting' || can.approve).map(([one, , of]) => html`<a class=${`tab ${['unsure', 'bounced', 'overdue', 'held'].includes(one) && c && of?.(c) > 0 ? 'tab-bad' : ''}`} href=${href('/reports', { tab: one })} aria-current=${one === name ? 'page' : undefined}>${t(`report.tab.${one}`)}${of && c && html` <span class="num">${number(of(c))}</span>`}</a>`)}</nav>
    <${Filters} params=${params} />
    ${error && !data ? html`<${ErrorBox} error=${error} retry=${reload} />` : !data ? html`<${Skeleton} rows=${10} />` : items.length === 0 ? html`<${Empty} icon="send" title=${t(`report.none.${['waiting', 'drafted'].includes(name) ? 'waiting' : 'other'}`)}><p>${t('report.none.do')}</p><a class="button" href=${href('/cases', { q: 'status:confirmed' })}>${t('report.none.cases')}</a><//>`
      : html`<ul class=${`report-list ${busy ? 'busy' : ''}`} aria-busy=${busy}>${items.map((item, index) => html`<${Row} key=${item.id} item=${item} chosen=${chosen.has(item.id)} onToggle=${can.write && ((range) => toggle(index, range))} />`)}</ul>
        <nav class="pager" aria-label=${t('pager.label')}>${params.get('after') && html`<button type="button" class="button" onClick=${() => setParams({ after: null }, true)}>${t('pager.first')}</button>`}${data.next && html`<button type="button" class="button" onClick=${() => setParams({ after: data.next }, true)}>${t('pager.next')}<${Icon} name="right" /></button>`}</nav>`}
    ${chosen.size > 0 && can.write && html`<div class="bulk-bar" role="region" aria-label=${t('report.chosen')}><span role="status"><b class="num">${chosen.size}</b> ${t('bulk.chosen')}</span>
      ${can.approve && html`<button type="button" class="button primary" onClick=${() => approveThem(subject())}><${Icon} name="check" />${tf('report.act', 'approve')}</button>`}<button type="button" class="button" onClick=${() => dropThem(subject())}>${tf('report.act', 'drop')}</button>
      ${chosen.size < items.length && html`<button type="button" class="button" onClick=${() => choose(new Set(items.map((item) => item.id)))}>${t('report.choose_page')}</button>`}<button type="button" class="icon-button" aria-label=${t('bulk.clear')} onClick=${() => choose(new Set())}><${Icon} name="close" /></button></div>`}
    ${asking?.what === 'approve' && html`<${Approve} ids=${asking.ids} onClose=${() => setAsking(null)} onDone=${() => { choose(new Set()); again() }} />`}
    ${asking?.what === 'drop' && html`<${FormDialog} title=${tf('report.act', 'drop')} label=${tf('report.act', 'drop')} danger onClose=${() => setAsking(null)} submit=${async (form) => { for (const item of asking.items) await actOn(item, 'drop', form.note.value.trim()); done(t('report.dropped', { n: asking.items.length })); choose(new Set()); again() }}>
      <p class="about">${t('report.drop_n', { n: number(asking.items.length) })}</p><${Area} name="note" label=${t('report.note')} rows=${2} first maxlength="300" /><//>`}</div>`
}
