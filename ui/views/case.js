/** views/case: one case: what it is and why we think so, what can be done, everything that happened, what belongs to it. */
import { html, useEffect, useState } from '../lib/ui.js'
import { del, get, patch, post, put } from '../lib/api.js'
import { t, tf } from '../lib/i18n.js'
import { fromInput, toInput } from '../lib/format.js'
import { href } from '../lib/router.js'
import { attempt, can, done, list, loadCounters, people, user } from '../lib/store.js'
import { useKeys } from '../lib/keys.js'
import { useLive, useLoad, useTitle } from '../lib/hooks.js'
import { act, didAct, edit, label, remove } from '../lib/cases.js'
import { ACTS, CLOCKS, ENDING, HAND_CLOCKS } from '../lib/names.js'
import { defangText } from '../lib/defang.js'
import { Ask } from '../parts/ask.js'
import { ErrorBox, Head, Icon, Skeleton } from '../parts/basics.js'
import { FormDialog } from '../parts/dialog.js'
import { Menu } from '../parts/menu.js'
import { Check, Select, Text, fieldsOf } from '../parts/form.js'
import { Exact, HostName, UrlText } from '../parts/host-name.js'
import { Timeline } from '../parts/timeline.js'
import { Evidence } from '../parts/evidence.js'
import { Takedown } from '../parts/takedown.js'
import { Contacts, Enrichment, Keys } from '../parts/enrichment.js'
import { Watch } from '../parts/watch.js'
import { Due, Elapsed, Kind, Score, State, Target, Time, Who, level, reasonText, sourceName } from '../parts/status.js'

const Panel = ({ title, count, acts, children }) => html`<section class="panel" aria-label=${title}><header><h2>${title}${count ? html` <span class="dim num">${count}</span>` : ''}</h2>${acts && html`<div class="acts">${acts}</div>`}</header><div class="panel-body">${children}</div></section>`

/** The steps from the first sighting to the end; each with the time that it took. */
const Clocks = ({ item }) => html`<ol class="clocks" tabindex="0" aria-label=${t('case.clocks')}>
  <li class="clock done"><b>${t('clocks.detected')}</b><${Time} at=${item.detected} /></li>
  ${CLOCKS.filter((name) => item.clocks?.[name] || ['triaged', 'confirmed', 'reported', 'down', 'closed'].includes(name)).map((name) => html`<li class=${`clock ${item.clocks?.[name] ? 'done' : ''}`}><b>${tf('clocks', name)}</b>${item.clocks?.[name] ? html`<span title=${t('clocks.after')}>+<${Elapsed} from=${item.detected} to=${item.clocks[name]} /></span>` : html`<span aria-label=${t('clocks.not_yet')}>–</span>`}</li>`)}</ol>`

function Facts({ item }) {
  const rows = [
    ['case.target', html`<${Target} target=${item.target} />${item.service ? html` <span class="tag">${item.service}</span>` : ''}`], ['case.kind', html`<${Kind} kind=${item.kind} />`],
    ['case.actor', item.actor ? html`<a href=${href('/cases', { q: `actor:${item.actor.key}` })}>${item.actor.name}</a>` : '–'],
    ['case.campaign', item.campaign ? html`<a href=${href(`/campaign/${item.campaign.id}`)}>${defangText(item.campaign.name)}</a> <span class="dim num">${t('n_cases', { n: item.campaign.cases })}</span>` : '–'],
    ['case.domain', html`<${HostName} host=${item.domain} domain=${item.domain} />`], ['case.first_seen', html`<${Time} at=${item.first_seen} />`], ['case.opened', html`<${Time} at=${item.opened} />`], ['case.last_seen', html`<${Time} at=${item.last_seen} />`],
    ['case.source', sourceName(item.source)], ['case.reported_by', html`<${Who} login=${item.reported_by} />`], ['case.assignee', item.assignee || '–'],
    ['case.gsb', item.gsb_type ? tf('gsb', item.gsb_type) : '–'], ['case.ticket', item.ticket_type ? tf('gsb', item.ticket_type) : t('ticket.none')], ['case.wants', item.wants?.length ? item.wants.map((want) => tf('want', want)).join(', ') : '–'],
    ...(item.waves?.length ? [['case.wave', html`<ul class="plain">${item.waves.map((wave) => html`<li key=${wave.id}><a href=${href(`/bell/wave/${wave.id}`)}>${t('wave.title', { id: wave.id })}</a> <${Time} at=${wave.first} /> <span class="dim">${t('wave.commands', { n: wave.commands })} · ${t('wave.numbers', { n: wave.numbers })}</span></li>`)}</ul>`]] : []),
    ...(item.scope_rule ? [['case.scope_rule', item.scope_rule]] : []),
  ]
  return html`<dl class="facts">${rows.map(([key, value]) => html`<dt>${t(key)}</dt><dd>${value}</dd>`)}</dl>`
}

