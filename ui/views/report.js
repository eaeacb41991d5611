/** views/report: one report: exactly what is told to whom, what stands against it, who allowed it and when, what came back, and what comes next. On a phone: one report a screen, to approve. */
import { html, useEffect, useState } from '../lib/ui.js'
import { BASE, get, patch, post, url } from '../lib/api.js'
import { t, tf } from '../lib/i18n.js'
import { bytes, number } from '../lib/format.js'
import { go, href } from '../lib/router.js'
import { attempt, can, done, loadReportCounters } from '../lib/store.js'
import { useKeys } from '../lib/keys.js'
import { useLive, useLoad, useTitle } from '../lib/hooks.js'
import { defangHost, defangText, visible } from '../lib/defang.js'
import { readMail } from '../lib/mail.js'
import { actOn, queue } from '../lib/reports.js'
import { ErrorBox, Head, Icon, Skeleton, copy } from '../parts/basics.js'
import { FormDialog } from '../parts/dialog.js'
import { Area, Text } from '../parts/form.js'
import { Exact, HostName, Prose, UrlText } from '../parts/host-name.js'
import { lazy } from '../parts/lazy.js'
import { HashText } from '../parts/evidence.js'
import { Content, RState, Recipient, Why, stopText } from '../parts/report.js'
import { Due, Elapsed, State, Target, Time, Who } from '../parts/status.js'

const Approve = lazy(() => import('../parts/approve.js'), (module) => module.Approve)

/** The likeliest first; what goes out before what is only said. */
const ORDER = ['approve', 'send', 'undo', 'requeue', 'edit', 'acknowledge', 'action', 'reject', 'bounce', 'expire', 'refuse', 'drop']
const PLAIN = ['undo']
const TENS = 10

const Panel = ({ title, count, acts, children }) => html`<section class="panel" aria-label=${title}><header><h2>${title}${count ? html` <span class="dim num">${count}</span>` : ''}</h2>${acts && html`<div class="acts">${acts}</div>`}</header><div class="panel-body">${children}</div></section>`

const Against = ({ item }) => item.holds.length === 0 ? null : html`<section class="panel against" aria-label=${t('report.against')}><header><h2>${t('report.against')}</h2></header><div class="panel-body"><ul class="holds">${item.holds.map((hold) => html`<li class=${`hold-line hold-${hold.how}`}><span class="mark" aria-hidden="true"></span><span><b>${stopText(hold)}</b><br /><span class="dim small">${t(`hold.${hold.how}`)}</span></span></li>`)}</ul></div></section>`

/** Handed in by a person: the addresses in tens, as the forms of the other side take them. */
function Assisted({ item }) {
  const groups = []
  for (let i = 0; i < item.urls.length; i += TENS) groups.push(item.urls.slice(i, i + TENS))
  const form = item.request?.url
  return html`<${Panel} title=${t('assisted.title')}><p class="hint">${t('assisted.hint')}</p>
    ${form && html`<p class="assisted-form"><b>${t('assisted.form')}</b> <${UrlText} url=${form} /> <${Exact} text=${form} label=${t('assisted.copy_form')} /></p>`}
    <ol class="tens">${groups.map((group, i) => html`<li><button type="button" class="button" onClick=${() => copy(group.map((one) => one.url).join('\n'), () => done(t('copy.done')))}><${Icon} name="copy" />${t('assisted.copy', { from: i * TENS + 1, to: i * TENS + group.length })}</button></li>`)}</ol><//>`
}

const Sites = ({ item }) => html`<${Panel} title=${t('report.sites')} count=${item.urls.length}><ul class="rows report-sites" tabindex="0" aria-label=${t('report.sites')}>${item.urls.map((one) => html`<li><a class="num dim" href=${href(`/case/${one.case_id}`)}>${one.case_id}</a><span class="grow"><${UrlText} url=${one.url} /></span><${State} state=${one.state} /><${Exact} text=${one.url} /></li>`)}</ul><//>`

export const Letter = ({ letter, children }) => html`<article class=${`letter letter-${letter.class}`} aria-label=${defangText(letter.subject).slice(0, 100)}><header><span class=${`tag class-${letter.class}`}>${tf('letter.class', letter.class)}</span><b>${defangText(letter.subject).slice(0, 200)}</b><${Time} at=${letter.at} /></header>
  <p class="small dim">${t('letter.from')} <bdi>${defangText(letter.sender)}</bdi>${letter.number && html` · ${t('letter.number')} <span class="hash">${visible(letter.number)}</span>`}${letter.matched && html` · ${tf('letter.matched', letter.matched)}`}${letter.proof && html` · ${tf('letter.proof', letter.proof)}`}</p>
  <div class="letter-body"><${Prose} text=${letter.text ?? letter.begin} /></div><div class="letter-acts"><a class="button small" href=${`${BASE}/letters/${letter.id}/content`} download>${t('letter.save')}</a>${children}</div></article>`

