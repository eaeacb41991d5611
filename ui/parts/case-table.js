/** parts/case-table: cases as a table, and as cards where there is no room for one. */
import { html } from '../lib/ui.js'
import { t, tf } from '../lib/i18n.js'
import { url } from '../lib/api.js'
import { href } from '../lib/router.js'
import { number } from '../lib/format.js'
import { COLUMNS } from '../lib/names.js'
import { defangText } from '../lib/defang.js'
import { Icon } from './basics.js'
import { Exact, HostName } from './host-name.js'
import { Ago, Due, Kind, Score, State, Target, Time, Who, sourceName } from './status.js'

const sortable = Object.fromEntries(COLUMNS)

/** The name of a case; its host below when people gave it another name. */
export const CaseName = ({ item }) => html`<span class="case-name">
  <a data-row="" href=${href(`/case/${item.id}`)}>${item.name === item.host || !item.name ? html`<${HostName} host=${item.host || item.name} domain=${item.domain} />` : html`<bdi>${defangText(item.name.slice(0, 300))}</bdi>`}</a>
  ${item.name !== item.host && item.host && html`<span class="case-host"><${HostName} host=${item.host} domain=${item.domain} /></span>`}</span>`

/** The picture that stands for a case, small. Its address names its hash, so that the browser keeps it. */
export const Capture = ({ item }) => item.capture ? html`<span class="capture has" title=${t('capture.has')}><img class="site-picture" src=${url(`/cases/${item.id}/picture`, { v: item.capture.slice(0, 16) })} alt=${t('capture.has')} loading="lazy" decoding="async" width="32" height="22" /></span>` : html`<span class="capture" title=${t('capture.none')}><span class="sr">${t('capture.none')}</span></span>`

const CELLS = {
  id: (item) => html`<span class="num">${item.id}</span>`,
  capture: (item) => html`<${Capture} item=${item} />`,
  name: (item) => html`<${CaseName} item=${item} />`,
  first_seen: (item) => html`<${Time} at=${item.first_seen} shape="short" />`,
  actor: (item) => item.actor ? html`<span>${item.actor.name}</span>` : html`<span class="dim">–</span>`,
  target: (item) => html`<${Target} target=${item.target} />`,
  state: (item) => html`<${State} state=${item.state} />`,
  reported_by: (item) => html`<${Who} login=${item.reported_by} />`,
  score: (item) => html`<${Score} score=${item.score} />`,
  clock: (item) => html`<${Due} at=${item.due} clock=${item.due_clock} breached=${item.breached} />`,
  kind: (item) => html`<${Kind} kind=${item.kind} />`,
  campaign: (item) => item.campaign ? html`<a href=${href(`/campaign/${item.campaign.id}`)}>${defangText(item.campaign.name)} <span class="dim num">${number(item.campaign.cases)}</span></a>` : html`<span class="dim">–</span>`,
  labels: (item) => html`<span class="labels">${(item.labels || []).map((label) => html`<span class="tag">${label}</span>`)}</span>`,
  assignee: (item) => item.assignee ? html`<span>${item.assignee}</span>` : html`<span class="dim">–</span>`,
  source: (item) => html`<span>${sourceName(item.source)}</span>`,
  domain: (item) => html`<${HostName} host=${item.domain} domain=${item.domain} />`,
  urls: (item) => html`<span class="num">${item.urls}</span>`,
  opened: (item) => html`<${Time} at=${item.opened} />`,
  updated: (item) => html`<${Ago} at=${item.updated} />`,
  last_seen: (item) => html`<${Ago} at=${item.last_seen} />`,
}

/** @param {{ items: any[], columns: string[], chosen: Set<number>, fresh: Set<number>, sort: string, onSort?: Function, onToggle?: Function, onToggleAll?: Function, onDelete?: Function|false }} props */
export function CaseTable({ items, columns, chosen, fresh, sort, onSort, onToggle, onToggleAll, onDelete }) {
  const all = chosen && items.length > 0 && chosen.size === items.length
  return html`<div class="table-box" tabindex="0" role="region" aria-label=${t('board.title')}><table class="cases">
    <thead><tr>${onToggle && html`<th class="col-check"><input type="checkbox" aria-label=${t('bulk.choose_page')} checked=${all} ref=${(box) => { if (box) box.indeterminate = !all && chosen.size > 0 }} onChange=${(event) => onToggleAll(event.target.checked)} /></th>`}
      ${columns.map((name) => { const field = onSort && sortable[name]; const order = sort === field ? 'ascending' : sort === `-${field}` ? 'descending' : undefined
        return html`<th scope="col" class=${`col-${name}`} aria-sort=${field ? order : undefined}>${field ? html`<button type="button" class="sort" onClick=${() => onSort(field)}>${t(`column.${name}`)}${order && html`<${Icon} name=${order === 'ascending' ? 'up' : 'down'} size=${12} />`}</button>` : t(`column.${name}`)}</th>` })}
      ${onDelete && html`<th scope="col" class="col-delete"><span class="sr">${t('column.delete')}</span></th>`}</tr></thead>
    <tbody>${items.map((item, index) => html`<tr key=${item.id} class=${`${chosen?.has(item.id) ? 'chosen' : ''} ${fresh?.has(item.id) ? 'fresh' : ''} ${item.deleted ? 'deleted' : ''}`}>
      ${onToggle && html`<td class="col-check"><input type="checkbox" aria-label=${t('bulk.choose_one', { id: item.id })} checked=${chosen.has(item.id)} onClick=${(event) => { onToggle(index, event.shiftKey) }} /></td>`}
      ${columns.map((name) => html`<td class=${`col-${name}`}>${CELLS[name](item)}${name === 'name' && html`<span class="row-acts"><${Exact} text=${item.url || item.host || item.name} /></span>`}</td>`)}
      ${onDelete && html`<td class="col-delete"><button type="button" class="icon-button" title=${t('act.delete')} aria-label=${t('delete.one', { id: item.id })} onClick=${() => onDelete(item)}><${Icon} name="trash" /></button></td>`}</tr>`)}</tbody></table></div>`
}

export const CaseCards = ({ items, chosen, fresh, onToggle }) => html`<ul class="cards">${items.map((item, index) => html`<li key=${item.id} class=${`card ${chosen?.has(item.id) ? 'chosen' : ''} ${fresh?.has(item.id) ? 'fresh' : ''}`}>
  ${onToggle && html`<span class="card-check"><input type="checkbox" aria-label=${t('bulk.choose_one', { id: item.id })} checked=${chosen.has(item.id)} onClick=${(event) => onToggle(index, event.shiftKey)} /></span>`}
  <div class="card-body"><div class="card-top"><span class="num dim">${item.id}</span><${State} state=${item.state} /><${Due} at=${item.due} clock=${item.due_clock} breached=${item.breached} /></div>
    <div class="card-middle">${item.capture && html`<${Capture} item=${item} />`}<${CaseName} item=${item} /></div>
    <div class="card-bottom">${item.target && html`<${Target} target=${item.target} />`}<span class="dim">${tf('kind', item.kind)}</span><${Ago} at=${item.first_seen} /><${Who} login=${item.reported_by} />${item.score > 0 && html`<${Score} score=${item.score} />`}</div></div></li>`)}</ul>`
