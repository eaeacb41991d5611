/** parts/enrichment: where a case's site lies and who could take it down: facts with source and time, what they were before, contacts, and the keys that other cases share. */
import { html } from '../lib/ui.js'
import { get, post } from '../lib/api.js'
import { t, tf } from '../lib/i18n.js'
import { percent } from '../lib/format.js'
import { href } from '../lib/router.js'
import { attempt, can, done } from '../lib/store.js'
import { useLive, useLoad } from '../lib/hooks.js'
import { PIVOTS } from '../lib/names.js'
import { defangHost, defangText } from '../lib/defang.js'
import { ErrorBox, Icon, Skeleton, copy } from './basics.js'
import { HostName } from './host-name.js'
import { Time } from './status.js'

const ACTS = ['case.fact', 'case.fact_changed', 'case.enrich']
/** Kinds whose values are names or addresses: every dot of them is defanged. */
const HOSTS = ['dns.a', 'dns.aaaa', 'dns.cname', 'dns.ns', 'dns.mx', 'reg.ns']
/** What is said of the case itself elsewhere on the page. */
const OWN = ['url', 'host', 'domain']

/** A list of all cases that have the same: `key:favicon=ab12`. */
export const Others = ({ kind, value }) => html`<a class="others small" href=${href('/cases', { q: `key:${/[\s,"]/.test(value) ? `"${kind}=${value.replace(/[\\"]/g, '\\$&')}"` : `${kind}=${value}`}` })} aria-label=${`${t('others.find')}: ${tf('key', kind)} ${defangHost(value).slice(0, 40)}`}>${t('others.find')}</a>`

const shown = (fact) => HOSTS.includes(fact.kind) ? defangHost(fact.value) : defangText(fact.value)
const Value = ({ fact }) => html`<li><bdi class=${fact.kind === 'tls.certificate' ? 'hash' : ''}>${shown(fact).slice(0, 400)}</bdi>
  <span class="dim small fact-source">${defangText(fact.source)} · ${fact.gone ? html`<${Time} at=${fact.first} /> – <${Time} at=${fact.gone} />` : html`${t('fact.since')} <${Time} at=${fact.first} />`}</span>
  ${PIVOTS[fact.kind] && html`<${Others} kind=${PIVOTS[fact.kind]} value=${fact.value} />`}</li>`

/** Rows by a member, in the order in which they come. */
function grouped(rows, member) {
  const groups = new Map()
  for (const row of rows) groups.set(row[member], [...(groups.get(row[member]) || []), row])
  return [...groups]
}

function Subject({ name, facts }) {
  const gone = facts.filter((fact) => fact.gone)
  return html`<section class="subject" aria-label=${defangHost(name)}><h3><${HostName} host=${name} /></h3>
    <dl class="facts">${grouped(facts.filter((fact) => !fact.gone), 'kind').map(([kind, rows]) => html`<dt>${tf('fact', kind)}</dt><dd><ul>${rows.map((fact) => html`<${Value} key=${fact.id} fact=${fact} />`)}</ul></dd>`)}</dl>
    ${gone.length > 0 && html`<details><summary>${t('fact.history')} <span class="dim num">${gone.length}</span></summary><dl class="facts">${grouped(gone, 'kind').map(([kind, rows]) => html`<dt>${tf('fact', kind)}</dt><dd><ul>${rows.map((fact) => html`<${Value} key=${fact.id} fact=${fact} />`)}</ul></dd>`)}</dl></details>`}</section>`
}

export function Enrichment({ item }) {
  const { data, error, reload } = useLoad((signal) => get(`/cases/${item.id}/facts`, {}, signal), [item.id])
  useLive((event) => event.type === 'change' && event.data.case_id === item.id && ACTS.includes(event.data.act), reload, 300)
  const ask = () => attempt(async () => { await post(`/cases/${item.id}/enrich`); done(t('enrich.asked')) })
  const rank = (name) => [item.host, item.domain].indexOf(name) + 1 || 3
  const subjects = grouped(data?.items || [], 'subject').sort(([a], [b]) => rank(a) - rank(b))
  return html`<section class="panel" aria-label=${t('enrich.title')}><header><h2>${t('enrich.title')}</h2><div class="acts">${can.write && item.host && html`<button type="button" class="button small" onClick=${ask}><${Icon} name="reload" />${t('enrich.do')}</button>`}</div></header>
    <div class="panel-body">${error ? html`<${ErrorBox} error=${error} retry=${reload} />` : !data ? html`<${Skeleton} rows=${4} />` : subjects.length === 0 ? html`<p class="dim">${item.host ? t('enrich.none') : t('enrich.no_host')}</p>`
      : subjects.map(([name, facts]) => html`<${Subject} key=${name} name=${name} facts=${facts} />`)}</div></section>`
}

export function Contacts({ item }) {
  const { data, error, reload } = useLoad((signal) => get(`/cases/${item.id}/contacts`, {}, signal), [item.id])
  useLive((event) => event.type === 'change' && event.data.case_id === item.id && ACTS.includes(event.data.act), reload, 300)
  return html`<section class="panel" aria-label=${t('contacts.title')}><header><h2>${t('contacts.title')}</h2></header>
    <div class="panel-body">${error ? html`<${ErrorBox} error=${error} retry=${reload} />` : !data ? html`<${Skeleton} rows=${2} />` : data.items.length === 0 ? html`<p class="dim">${t('contacts.none')}</p>`
      : html`<ul class="rows">${data.items.map((row) => html`<li key=${`${row.kind} ${row.address}`}><span class="grow"><b>${tf('contact', row.kind)}</b> ${defangText(row.name)}<br /><bdi>${defangText(row.address)}</bdi> <button type="button" class="icon-button" title=${t('contacts.copy')} aria-label=${`${t('contacts.copy')}: ${defangText(row.address).slice(0, 80)}`} onClick=${() => copy(row.address, () => done(t('copied')))}><${Icon} name="copy" size=${14} /></button><br /><span class="dim small">${defangHost(row.subject)} · ${defangText(row.source)} · <${Time} at=${row.at} /></span></span>
        <span class="num" title=${t('contacts.confidence')}><span class="sr">${t('contacts.confidence')} </span>${percent(row.confidence)} %</span></li>`)}</ul>`}</div></section>`
}

/** What the case shares, or could share, with others: hashes of its pages, addresses, names. */
export function Keys({ item }) {
  const keys = (item.keys || []).filter((row) => !OWN.includes(row.kind))
  return html`<section class="panel" aria-label=${t('others.title')}><header><h2>${t('others.title')}</h2></header><div class="panel-body">${keys.length === 0 ? html`<p class="dim">${t('others.none')}</p>`
    : html`<ul class="rows">${keys.map((row) => html`<li key=${`${row.kind} ${row.key}`}><span class="grow">${tf('key', row.kind)}<br /><bdi class="hash">${(/^[0-9a-f]{32,}$/.test(row.key) ? `${row.key.slice(0, 24)}…` : ['address', 'nameserver', 'landing'].includes(row.kind) ? defangHost(row.key) : defangText(row.key)).slice(0, 120)}</bdi></span>
      <${Others} kind=${row.kind} value=${row.key} /><button type="button" class="icon-button" title=${t('copy.hash')} aria-label=${`${t('copy.hash')}: ${tf('key', row.kind)} ${defangHost(row.key).slice(0, 24)}`} onClick=${() => copy(row.key, () => done(t('copied')))}><${Icon} name="copy" size=${14} /></button></li>`)}</ul>`}</div></section>`
}