function Receipts({ item }) {
  return html`<${Panel} title=${t('receipt.title')} count=${item.receipts.length}>${item.receipts.length === 0 ? html`<p class="dim">${t('receipt.none')}</p>` : html`<div class="table-scroll" tabindex="0" role="group" aria-label=${t('receipt.title')}><table class="table"><thead><tr>${['receipt.begun', 'receipt.act', 'receipt.how', 'receipt.status', 'receipt.took', 'receipt.answer'].map((key) => html`<th scope="col">${t(key)}</th>`)}</tr></thead>
    <tbody>${item.receipts.map((one) => html`<tr key=${one.id}><td><${Time} at=${one.begun} shape="second" /></td><td>${tf('receipt.do', one.act)}</td><td>${one.phase === 'ended' ? html`<span class=${['refused', 'closed', 'unsure'].includes(one.how) ? 'bad-text' : ''}>${tf('receipt.told', one.how)}</span>` : html`<span class="bad-text">${tf('receipt.phase', one.phase)}</span>`}${one.why && html`<br /><span class="small dim">${defangText(one.why).slice(0, 200)}</span>`}</td><td class="num">${one.status || '–'}</td><td>${one.ended ? html`<${Elapsed} from=${one.begun} to=${one.ended} />` : '–'}</td>
      <td>${one.answer ? html`<a class="button small" href=${`${BASE}/reports/${item.id}/receipts/${one.id}/answer?download=1`} download aria-label=${`${t('file.save')}: ${t('receipt.answer')} ${one.id}`}>${t('file.save')}</a>` : '–'}</td></tr>`)}</tbody></table></div>`}<//>`
}

const History = ({ item }) => html`<${Panel} title=${t('report.history')}><ol class="timeline">${[...item.history].reverse().map((entry) => html`<li key=${entry.seq}><span class="knot" aria-hidden="true"></span><div><div class="entry-head"><b><${Who} login=${entry.who} /></b><span>${tf('did', entry.act)}</span>${entry.via !== 'web' && html`<span class="via">${visible(entry.via)}</span>`}<${Time} at=${entry.at} shape="second" /></div>
  <p class="entry-data">${entry.data?.why ? html`${defangText(entry.data.why)} · ` : ''}${entry.data?.digest && html`<span class="hash">${entry.data.digest.slice(0, 16)}…</span>${entry.data.digest !== item.digest ? html` <span class="bad-text">${t('report.other_bytes')}</span>` : ''}`}</p></div></li>`)}</ol><//>`

const Ledger = ({ item }) => html`<${Panel} title=${t('report.ledger')} count=${item.ledger.length}><ul class="rows">${item.ledger.map((one) => html`<li key=${one.id} class=${one.id === item.id ? 'here' : ''}><a class="num" href=${href(`/report/${one.id}`)} aria-current=${one.id === item.id ? 'page' : undefined}>${one.id}</a><span class="grow"><${Recipient} item=${one} /><br /><span class="small dim">${tf('step', one.step)}${one.round > 1 ? ` · ${t('report.round', { n: one.round })}` : ''}${one.sent ? html` · ${t('report.sent')} <${Time} at=${one.sent} />` : ''}</span></span><${RState} state=${one.state} /></li>`)}</ul><//>`

function Facts({ item }) {
  const rows = [['report.proposer', html`<${Who} login=${item.proposer} />`], ['report.approver', item.approver ? html`<${Who} login=${item.approver} /> <${Time} at=${item.approved} />` : item.policy ? `${t('report.policy')} ${visible(item.policy)}` : '–'],
    ['report.drafted', html`<${Time} at=${item.drafted} />`], ['report.sent', html`<${Time} at=${item.sent} />`], ['report.acknowledged', html`<${Time} at=${item.acknowledged} />`], ['report.ended', html`<${Time} at=${item.ended} />`],
    ['report.next', item.due && ['sent', 'acknowledged'].includes(item.state) ? html`<${Due} at=${item.due} clock="answer" />` : '–'], ['report.subject', item.subject ? defangHost(item.subject) : '–'], ['report.lang', tf('report.lang', item.lang)],
    ['report.remote_id', item.remote_id ? html`<span class="hash">${visible(item.remote_id)}</span>` : '–'], ['report.remote_state', item.remote_state ? visible(item.remote_state) : '–'], ['report.tries', html`<span class="num">${number(item.tries)} / ${number(item.polls)}</span>`],
    ['report.token', html`<${HashText} hex=${item.token} />`], ...Object.entries(item.facts && typeof item.facts === 'object' ? item.facts : {}).slice(0, 20).map(([name, value]) => [null, defangText(typeof value === 'object' ? JSON.stringify(value) : String(value)).slice(0, 300), visible(name)])]
  return html`<${Panel} title=${t('case.facts')}><dl class="facts">${rows.map(([key, value, name]) => html`<dt>${key ? t(key) : name}</dt><dd>${value}</dd>`)}</dl>${item.facts?.picture && html`<figure class="seen"><figcaption class="small dim">${t('report.picture')}</figcaption><img class="site-picture" src=${url(`/reports/${item.id}/picture`, {})} alt=${t('report.picture')} loading="lazy" decoding="async" /></figure>`}<//>`
}