/** One field and a button. */
function Adder({ name, placeholder, button, run, ...more }) {
  const [text, setText] = useState('')
  return html`<form class="inline-form" onSubmit=${async (event) => { event.preventDefault(); if (text.trim() && await attempt(() => run(text.trim()))) setText('') }}>
    <input aria-label=${placeholder} placeholder=${placeholder} name=${name} value=${text} onInput=${(event) => setText(event.target.value)} autocomplete="off" spellcheck="false" ...${more} /><button type="submit" class="button">${button}</button></form>`
}

function Tasks({ item, reload }) {
  const move = (task, name) => attempt(async () => { await post(`/tasks/${task.id}/acts`, { act: name }, { version: task.version }); reload() })
  const templates = list('task-templates').filter((row) => row.state !== 'retired')
  return html`<${Panel} title=${t('case.tasks')} count=${item.tasks?.filter((task) => task.state === 'open').length} acts=${can.write && templates.length > 0 && html`<${Menu} class="button small" icon="tasks" label=${t('task.template')} right
      items=${templates.map((row) => ({ label: row.name, run: () => attempt(async () => { await post(`/cases/${item.id}/tasks`, { template: row.key }); reload() }) }))} />`}>
    <ul class="rows">${(item.tasks || []).map((task) => html`<li key=${task.id}><input type="checkbox" aria-label=${task.title} checked=${task.state === 'done'} disabled=${!can.write || task.state === 'dropped'} onChange=${() => move(task, task.state === 'done' ? 'reopen' : 'finish')} />
      <span class=${`grow ${task.state !== 'open' ? 'done-task' : ''}`}>${defangText(task.title)}${task.assignee && html` <span class="dim">${task.assignee}</span>`}</span>${task.due && task.state === 'open' && html`<${Due} at=${task.due} clock="task" />`}
      ${can.write && html`<${Menu} class="icon-button" icon="more" title=${t('task.menu', { title: task.title.slice(0, 40) })} right items=${[task.state === 'open' ? { label: t('task.drop'), run: () => move(task, 'drop') } : { label: t('task.reopen'), run: () => move(task, 'reopen') },
        { label: t('task.take'), run: () => attempt(async () => { await patch(`/tasks/${task.id}`, { assignee: user.value.login }, { version: task.version }); reload() }) }]} />`}</li>`)}</ul>
    ${(item.tasks || []).length === 0 && html`<p class="dim">${t('task.none')}</p>`}
    ${can.write && html`<${Adder} name="task" placeholder=${t('task.new')} button=${t('add')} maxlength="300" run=${async (title) => { await post(`/cases/${item.id}/tasks`, { title }); reload() }} />`}<//>`
}

function Labels({ item, reload, change }) {
  return html`<${Panel} title=${t('case.labels')}>${(item.labels || []).length === 0 && !can.write && html`<p class="dim">${t('label.none')}</p>`}<ul class="labels">${(item.labels || []).map((name) => html`<li class="tag"><a href=${href('/cases', { q: `label:${name}` })}>${name}</a>${can.write && html` <button type="button" aria-label=${t('label.remove', { name })} onClick=${() => change(() => label(item, name, false))}>×</button>`}</li>`)}</ul>
    ${can.write && html`<${Adder} name="label" placeholder=${t('ask.label.name')} button=${t('add')} maxlength="40" run=${async (name) => { await label(item, name.toLowerCase(), true); reload() }} />`}<//>`
}

function Urls({ item, reload }) {
  const [chosen, choose] = useState(new Set())
  const split = () => attempt(async () => {
    const answer = await post(`/cases/${item.id}/split`, { urls: [...chosen] }, { version: item.version })
    choose(new Set())
    reload()
    const id = answer.merge?.id ?? answer.merge
    done(t('split.did', { n: chosen.size, id: answer.case?.id ?? '' }), id ? { label: t('undo'), run: async () => { await post(`/merges/${id}/undo`); reload() } } : undefined)
  })
  const urls = item.case_urls || []
  return html`<${Panel} title=${t('case.urls')} count=${urls.length} acts=${chosen.size > 0 && chosen.size < urls.length && html`<button type="button" class="button small" onClick=${split}>${t('split.do', { n: chosen.size })}</button>`}>
    <ul class="rows">${urls.map((row) => html`<li key=${row.id}>${can.write && urls.length > 1 && html`<input type="checkbox" aria-label=${t('split.choose')} checked=${chosen.has(row.id)} onChange=${() => { const next = new Set(chosen); if (!next.delete(row.id)) next.add(row.id); choose(next) }} />`}
      <span class="grow"><${UrlText} url=${row.url} /></span><span class="dim num" title=${t('url.times')}>×${row.times}</span><${Time} at=${row.last} /><${Exact} text=${row.url} /></li>`)}</ul>
    ${urls.length === 0 && html`<p class="dim">${t('url.none')}</p>`}
    ${can.write && html`<${Adder} name="url" placeholder=${t('url.new')} button=${t('add')} maxlength="8000" run=${async (url) => { await post(`/cases/${item.id}/urls`, { url }); reload() }} />`}<//>`
}

