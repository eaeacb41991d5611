/** parts/watch: is the site dark? The state of its watch, since when, what each visitor saw last, what it was before, and a word of ours about it. */
import { html } from '../lib/ui.js'
import { get, post } from '../lib/api.js'
import { t, tf } from '../lib/i18n.js'
import { attempt, can, done } from '../lib/store.js'
import { useLive, useLoad } from '../lib/hooks.js'
import { defangHost, defangText } from '../lib/defang.js'
import { DARK } from '../lib/names.js'
import { ErrorBox, Icon, Skeleton } from './basics.js'
import { Time } from './status.js'

const isDark = (state) => DARK.includes(state)
/** A state of the watch, readable without its colour. */
export const Liveness = ({ state }) => html`<span class=${`tag liveness liveness-${isDark(state) ? 'dark' : state === 'unchecked' ? 'none' : 'up'}`}>${tf('liveness', state)}</span>`
const iso = (ms) => new Date(ms).toISOString()

function Visits({ visits }) {
  const rows = [...visits].sort((a, b) => a.page - b.page || a.exit.localeCompare(b.exit) || a.who.localeCompare(b.who))
  return html`<div class="table-scroll" tabindex="0" role="group" aria-label=${t('watch.visits')}><table class="table numbers"><thead><tr><th scope="col">${t('watch.who')}</th><th scope="col">${t('watch.exit')}</th><th scope="col" class="num">${t('watch.page')}</th><th scope="col">${t('watch.saw')}</th><th scope="col">${t('watch.at')}</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${`${row.who} ${row.exit} ${row.page}`}><th scope="row">${tf('watcher', row.who)}</th><td>${defangText(row.exit)}</td><td class="num">${row.page + 1}</td><td>${tf('visit', row.what)}${row.status ? html` <span class="dim num">${row.status}</span>` : ''}</td><td><${Time} at=${iso(row.at_ms)} /></td></tr>`)}</tbody></table></div>`
}

/** What an observation says besides its state. */
function Said({ signals = {} }) {
  const parts = [signals.status ? `HTTP ${signals.status}` : '', signals.final ? `→ ${defangHost(signals.final)}` : '', signals.dns ? `DNS ${signals.dns}` : '', signals.held ? t('watch.held') : '', signals.cloaked ? t('watch.cloaked') : '', signals.way === 'away' ? t('watch.away') : '']
  return html`<span class="dim small">${parts.filter(Boolean).join(' · ')}</span>`
}

function Listings({ listings }) {
  const rows = Object.entries(listings || {})
  return rows.length === 0 ? null : html`<h3>${t('watch.listings')}</h3><ul class="rows">${rows.map(([vendor, row]) => html`<li key=${vendor}><span class="grow">${defangText(vendor)}: ${row.listed ? html`<strong>${t('watch.listed')}</strong>` : t('watch.unlisted')} <span class="dim">${defangText(row.state)}</span></span><span class="small">${t('watch.since')} <${Time} at=${iso(row.at_ms)} />${row.asked_ms > 0 ? html` <span class="dim">${t('watch.asked')} <${Time} at=${iso(row.asked_ms)} /></span>` : ''}</span></li>`)}</ul>`
}

function Body({ data }) {
  return html`<p class="watch-line"><${Liveness} state=${data.state} /> ${t('watch.since')} <${Time} at=${data.since} />${data.doubt ? html` <span class="dim">${t('watch.doubt', { n: data.agree, what: tf('visit', data.doubt) })}</span>` : ''}</p>
    <dl class="facts"><dt>${t('watch.last')}</dt><dd><${Time} at=${data.last} /> <span class="dim num">${t('watch.checks', { n: data.checks })}</span></dd><dt>${t('watch.live')}</dt><dd><${Time} at=${data.live} /></dd>
      <dt>${t('watch.next')}</dt><dd>${data.due ? html`<${Time} at=${data.due} />` : tf('watch.stopped', data.stopped || 'over')}</dd></dl>
    ${data.visits.length > 0 && html`<details><summary>${t('watch.visits')} <span class="dim num">${data.visits.length}</span></summary><${Visits} visits=${data.visits} /></details>`}
    <${Listings} listings=${data.listings} />
    ${data.history.length > 0 && html`<h3>${t('watch.history')}</h3><ol class="rows watch-history">${data.history.slice(0, 12).map((row) => html`<li key=${row.id}><span class="grow"><${Liveness} state=${row.state} /> ${tf('visit', row.saw)} <${Said} signals=${row.data.signals} /></span><${Time} at=${row.at} /></li>`)}</ol>`}`
}

export function Watch({ item }) {
  const { data, error, reload } = useLoad(async (signal) => { try { return await get(`/cases/${item.id}/watch`, {}, signal) } catch (caught) { if (caught.status === 404) return { none: true }; throw caught } }, [item.id, item.state])
  useLive((event) => event.type === 'change' && event.data.case_id === item.id, reload, 500)
  const act = (name) => attempt(async () => { await post(`/cases/${item.id}/watch`, { act: name }); done(t(`watch.did.${name}`)); reload() })
  const running = data && !data.none && data.due
  return html`<section class="panel" aria-label=${t('watch.title')}><header><h2>${t('watch.title')}</h2><div class="acts">${can.write && running && html`<button type="button" class="button small" onClick=${() => act('check')}><${Icon} name="reload" />${t('watch.check')}</button><button type="button" class="button small" onClick=${() => act('stop')}>${t('watch.stop')}</button>`}
      ${can.write && data && !running && item.host && html`<button type="button" class="button small" onClick=${() => act('resume')}>${t('watch.resume')}</button>`}</div></header>
    <div class="panel-body">${error ? html`<${ErrorBox} error=${error} retry=${reload} />` : !data ? html`<${Skeleton} rows=${3} />` : data.none ? html`<p class="dim">${t('watch.none')}</p>` : html`<${Body} data=${data} />`}</div></section>`
}