/** Other words for a draft: the subject and text of the letter as it is now. */
function Edit({ item, onClose, onDone }) {
  const { data, error } = useLoad((signal) => item.content ? get(`/reports/${item.id}/content`, {}, signal) : '', [item.id, item.content])
  if (error) return html`<${FormDialog} title=${tf('report.act', 'edit')} label=${t('close')} onClose=${onClose} submit=${async () => {}}><${ErrorBox} error=${error} /><//>`
  if (data === undefined) return null
  const mail = readMail(String(data))
  const subject = mail.headers.find(([name]) => name.toLowerCase() === 'subject')?.[1] || item.title
  return html`<${FormDialog} title=${tf('report.act', 'edit')} label=${t('save')} wide onClose=${onClose} submit=${async (form) => { onDone(await patch(`/reports/${item.id}`, { subject: form.subject.value.trim(), text: form.text.value.trim() }, { version: item.version })); done(t('report.edited')) }}>
    <p class="hint">${t('report.edit.hint')}</p><${Text} name="subject" label=${t('letter.subject')} value=${subject} required maxlength="300" first /><${Area} name="text" label=${t('letter.text')} value=${mail.text} required rows=${16} maxlength="50000" /><//>`
}

function Act({ act, item, onClose, onDone }) {
  const assisted = act === 'send' && item.way === 'assisted'
  return html`<${FormDialog} title=${tf('report.act', assisted ? 'handed' : act)} label=${tf('report.act', assisted ? 'handed' : act)} danger=${act === 'drop'} onClose=${onClose} submit=${async (form) => { onDone(await actOn(item, act, form.note.value.trim())); done(t('report.did', { id: item.id, act: tf('report.act', assisted ? 'handed' : act) })) }}>
    <p class="about">${t(`report.act_hint.${assisted ? 'handed' : act}`)}</p><${Text} name="note" label=${assisted ? t('assisted.number') : t('report.note')} maxlength="300" first /><//>`
}

function Sample({ item, onDone }) {
  const say = (good, note) => attempt(async () => { onDone(await post(`/reports/${item.id}/sample`, { good, ...(note ? { note } : {}) })); done(t(good ? 'sample.good.did' : 'sample.bad.did')) })
  const [asking, ask] = useState(false)
  return html`<section class="panel sample" aria-label=${t('sample.title')}><div class="panel-body"><p><b>${t('sample.title')}</b> ${t('sample.hint', { policy: visible(item.policy || '') })}</p><p class="row-of"><button type="button" class="button primary" onClick=${() => say(true)}><${Icon} name="check" />${t('sample.good')}</button><button type="button" class="button danger" onClick=${() => ask(true)}>${t('sample.bad')}</button></p></div>
    ${asking && html`<${FormDialog} title=${t('sample.bad')} label=${t('sample.bad')} danger onClose=${() => ask(false)} submit=${async (form) => { await say(false, form.note.value.trim()) }}><p class="about">${t('sample.bad.hint', { policy: visible(item.policy || '') })}</p><${Text} name="note" label=${t('report.note')} maxlength="300" first /><//>`}</section>`
}

