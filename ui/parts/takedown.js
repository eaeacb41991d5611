/** parts/takedown: who was told about a case: a lane a recipient, with what happened when and how long it took. */
import { html, useState } from '../lib/ui.js'
import { get } from '../lib/api.js'
import { t, tf } from '../lib/i18n.js'
import { duration, now, number, time } from '../lib/format.js'
import { href } from '../lib/router.js'
import { can, loadReportCounters, user } from '../lib/store.js'
import { useLive, useLoad } from '../lib/hooks.js'
import { draft } from '../lib/reports.js'
import { visible } from '../lib/defang.js'
import { ErrorBox, Icon, Skeleton } from './basics.js'
import { lazy } from './lazy.js'
import { Holds, RState, Recipient } from './report.js'
import { Elapsed } from './status.js'

const Approve = lazy(() => import('./approve.js'), (module) => module.Approve)
/** States in which somebody is told (flow/report.c). */
const REPORTABLE = ['confirmed', 'reported', 'resurrected']
const ms = (at) => at ? +new Date(at) : 0
const ENDED = ['actioned', 'rejected', 'bounced', 'expired', 'dropped']

/** Pieces of a report's life: [kind, from, until]; the last one runs while it has not ended. */
function pieces(item, end) {
  const stops = [['draft', ms(item.drafted)], ['approved', ms(item.approved)], ['sent', ms(item.sent)], ['acknowledged', ms(item.acknowledged)]].filter(([, at]) => at)
  const until = ms(item.ended) || (ENDED.includes(item.state) ? end : end)
  return stops.map(([kind, from], i) => [kind, from, i + 1 < stops.length ? stops[i + 1][1] : until])
}

function Lane({ reports, from, end }) {
  const [first] = reports
  const width = Math.max(1, end - from)
  const part = (a, b) => ({ insetInlineStart: `${Math.max(0, (a - from) / width * 100)}%`, width: `${Math.max(0.8, (b - a) / width * 100)}%` })
  return html`<li class="lane"><div class="lane-who"><${Recipient} item=${first} /></div>
    <div class="lane-line" aria-hidden="true">${reports.flatMap((item) => pieces(item, end).map(([kind, a, b]) => html`<span class=${`piece piece-${kind} ${item.state === 'dropped' ? 'piece-off' : ''}`} style=${part(a, b)} title=${`${tf('lane', kind)} ${time(new Date(a))}`}></span>`))}${reports.filter((item) => item.ended).map((item) => html`<span class=${`piece-end end-${item.state}`} style=${{ insetInlineStart: `${Math.min(99, Math.max(0, (ms(item.ended) - from) / width * 100))}%` }} title=${`${tf('report.state', item.state)} ${time(item.ended)}`}></span>`)}</div>
    <ul class="lane-steps">${reports.map((item) => html`<li key=${item.id}><a href=${href(`/report/${item.id}`)}><span class="num">${item.id}</span> ${tf('step', item.step)}${item.round > 1 ? ` (${t('report.round', { n: item.round })})` : ''}</a><${RState} state=${item.state} />
      ${item.sent ? html`<span class="dim small">${t('lane.sent_after')} <span class="num">${duration(ms(item.sent) - from)}</span>${item.acknowledged ? html` · ${t('lane.acknowledged_after')} <${Elapsed} from=${item.sent} to=${item.acknowledged} />` : ''}${item.ended ? html` · ${t('lane.ended_after')} <${Elapsed} from=${item.sent} to=${item.ended} />` : html` · ${t('lane.since')} <${Elapsed} from=${item.sent} />`}</span>` : html`<span class="dim small">${t('lane.waits')} <${Elapsed} from=${item.drafted} to=${item.ended} /></span>`}
      ${item.remote_id && html`<span class="hash small">${visible(item.remote_id).slice(0, 40)}</span>`}${item.letters > 0 && html`<span class="small dim"><${Icon} name="abuse" size=${12} /> <span class="num">${item.letters}</span></span>`}${item.stops.length > 0 && html`<${Holds} stops=${item.stops} />`}</li>`)}</ul></li>`
}

/** @param {{ item: any }} props   item: the case */
export function Takedown({ item }) {
  const { data, error, reload } = useLoad((signal) => get(`/cases/${item.id}/reports`, {}, signal), [item.id])
  const [asking, ask] = useState(false)
  useLive((event) => event.type === 'change' && event.data.object === 'report', reload, 400)
  const reports = data?.items || []
  const lanes = new Map()
  for (const one of reports) { const key = `${one.channel} ${one.recipient}`; lanes.set(key, [...(lanes.get(key) || []), one]) }
  const waiting = reports.filter((one) => one.state === 'drafted' && one.proposer !== user.value?.login)
  const from = Math.min(ms(item.clocks?.confirmed) || Infinity, ...reports.map((one) => ms(one.drafted)))
  const open = reports.some((one) => !one.ended)
  const end = open ? now.value : Math.max(...reports.map((one) => ms(one.ended)), from + 1)
  return html`<section class="panel takedown" aria-label=${t('takedown.title')}><header><h2>${t('takedown.title')}${reports.length > 0 && html` <span class="dim num">${number(reports.length)}</span>`}</h2><div class="acts">
      ${can.approve && waiting.length > 0 && html`<button type="button" class="button small primary" onClick=${() => ask(true)}><${Icon} name="check" />${t('approve.do', { n: number(waiting.length) })}</button>`}
      ${can.write && REPORTABLE.includes(item.state) && html`<button type="button" class="button small" onClick=${() => draft(item.id)}><${Icon} name="send" />${t('takedown.draft')}</button>`}
      ${reports.length > 0 && html`<a class="button small" href=${href('/reports', { tab: 'all', case: item.id })}>${t('takedown.list')}</a>`}</div></header>
    <div class="panel-body">${error ? html`<${ErrorBox} error=${error} retry=${reload} />` : !data ? html`<${Skeleton} rows=${3} />` : reports.length === 0 ? html`<p class="dim">${t(REPORTABLE.includes(item.state) ? 'takedown.none' : 'takedown.not_yet')}</p>`
      : html`<ul class="lanes">${[...lanes].map(([key, list]) => html`<${Lane} key=${key} reports=${list} from=${from} end=${end} />`)}</ul><p class="lane-legend small dim" aria-hidden="true">${['draft', 'approved', 'sent', 'acknowledged'].map((kind) => html`<span><span class=${`swatch piece-${kind}`}></span>${tf('lane', kind)}</span> `)}</p>`}</div>
    ${asking && html`<${Approve} ids=${waiting.map((one) => one.id)} onClose=${() => ask(false)} onDone=${() => { reload(); loadReportCounters() }} />`}</section>`
}
