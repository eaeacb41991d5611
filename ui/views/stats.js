/** views/stats: how much, of what, when, how fast: each as picture, table and CSV. Months and hours are Japan's. */
import { html, useState } from '../lib/ui.js'
import { get, url } from '../lib/api.js'
import { list, can } from '../lib/store.js'
import { number } from '../lib/format.js'
import { lang, named, t, tf } from '../lib/i18n.js'
import { prefs } from '../lib/prefs.js'
import { route, setParams } from '../lib/router.js'
import { useLoad, useTitle } from '../lib/hooks.js'
import { ErrorBox, Head, Icon, Refused, Skeleton } from '../parts/basics.js'
import { Bars, Columns, Legend, Lines, SERIES_MAX } from '../parts/chart.js'
import { stateName } from '../parts/status.js'
import { Survival } from '../parts/survival.js'

/** What there is, in the order of the page, and the picture that suits it. */
const PAGES = [
  { by: 'month_target', chart: 'lines' }, { by: 'month', chart: 'lines' }, { by: 'state', chart: 'bars' }, { by: 'actor', chart: 'bars' },
  { by: 'source', chart: 'bars' }, { by: 'kind', chart: 'bars' }, { by: 'hour_weekday', chart: 'columns' }, { by: 'hour_holiday', chart: 'columns' },
  { by: 'time_to_detect', chart: 'lines', duration: true }, { by: 'time_to_close', chart: 'lines', duration: true },
]

const month = (date) => `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}`
function lastYear() {
  const to = new Date()
  return { from: month(new Date(to.getFullYear(), to.getMonth() - 11, 1)), to: month(to) }
}

/** "2026-01", "2026-02" ... of a span. */
function months({ from, to }) {
  const out = []
  for (let [year, n] = from.split('-').map(Number); out.length < 240; n === 12 ? (year++, n = 1) : n++) {
    const one = `${year}-${String(n).padStart(2, '0')}`
    if (one > to) break
    out.push(one)
  }
  return out
}

/** A word of a column as people call it. */
function wordOf(column, value) {
  if (value === null || value === '') return t('stats.none')
  if (column === 'state') return stateName(value)
  if (column === 'target') { const row = list('targets').find((one) => one.key === value || one.name === value); return row ? named(row) : value }
  if (column === 'actor') { const row = list('actors').find((one) => one.key === value); return row ? row.name : value }
  if (column === 'kind' || column === 'source') return tf(column === 'kind' ? 'kind' : 'source', value)
  if (column === 'day' || column === 'weekday') return tf('stats.day', value)
  return String(value)
}

/** Seconds as the shortest thing that says it. */
function seconds(n) {
  if (n === null || n === undefined) return '–'
  if (n < 90) return t('time.s', { s: Math.round(n) })
  if (n < 5400) return t('stats.minutes', { n: (n / 60).toFixed(n < 600 ? 1 : 0) })
  if (n < 172800) return t('stats.hours', { n: (n / 3600).toFixed(1) })
  return t('stats.days', { n: (n / 86400).toFixed(1) })
}

/**
 * The server's rows as labels and series. Columns whose values are numbers are measures, but for an hour in front; with two words in
 * front of one number, the second word becomes the series.
 */
function shape({ columns, rows }, span) {
  const measures = columns.map((_, i) => i).filter((i) => i > 0 && rows.length > 0 && rows.every((row) => row[i] === null || typeof row[i] === 'number'))
  const words = columns.map((_, i) => i).filter((i) => !measures.includes(i))
  // Every month of the span has its place, a month without cases too.
  const labels = columns[0] === 'month' ? months(span) : [...new Set(rows.map((row) => row[0]))]
  const at = new Map(labels.map((label, i) => [label, i]))
  if (words.length < 2) {
    return { labels, series: measures.map((m) => { const values = labels.map(() => null); for (const row of rows) if (at.has(row[0])) values[at.get(row[0])] = row[m]; return { name: tf('stats.column', columns[m]), values } }) }
  }
  const byName = new Map()
  for (const row of rows) {
    if (!byName.has(row[1])) byName.set(row[1], labels.map(() => 0))
    if (at.has(row[0])) byName.get(row[1])[at.get(row[0])] += row[measures[0]] || 0
  }
  const sum = (values) => values.reduce((all, n) => all + n, 0)
  const sorted = [...byName].map(([name, values]) => ({ name: wordOf(columns[1], name), values })).sort((a, b) => sum(b.values) - sum(a.values))
  if (sorted.length <= SERIES_MAX) return { labels, series: sorted }
  const rest = sorted.slice(SERIES_MAX - 1)
  return { labels, series: [...sorted.slice(0, SERIES_MAX - 1), { name: t('stats.others', { n: rest.length }), values: labels.map((_, i) => sum(rest.map((one) => one.values[i]))) }] }
}