export default function Report({ id }) {
  const { data: item, error, reload, set } = useLoad((signal) => get(`/reports/${id}`, {}, signal), [id])
  const [asking, ask] = useState(null)
  const [next, setNext] = useState(null)
  useTitle(item ? `${item.id} ${defangText(item.title).slice(0, 80)}` : t('report.title', { id }))
  useLive((event) => event.type === 'change' && (String(event.data.object_id) === String(id) && event.data.object === 'report' || event.data.object === 'letter' && item && event.data.case_id === item.case.id), reload, 300)
  const changed = (answer) => { if (answer?.may) set(answer); else reload(); loadReportCounters() }
  // The next one of the list that was looked at; without a list, the oldest that waits.
  useEffect(() => {
    const at = queue.ids.indexOf(Number(id))
    if (at >= 0) { setNext(queue.ids[at + 1] || null); return }
    if (can.approve) get('/reports', { waiting: 1, order: 'oldest', limit: 2 }).then((page) => setNext(page.items.map((one) => one.id).find((one) => one !== Number(id)) || null), () => {})
  }, [id, item?.state])
  const may = ORDER.filter((act) => item?.may.includes(act))
  const start = (act) => {
    if (!may.includes(act)) return
    if (PLAIN.includes(act)) attempt(async () => { changed(await actOn(item, act)); done(t('report.did', { id: item.id, act: tf('report.act', act) })) })
    else ask(act)
  }
  useKeys('keys.report', [['a', may.includes('approve') && 'report.act.approve', () => start('approve')], ['u', may.includes('undo') && 'report.undo', () => start('undo')], ['d', may.includes('drop') && 'report.act.drop', () => start('drop')], ['e', may.includes('edit') && 'report.act.edit', () => start('edit')],
    ['j', next && 'report.next_one', () => { if (next) go(`/report/${next}`) }], ['b', 'keys.back', () => history.back()]])
  if (error && !item) return html`<div class="page"><${Head} title=${t('report.title', { id })} /><${ErrorBox} error=${error} retry=${reload}>${error.status === 404 && html`<a class="button" href=${href('/reports')}>${t('nav.reports')}</a>`}<//></div>`
  if (!item) return html`<${Skeleton} rows=${12} label=${t('loading')} />`
  const [primary, ...others] = may
  const name = (act) => tf('report.act', act === 'send' && item.way === 'assisted' ? 'handed' : act)
  const self = item.state === 'drafted' && can.approve && !may.includes('approve')
  return html`<div class="page report-page">
    <header class=${`verdict rverdict-${item.state}`}><p class="verdict-line"><${RState} state=${item.state} /><span class="tag">${tf('step', item.step)}</span>${item.round > 1 && html`<span class="tag">${t('report.round', { n: item.round })}</span>`}${item.sample > 0 && html`<span class="tag">${tf('sample.state', item.sample)}</span>`}</p>
      <h1 tabindex="-1"><span class="num dim">${item.id}</span> <span>${defangText(item.title)}</span></h1>
      <p><${Recipient} item=${item} /></p>
      <p class="verdict-line"><a href=${href(`/case/${item.case.id}`)}><span class="num dim">${item.case.id}</span>${' '}<${HostName} host=${item.case.host || item.case.name} domain=${item.case.domain} /></a><${State} state=${item.case.state} />${item.target && html`<${Target} target=${item.target} />`}<span class="dim">${t('n_sites', { n: number(item.sites) })} · ${bytes(item.bytes)}</span></p>
      <${Why} item=${item} />${self && html`<p class="hint">${t('against.self')}</p>`}
      ${(may.length > 0 || next) && html`<div class="verdict-acts">${(primary || next) && html`<span class="report-bar">${primary && html`<button type="button" class=${`button big-touch ${primary === 'drop' ? '' : 'primary'}`} onClick=${() => start(primary)}>${name(primary)}</button>`}${next && html`<a class="button big-touch" href=${href(`/report/${next}`)}>${t('report.next_one')}<${Icon} name="right" /></a>`}</span>`}${others.map((act) => html`<button type="button" class="button" onClick=${() => start(act)}>${name(act)}</button>`)}</div>`}</header>
    ${item.may.includes('sample') && html`<${Sample} item=${item} onDone=${changed} />`}
    <${Against} item=${item} />
    <div class="case-grid"><div class="column">${item.way === 'assisted' && html`<${Assisted} item=${item} />`}<${Panel} title=${t('content.title')}><${Content} item=${item} /><//><${Sites} item=${item} />
        ${item.thread.length > 0 && html`<${Panel} title=${t('letter.thread')} count=${item.thread.length}>${item.thread.map((letter) => html`<${Letter} key=${letter.id} letter=${letter} />`)}<//>`}<${Receipts} item=${item} /></div>
      <div class="column"><${Facts} item=${item} /><${History} item=${item} /><${Ledger} item=${item} /></div></div>
    ${asking === 'approve' ? html`<${Approve} ids=${[item.id]} onClose=${() => ask(null)} onDone=${reload} />` : asking === 'edit' ? html`<${Edit} item=${item} onClose=${() => ask(null)} onDone=${changed} />` : asking && html`<${Act} act=${asking} item=${item} onClose=${() => ask(null)} onDone=${changed} />`}</div>`
}
