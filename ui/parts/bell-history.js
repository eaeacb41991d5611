/** parts/bell-history: which dead drop named which server from when to when: a line a drop, a bar a server; and the same as a table. */
import { html } from '../lib/ui.js'
import { t } from '../lib/i18n.js'
import { time } from '../lib/format.js'
import { defangHost, defangText, defangUrl } from '../lib/defang.js'
import { ErrorBox, Skeleton } from './basics.js'
import { Address } from './bell.js'
import { Legend, SERIES_MAX } from './chart.js'
import { UrlText } from './host-name.js'
import { Time } from './status.js'

const LANE = 34
const TICKS = 5

/** Where in the span a time lies, in percent. */
const place = (at, [from, to]) => Math.max(0, Math.min(100, (100 * (at - from)) / Math.max(1, to - from)))

function Picture({ rows }) {
  const drops = [...new Map(rows.map((row) => [row.drop.id, row.drop])).values()].sort((a, b) => a.url.localeCompare(b.url))
  const addresses = [...new Set([...rows].reverse().map((row) => row.address))]
  const colour = (address) => Math.min(addresses.indexOf(address), SERIES_MAX - 1) + 1
  const end = (row) => row.newest && row.drop.state === 'naming' ? Date.now() : +new Date(row.last)
  const span = [Math.min(...rows.map((row) => +new Date(row.first))), Math.max(...rows.map(end))]
  const height = drops.length * LANE + 22
  const names = addresses.slice(0, SERIES_MAX).map((address, i) => i === SERIES_MAX - 1 && addresses.length > SERIES_MAX ? t('stats.others', { n: addresses.length - i }) : defangHost(address))
  return html`<div class="bell-lanes" aria-hidden="true"><${Legend} names=${names} /><svg class="lanes" width="100%" height=${height}>
    ${Array.from({ length: TICKS }, (_, i) => { const at = span[0] + ((span[1] - span[0]) * i) / (TICKS - 1); const x = `${(100 * i) / (TICKS - 1)}%`; return html`<line class="lane-tick" x1=${x} x2=${x} y1="0" y2=${height - 18} /><text class="lane-label" x=${x} y=${height - 5} text-anchor=${i === 0 ? 'start' : i === TICKS - 1 ? 'end' : 'middle'}>${time(new Date(at).toISOString(), 'day').slice(5)}</text>` })}
    ${drops.map((drop, lane) => html`<g key=${drop.id}><text class="lane-label" x="0" y=${lane * LANE + 12}>${defangUrl(drop.url).slice(0, 60)}</text>
      ${rows.filter((row) => row.drop.id === drop.id).map((row) => { const from = place(+new Date(row.first), span); return html`<rect key=${row.id} class=${`fill-${colour(row.address)}`} x=${`${Math.min(from, 99.4)}%`} y=${lane * LANE + 17} width=${`${Math.max(0.6, place(end(row), span) - from)}%`} height="11" rx="2"><title>${`${defangHost(row.address)} ${time(row.first)} – ${time(row.last)}`}</title></rect>` })}</g>`)}</svg></div>`
}

function Table({ rows }) {
  return html`<div class="table-scroll" tabindex="0" role="group" aria-label=${t('bell.history')}><table class="table drops"><thead><tr><th scope="col">${t('bell.drop.url')}</th>${['address', 'from', 'to', 'body'].map((key) => html`<th scope="col">${t(`bell.history.${key}`)}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.id}><th scope="row"><${UrlText} url=${row.drop.url} /></th><td data-label=${t('bell.history.address')}><${Address} text=${row.address} /></td><td data-label=${t('bell.history.from')}><${Time} at=${row.first} /></td><td data-label=${t('bell.history.to')}>${row.newest && row.drop.state === 'naming' ? html`<span class="tag">${t('bell.history.still')}</span> ` : ''}<${Time} at=${row.last} /></td>
      <td class="wrap" data-label=${t('bell.history.body')}><bdi class="mono small">${defangText(row.body).slice(0, 120)}</bdi></td></tr>`)}</tbody></table></div>`
}

export function History({ data, error, reload }) {
  const rows = data?.items || []
  return html`<section class="panel" aria-label=${t('bell.history')}><header><h2>${t('bell.history')}</h2></header><div class="panel-body"><p class="hint">${t('bell.history.hint')}</p>
    ${error && !data ? html`<${ErrorBox} error=${error} retry=${reload} />` : !data ? html`<${Skeleton} rows=${4} />` : rows.length === 0 ? html`<p class="dim">${t('bell.history.none')}</p>` : html`<${Picture} rows=${rows} /><${Table} rows=${rows} />`}</div></section>`
}