function Picture({ page, data, span }) {
  const { labels, series } = shape(data, span)
  const format = page.duration ? seconds : number
  // A number of cases beside durations is in the table, but has no place on their scale.
  const shown = page.duration ? series.filter((_, i) => !/^(cases|count|n)$/.test(data.columns[i + 1])) : series
  const legend = shown.length > 1 && page.chart !== 'columns' && html`<${Legend} names=${shown.map((one) => one.name)} />`
  if (page.chart === 'bars') return html`<${Bars} rows=${labels.map((label, i) => ({ label: wordOf(data.columns[0], label), values: [shown[0]?.values[i] || 0] }))} />`
  if (page.chart === 'columns') return html`${legend}<${Columns} labels=${labels.map(String)} series=${shown.slice(0, 1)} />`
  return html`${legend}<${Lines} labels=${labels.map(String)} series=${shown} format=${format} />`
}

function Numbers({ page, data }) {
  const isNumber = (i) => i > 0 && data.rows.every((row) => row[i] === null || typeof row[i] === 'number')
  const show = (i, value) => !isNumber(i) ? wordOf(data.columns[i], value) : page.duration && !/^(cases|count|n)$/.test(data.columns[i]) ? seconds(value) : number(value)
  return html`<div class="table-scroll" tabindex="0" role="group" aria-label=${tf('stats.title', page.by)}><table class="table numbers">
    <thead><tr>${data.columns.map((column, i) => html`<th scope="col" class=${isNumber(i) ? 'num' : ''}>${tf('stats.column', column)}</th>`)}</tr></thead>
    <tbody>${data.rows.map((row) => html`<tr>${row.map((value, i) => i === 0 ? html`<th scope="row">${show(i, value)}</th>` : html`<td class=${isNumber(i) ? 'num' : ''}>${show(i, value)}</td>`)}</tr>`)}</tbody></table></div>`
}

function Panel({ page, span }) {
  const [table, setTable] = useState(false)
  const { data, error, busy, reload } = useLoad((signal) => get('/stats', { ...span, by: page.by }, signal), [span, page.by])
  const title = tf('stats.title', page.by)
  const empty = data && !data.rows.some((row) => row.some((value) => typeof value === 'number' && value > 0))
  return html`<section class="panel stats-panel" aria-label=${title} aria-busy=${busy}><header class="panel-head"><h2>${title}</h2><div class="panel-acts">
      <button type="button" class="button small" aria-pressed=${table} onClick=${() => setTable(!table)}><${Icon} name="columns" />${t('stats.table')}</button>
      <a class="button small" href=${url('/stats', { ...span, by: page.by, format: 'csv', bom: prefs.value.bom ? 1 : undefined })} download=${`hikeshi-${page.by}.csv`}><${Icon} name="export" />CSV</a></div></header>
    <p class="hint">${tf('stats.hint', page.by)}</p>
    ${error ? html`<${ErrorBox} error=${error} retry=${reload} />` : !data ? html`<${Skeleton} rows=${6} />`
      : empty ? html`<p class="dim">${t('stats.empty')}</p>` : html`<${Picture} page=${page} data=${data} span=${span} />${table ? html`<${Numbers} page=${page} data=${data} />` : html`<div class="sr"><${Numbers} page=${page} data=${data} /></div>`}`}
  </section>`
}

export default function Stats() {
  useTitle(t('stats.page'))
  const usual = lastYear()
  const { params } = route.value
  const span = { from: params.get('from') || usual.from, to: params.get('to') || usual.to }
  const set = (name) => (event) => { if (/^\d{4}-\d{2}$/.test(event.target.value)) setParams({ [name]: event.target.value }) }
  // The words of the charts follow the language.
  void lang.value
  if (!can.stats) return html`<${Refused} icon="stats" title=${t('stats.page')} />`
  return html`<${Head} title=${t('stats.page')} sub=${t('stats.sub')}>
      <label class="inline">${t('stats.from')} <input type="month" value=${span.from} max=${span.to} onChange=${set('from')} /></label>
      <label class="inline">${t('stats.to')} <input type="month" value=${span.to} min=${span.from} onChange=${set('to')} /></label>
      <button type="button" class="button" onClick=${() => print()}><${Icon} name="print" />${t('print')}</button><//>
    <${Survival} span=${span} seconds=${seconds} />
    <div class="stats-grid">${PAGES.map((page) => html`<${Panel} key=${page.by} page=${page} span=${span} />`)}</div>`
}