function Related({ item, reload }) {
  const cut = (other) => attempt(async () => { await del(`/cases/${item.id}/links/${other}`); reload() })
  return html`<${Panel} title=${t('case.related')} count=${item.related?.length}><ul class="rows">${(item.related || []).map(({ case: other, by }) => html`<li key=${other.id}><span class="num dim">${other.id}</span><span class="grow"><a href=${href(`/case/${other.id}`)}>${defangText(other.name).slice(0, 120)}</a><br />
      <span class="labels">${by.map((kind) => html`<span class="tag">${tf('key', kind)}</span>`)}</span></span><${State} state=${other.state} />${can.write && by.includes('link') && html`<button type="button" class="icon-button" aria-label=${t('related.cut', { id: other.id })} onClick=${() => cut(other.id)}><${Icon} name="close" size=${14} /></button>`}</li>`)}</ul>
    ${(item.related || []).length === 0 && html`<p class="dim">${t('related.none')}</p>`}
    ${can.write && html`<${Adder} name="other" placeholder=${t('related.new')} button=${t('related.link')} inputmode="numeric" pattern="[0-9]+" run=${async (other) => { await put(`/cases/${item.id}/links/${other}`); reload() }} />`}
    ${(item.merges || []).filter((row) => !row.undone).map((row) => html`<p class="hint">${t(`merge.was.${row.act}`, { from: row.from, into: row.into })} ${can.write && html`<button type="button" class="link" onClick=${() => attempt(async () => { await post(`/merges/${row.id}/undo`); done(t('merge.undone')); reload() })}>${t('undo')}</button>`}</p>`)}<//>`
}

function HandClock({ item, onClose, onDone }) {
  return html`<${FormDialog} title=${t('clocks.set')} label=${t('save')} onClose=${onClose} submit=${async (form) => {
    const { clock, at, clear } = fieldsOf(form)
    await edit(item, { [clock]: clear ? null : fromInput(at) })
    done(t('saved'))
    onDone()
  }}><${Select} name="clock" label=${t('clocks.which')} options=${HAND_CLOCKS.map((name) => [name, tf('clocks', name)])} first /><${Text} name="at" type="datetime-local" label=${t('clocks.at')} value=${toInput(new Date().toISOString())} /><${Check} name="clear" label=${t('clocks.clear')} /><//>`
}

