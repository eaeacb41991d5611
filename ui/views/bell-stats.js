/** views/bell-stats: when command channels send: hours of working days and days off, and the ports beside one another. Hours are Japan's. */
import { html, useState } from '../lib/ui.js'
import { get } from '../lib/api.js'
import { t } from '../lib/i18n.js'
import { number } from '../lib/format.js'
import { route, setParams } from '../lib/router.js'
import { useLive, useLoad, useTitle } from '../lib/hooks.js'
import { ErrorBox, Head, Icon, Skeleton } from '../parts/basics.js'
import { Tabs } from '../parts/bell.js'
import { Bars, Columns, Legend, SERIES_MAX } from '../parts/chart.js'

const HOURS = Array.from({ length: 24 }, (_, hour) => String(hour))
const perDay = (row) => row.days ? (row.commands / row.days).toFixed(1) : '–'

/** A picture, and its numbers: for everybody when asked for, for screen readers always. */
function Panel({ title, hint, legend, picture, head, rows }) {
  const [open, setOpen] = useState(false)
  const numbers = html`<div class="table-scroll" tabindex="0" role="group" aria-label=${title}><table class="table numbers"><thead><tr>${head.map((text, i) => html`<th scope="col" class=${i > 0 ? 'num' : ''}>${text}</th>`)}</tr></thead><tbody>${rows.map((row) => html`<tr key=${row[0]}><th scope="row" class="num">${row[0]}</th>${row.slice(1).map((value) => html`<td class="num">${value}</td>`)}</tr>`)}</tbody></table></div>`
  return html`<section class="panel stats-panel" aria-label=${title}><header class="panel-head"><h2>${title}</h2><div class="panel-acts"><button type="button" class="button small" aria-pressed=${open} onClick=${() => setOpen(!open)}><${Icon} name="columns" />${t('stats.table')}</button></div></header>
    ${hint && html`<p class="hint">${hint}</p>`}${legend && html`<${Legend} names=${legend} />`}${picture}${open ? numbers : html`<div class="sr">${numbers}</div>`}</section>`
}

function Body({ data }) {
  const series = [['wstats.work', 'work'], ['wstats.off', 'off']].map(([key, member]) => ({ name: t(key), values: data.hours.map((row) => row[member]) }))
  const ports = data.ports.slice(0, SERIES_MAX)
  return html`<p class="bell-total">${t('wstats.total', { waves: number(data.waves), numbers: number(data.numbers), repeated: number(data.repeated) })}</p><div class="stats-grid">
    <${Panel} title=${t('wstats.hours')} hint=${t('wstats.hours.hint', data.days)} legend=${series.map((one) => one.name)} picture=${html`<${Columns} labels=${HOURS} series=${series} />`} head=${[t('wstats.hour'), ...series.map((one) => one.name)]} rows=${data.hours.map((row) => [row.hour, number(row.work), number(row.off)])} />
    <${Panel} title=${t('wstats.port_hours')} hint=${t('wstats.ports.hint')} legend=${ports.map((row) => String(row.port))} picture=${html`<${Columns} labels=${HOURS} series=${ports.map((row) => ({ name: String(row.port), values: row.hours }))} />`} head=${[t('wstats.hour'), ...ports.map((row) => row.port)]} rows=${HOURS.map((hour, i) => [hour, ...ports.map((row) => number(row.hours[i]))])} />
    <${Panel} title=${t('wstats.ports')} picture=${html`<${Bars} rows=${data.ports.map((row) => ({ label: html`<span class="num">${row.port}</span>`, values: [row.commands] }))} />`} head=${['port', 'commands', 'waves', 'numbers', 'days', 'per_day'].map((key) => t(`wstats.column.${key}`))} rows=${data.ports.map((row) => [row.port, number(row.commands), number(row.waves), number(row.numbers), number(row.days), perDay(row)])} />
    <${Panel} title=${t('wstats.together')} picture=${html`<${Bars} rows=${data.together.map((row) => ({ label: t('wstats.together.n', { n: row.ports }), values: [row.waves] }))} />`} head=${[t('wave.ports'), t('wstats.column.waves')]} rows=${data.together.map((row) => [row.ports, number(row.waves)])} /></div>`
}

export default function BellStats() {
  const { params } = route.value
  const ask = { from: params.get('from') || undefined, to: params.get('to') || undefined }
  const { data, error, busy, reload } = useLoad((signal) => get('/waves/stats', ask, signal), [JSON.stringify(ask)])
  useTitle(t('bell.tab.stats'))
  useLive((event) => event.type === 'change' && event.data.act === 'wave.open', reload, 2000)
  const set = (name) => (event) => setParams({ [name]: event.target.value || null }, true)
  return html`<div class="page"><${Head} title=${t('bell.tab.stats')} sub=${t('wstats.sub')} /><${Tabs} rows=${[['r', 'keys.reload', reload]]} />
    <div class="filters bell-filters"><label class="inline">${t('wave.from')} <input type="date" value=${params.get('from') || ''} onChange=${set('from')} /></label><label class="inline">${t('wave.to')} <input type="date" value=${params.get('to') || ''} onChange=${set('to')} /></label></div>
    <div aria-busy=${busy}>${error ? html`<${ErrorBox} error=${error} retry=${reload} />` : !data ? html`<${Skeleton} rows=${8} />` : data.waves === 0 ? html`<p class="dim">${t('stats.empty')}</p>` : html`<${Body} data=${data} />`}</div></div>`
}
