/** parts/survival: how long sites last: the curve with its band, league tables, and the method in words. */
import { html } from '../lib/ui.js'
import { get, url } from '../lib/api.js'
import { list } from '../lib/store.js'
import { number } from '../lib/format.js'
import { named, t, tf } from '../lib/i18n.js'
import { prefs } from '../lib/prefs.js'
import { route, setParams } from '../lib/router.js'
import { useLoad } from '../lib/hooks.js'
import { defangText } from '../lib/defang.js'
import { ErrorBox, Icon, Skeleton } from './basics.js'
import { Curve, Legend } from './chart.js'

const BYS = ['registrar', 'network', 'tld', 'target', 'actor', 'channel']
const STARTS = ['first_seen', 'detected', 'confirmed', 'reported']
const ENDS = ['gone', 'down', 'listed']
/** A member of the address, if it is one of the words. */
const chosen = (params, name, words, usual) => words.includes(params.get(name)) ? params.get(name) : usual
const share = (n) => n === null || n === undefined ? '–' : `${Math.round(100 * n)} %`

function groupName(by, key) {
  if (!key) return t('stats.none')
  const row = by === 'target' ? list('targets').find((one) => one.key === key) : by === 'actor' ? list('actors').find((one) => one.key === key) : null
  return row ? (by === 'target' ? named(row) : row.name) : defangText(key).slice(0, 60)
}

function Numbers({ data, seconds }) {
  const rows = [[t('survival.all'), data.all], ...data.groups.map((row) => [groupName(data.by, row.key), row])]
  return html`<div class="table-scroll" tabindex="0" role="group" aria-label=${t('survival.table')}><table class="table numbers"><thead><tr><th scope="col">${tf('survival.by', data.by)}</th>${['cases', 'events', 'censored', 'before', 'median', 'p90', 'within_1h', 'within_4h', 'within_24h'].map((column) => html`<th scope="col" class="num">${tf('survival.column', column)}</th>`)}</tr></thead>
    <tbody>${rows.slice(0, 40).map(([name, row], i) => html`<tr key=${i}><th scope="row">${name}</th>${['cases', 'events', 'censored', 'before'].map((column) => html`<td class="num">${number(row[column])}</td>`)}${['median', 'p90'].map((column) => html`<td class="num">${row[column] === null ? t('survival.not_yet') : seconds(row[column])}</td>`)}${['within_1h', 'within_4h', 'within_24h'].map((column) => html`<td class="num">${share(row[column])}</td>`)}</tr>`)}</tbody></table></div>`
}

const Choice = ({ name, label, words, value, say }) => html`<label class="inline">${label} <select value=${value} onChange=${(event) => setParams({ [name]: event.target.value })}>${words.map((word) => html`<option value=${word} selected=${word === value}>${say(word)}</option>`)}</select></label>`

export function Survival({ span, seconds }) {
  const { params } = route.value
  const by = chosen(params, 'by', BYS, 'registrar')
  const start = chosen(params, 'start', STARTS, 'confirmed')
  const end = chosen(params, 'end', ENDS, 'gone')
  const ask = { ...span, by, start, end }
  const { data, error, busy, reload } = useLoad((signal) => get('/stats/survival', ask, signal), [JSON.stringify(ask)])
  const curves = data ? [[t('survival.all'), data.all], ...data.groups.filter((row) => row.curve?.length && row.cases >= 3).slice(0, 5).map((row) => [groupName(by, row.key), row])] : []
  return html`<section class="panel stats-panel survival" aria-label=${t('survival.title')} aria-busy=${busy}><header class="panel-head"><h2>${t('survival.title')}</h2><div class="panel-acts">
      <a class="button small" href=${url('/stats/survival', { ...ask, format: 'csv', bom: prefs.value.bom ? 1 : undefined })} download=${`hikeshi-survival-${by}.csv`}><${Icon} name="export" />CSV</a></div></header>
    <div class="survival-choice"><${Choice} name="by" label=${t('survival.by_label')} words=${BYS} value=${by} say=${(word) => tf('survival.by', word)} /><${Choice} name="start" label=${t('survival.start_label')} words=${STARTS} value=${start} say=${(word) => tf('survival.start', word)} /><${Choice} name="end" label=${t('survival.end_label')} words=${ENDS} value=${end} say=${(word) => tf('survival.end', word)} /></div>
    ${error ? html`<${ErrorBox} error=${error} retry=${reload} />` : !data ? html`<${Skeleton} rows=${6} />` : data.all.cases === 0 ? html`<p class="dim">${t('stats.empty')}</p>`
      : html`<${Legend} names=${curves.map(([name]) => name)} /><${Curve} series=${curves.map(([name, row]) => ({ name, points: row.curve }))} format=${seconds} /><${Numbers} data=${data} seconds=${seconds} />`}
    <p class="hint">${t('survival.method')}</p></section>`
}
