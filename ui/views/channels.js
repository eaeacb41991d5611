/** views/channels: the ways in which reports leave the house: how each fares, its pace, and the switch that stops it. */
import { html } from '../lib/ui.js'
import { get, post } from '../lib/api.js'
import { lang, t, tf } from '../lib/i18n.js'
import { number } from '../lib/format.js'
import { href } from '../lib/router.js'
import { attempt, can, done } from '../lib/store.js'
import { useLive, useLoad, useTitle } from '../lib/hooks.js'
import { defangText, visible } from '../lib/defang.js'
import { Empty, ErrorBox, Head, Refused, Skeleton } from '../parts/basics.js'
import { UrlText } from '../parts/host-name.js'
import { Ago, Time } from '../parts/status.js'

const HEALTH = { open: 'ok', closed: 'bad', off: 'slow' }
const titleOf = (row) => (lang.value === 'ja' ? row.file?.ja : row.file?.en) || row.name
const pace = (file) => !file ? '–' : [file.per_minute > 0 && t('channel.per_minute', { n: number(file.per_minute) }), file.per_day > 0 && t('channel.per_day', { n: number(file.per_day) }), file.batch > 1 && t('channel.batch', { n: number(file.batch) })].filter(Boolean).join(' · ') || t('channel.no_limit')

export default function Channels() {
  useTitle(t('nav.channels'))
  const { data, error, reload } = useLoad((signal) => get('/channels', {}, signal), [])
  useLive((event) => event.type === 'change' && ['channel', 'report'].includes(event.data.object), reload, 800)
  if (!can.meta) return html`<${Refused} icon="plug" title=${t('nav.channels')} />`
  const set = (row, state) => attempt(async () => { await post(`/channels/${encodeURIComponent(row.name)}`, { state }); done(t(`channel.did.${state}`, { name: titleOf(row) }), { label: t('undo'), run: async () => { await post(`/channels/${encodeURIComponent(row.name)}`, { state: state === 'open' ? 'off' : 'open' }); reload() } }); reload() })
  return html`<${Head} title=${t('nav.channels')} sub=${t('channel.sub')} />
    ${error ? html`<${ErrorBox} error=${error} retry=${reload} />` : !data ? html`<${Skeleton} rows=${8} />` : data.items.length === 0 ? html`<${Empty} icon="plug" title=${t('channel.none')}>${t('channel.none.do')}<//>`
      : html`<div class="table-scroll channels" tabindex="0" role="region" aria-label=${t('nav.channels')}><table class="table"><thead><tr>${['channel.name', 'channel.state', 'channel.waiting', 'channel.sent', 'channel.pace', 'channel.last'].map((key) => html`<th scope="col">${t(key)}</th>`)}${can.channels && html`<th scope="col"><span class="sr">${t('channel.acts')}</span></th>`}</tr></thead>
        <tbody>${data.items.map((row) => html`<tr key=${row.name}><th scope="row"><b>${visible(titleOf(row))}</b>${row.file?.test && html` <span class="tag hold hold-ask">${t('channel.test')}</span>`}${row.file && !row.file.enabled && html` <span class="tag">${t('channel.disabled')}</span>`}<br /><span class="dim small">${visible(row.name)}${row.file ? ` · ${tf('channel.way', row.file.way)}` : ''}</span>${row.file?.url && html`<br /><span class="small dim"><${UrlText} url=${row.file.url} /></span>`}</th>
          <td><span class=${`health health-${HEALTH[row.state] || 'bad'}`}><span class="mark" aria-hidden="true"></span>${tf('channel.is', row.state)}</span>${row.why && html`<p class="small wrap-text">${defangText(row.why).slice(0, 300)}</p>`}${row.file?.why && html`<p class="small bad-text wrap-text">${defangText(row.file.why).slice(0, 300)}</p>`}${row.free && +new Date(row.free) > Date.now() && html`<p class="small dim">${t('channel.free')} <${Time} at=${row.free} /></p>`}</td>
          <td class="num">${row.waiting > 0 ? html`<a href=${href('/reports', { tab: 'leaving', channel: row.name })}>${number(row.waiting)}</a>` : '0'}</td><td class="num"><a href=${href('/reports', { tab: 'all', channel: row.name })}>${number(row.sent)}</a><br /><span class="dim small">${t('channel.today', { n: number(row.sent_today) })}</span></td><td class="small">${pace(row.file)}</td>
          <td class="wrap">${row.ok && html`<span class="small">${t('channel.ok')} <${Ago} at=${row.ok} /></span>`}${row.error_at && html`<p class="small"><span class="bad-text">${defangText(row.error || '').slice(0, 200)}</span> <${Ago} at=${row.error_at} /></p>`}${!row.ok && !row.error_at && html`<span class="dim">–</span>`}</td>
          ${can.channels && html`<td>${row.state === 'open' ? html`<button type="button" class="button small danger" onClick=${() => set(row, 'off')}>${t('channel.stop')}</button>` : html`<button type="button" class="button small" onClick=${() => set(row, 'open')}>${t('channel.open')}</button>`}</td>`}</tr>`)}</tbody></table></div>`}`
}