export default function Case({ id }) {
  const { data: item, error, reload, set } = useLoad((signal) => get(`/cases/${id}`, {}, signal), [id])
  const [asking, ask] = useState(null)
  const [seen, setSeen] = useState(0) // how often the timeline is to be loaded again
  useTitle(item ? `${item.id} ${defangText(item.name).slice(0, 80)}` : t('case.title', { id }))
  const again = () => { reload(); setSeen((n) => n + 1); loadCounters() }
  useLive((event) => event.type === 'change' && String(event.data.case_id) === String(id), again, 300)
  useEffect(() => { for (const login of [item?.assignee, item?.reported_by]) if (login && login !== 'auto') people.add(login) }, [item])
  /** Runs a change; somebody faster is told and the new state is shown. */
  const change = async (run) => { try { const answer = await run(); if (answer?.may) set(answer); again() } catch (caught) { if (caught.status === 412) again(); attempt(() => { throw caught }) } }
  const doAct = (name, note) => change(async () => { const answer = await act(item, name, note); didAct(answer, item, name, again); return answer })
  // The forms of the board want to hear of failures themselves.
  const doActStrict = async (name, note) => { didAct(await act(item, name, note), item, name, again); again() }
  const start = (name) => ENDING.includes(name) ? ask({ what: name }) : doAct(name)
  const may = ACTS.filter((name) => can.write && item?.may?.includes(name))
  useKeys('keys.case', [
    ['e', can.write && 'keys.edit', () => item && can.write && ask({ what: 'edit' })], ['a', can.write && 'keys.assign', () => item && can.write && change(() => edit(item, { assignee: user.value.login }))],
    ...[['t', 'triage'], ['c', 'confirm'], ['d', 'dismiss']].map(([key, name]) => [key, may.includes(name) && `act.${name}`, () => { if (may.includes(name)) start(name) }]),
    ['l', can.write && 'keys.label', () => document.querySelector('[name=label]')?.focus()], ['i', can.write && 'keys.comment', () => document.querySelector('[name=comment]')?.focus()], ['m', can.write && 'keys.merge', () => item && can.write && ask({ what: 'merge' })], ['u', 'keys.back', () => history.back()],
  ])
  if (error && !item) return html`<div class="page"><${Head} title=${t('case.title', { id })} /><${ErrorBox} error=${error} retry=${reload}>${error.status === 404 && html`<a class="button" href=${href('/cases')}>${t('nowhere.back')}</a>`}<//></div>`
  if (!item) return html`<${Skeleton} rows=${12} label=${t('loading')} />`
  const [primary, ...others] = may
  return html`<div class="page">
    <header class=${`verdict verdict-${level(item.score)}`} data-version=${item.version}>
      ${item.deleted && html`<p class="errorbox" role="status"><span>${t('case.deleted')}</span>${can.write && html`<button type="button" class="button" onClick=${() => change(() => post(`/cases/${item.id}/restore`))}>${t('act.restore')}</button>`}</p>`}
      ${item.merged_into && html`<p>${t('case.merged')} <a href=${href(`/case/${item.merged_into}`)}>${item.merged_into}</a></p>`}
      <h1 tabindex="-1"><span class="num dim">${item.id}</span> ${item.name === item.host || !item.name ? html`<${HostName} host=${item.host || item.name} domain=${item.domain} />` : html`<bdi>${defangText(item.name)}</bdi>`}${(item.url || item.host) && html`<${Exact} text=${item.url || item.host} label=${t('copy.url')} />`}</h1>
      ${item.name !== item.host && item.host && html`<p><${HostName} host=${item.host} domain=${item.domain} /></p>`}
      <div class="verdict-line"><${State} state=${item.state} /><span><b>${item.score ? t(`verdict.${level(item.score)}`) : t('score.none')}</b> ${item.score > 0 && html`<${Score} score=${item.score} />`}</span>${item.target && html`<${Target} target=${item.target} />`}${(item.due || item.breached) && html`<${Due} at=${item.due} clock=${item.due_clock} breached=${item.breached} />`}<span class="dim">${t('case.age')} <${Elapsed} from=${item.detected} to=${item.clocks?.closed} /></span></div>
      ${item.reasons?.length > 0 && html`<ul class="reasons" aria-label=${t('case.reasons')}>${item.reasons.map((reason) => html`<li>${reasonText(reason)}</li>`)}</ul>`}
      <div class="verdict-acts">${primary && html`<button type="button" class="button primary" onClick=${() => start(primary)}>${tf('act', primary)}</button>`}${others.map((name) => html`<button type="button" class="button" onClick=${() => start(name)}>${tf('act', name)}</button>`)}
        ${can.write && html`<button type="button" class="button" onClick=${() => ask({ what: 'edit' })}>${tf('act', 'edit')}</button>
        <${Menu} class="button" icon="more" title=${t('bulk.more')} items=${[{ label: t('act.assign'), icon: 'account', run: () => change(() => edit(item, { assignee: user.value.login })) }, { label: t('act.merge'), icon: 'merge', run: () => ask({ what: 'merge' }) }, { label: t('clocks.set'), icon: 'status', run: () => ask({ what: 'clock' }) }, { label: t('print'), icon: 'print', run: () => print() }, null,
          { label: t('act.delete'), icon: 'trash', danger: true, run: () => remove([item.id], again) }]} />`}</div>
      <${Clocks} item=${item} />
    </header>
    <div class="case-grid"><div class="column"><${Urls} item=${item} reload=${again} /><${Takedown} item=${item} /><${Evidence} item=${item} reload=${again} /><${Enrichment} item=${item} /><${Timeline} id=${item.id} seen=${seen} onChange=${again} /></div>
      <div class="column"><${Watch} item=${item} /><${Panel} title=${t('case.facts')}><${Facts} item=${item} /><//><${Labels} item=${item} reload=${again} change=${change} /><${Tasks} item=${item} reload=${again} /><${Contacts} item=${item} /><${Keys} item=${item} /><${Related} item=${item} reload=${again} /></div></div>
    ${asking?.what === 'clock' ? html`<${HandClock} item=${item} onClose=${() => ask(null)} onDone=${again} />` : asking && html`<${Ask} what=${asking.what} cases=${[item]} select=${{ ids: [item.id] }} onClose=${() => ask(null)} onDone=${again} act=${doActStrict} />`}</div>`
}
