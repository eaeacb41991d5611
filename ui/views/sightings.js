/** views/sightings: what the watchers saw and nobody has looked at: one key each: c opens a case, i ignores. */
import { html, useEffect, useState } from '../lib/ui.js'
import { get, once, post } from '../lib/api.js'
import { t, tf } from '../lib/i18n.js'
import { total } from '../lib/format.js'
import { go, href, route, setParams } from '../lib/router.js'
import { attempt, can, done, loadCounters } from '../lib/store.js'
import { useKeys } from '../lib/keys.js'
import { useLive, useLoad, useTitle } from '../lib/hooks.js'
import { defangText } from '../lib/defang.js'
import { Empty, ErrorBox, Head, Icon, Kbd, Skeleton } from '../parts/basics.js'
import { Exact, HostName } from '../parts/host-name.js'
import { Ago, Score, Target, sourceName } from '../parts/status.js'

const STATES = ['new', 'attached', 'ignored']

export default function Sightings() {
  const params = route.value.params
  const state = STATES.includes(params.get('state')) ? params.get('state') : 'new'
  const q = params.get('q') || ''
  const sort = params.get('sort') || '-score'
  const after = params.get('after') || undefined
  const [chosen, choose] = useState(() => new Set())
  const [gone, setGone] = useState(() => new Set()) // acted on: taken away at once, before the server has answered
  const [waiting, setWaiting] = useState(0)
  const { data, error, busy, reload } = useLoad((signal) => get('/sightings', { q: `state:${state} ${q}`.trim(), sort, limit: 50, after }, signal), [state, q, sort, after])
  useTitle(t('nav.sightings'))
  useEffect(() => { choose(new Set()); setGone(new Set()); setWaiting(0) }, [data])
  // New ones wait behind a button: a list that moves under the finger makes mistakes.
  useLive((event) => event.type === 'change' && event.data.object === 'sighting' && !/ignore|restore|attach/.test(event.data.act), (events) => setWaiting((n) => n + events.length), 800)

  const items = (data?.items || []).filter((item) => !gone.has(item.id))
  const links = () => [...document.querySelectorAll('[data-row]')]
  const current = () => links().findIndex((link) => link.closest('li').contains(document.activeElement))
  const move = (step) => { const all = links(); const at = current(); all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + step))]?.focus() }
  const here = () => items[current()]
  /** After an act the next row has the focus: triage goes on by the same key. */
  const leave = (ids) => {
    const at = Math.max(0, current())
    setGone((old) => new Set([...old, ...ids]))
    choose((old) => new Set([...old].filter((id) => !ids.includes(id))))
    requestAnimationFrame(() => requestAnimationFrame(() => { const all = links(); if (all.length) all[Math.min(at, all.length - 1)].focus(); else reload() }))
  }
  const back = (ids) => setGone((old) => new Set([...old].filter((id) => !ids.includes(id))))
  const act = async (name, targets) => {
    const ids = targets.map((item) => item.id)
    if (!ids.length) return
    leave(ids)
    const ok = await attempt(async () => {
      if (name === 'case') {
        if (ids.length > 1) { const answer = await post('/sightings/bulk', { ids, act: 'case' }, { key: once() }); done(t('sighting.cases', { n: answer.done ?? ids.length })) } else {
          const answer = await post(`/sightings/${ids[0]}/case`, {}, { key: once() })
          const id = answer.case?.id ?? answer.case_id ?? answer.id
          done(t(`intake.how.${answer.how || 'opened'}.long`, { id }), { label: t('open'), run: () => go(`/case/${id}`) })
        }
      } else {
        if (ids.length > 1) await post('/sightings/bulk', { ids, act: name })
        else await post(`/sightings/${ids[0]}/acts`, { act: name }, { version: targets[0].version })
        const undo = { ignore: 'restore', restore: 'ignore' }[name]
        done(t(`sighting.did.${name}`, { n: ids.length }), { label: t('undo'), run: async () => { for (const id of ids) await post(`/sightings/${id}/acts`, { act: undo }); back(ids); reload() } })
      }
      loadCounters()
    })
    if (ok === false) back(ids)
  }
  const subject = () => chosen.size ? items.filter((item) => chosen.has(item.id)) : here() ? [here()] : []
  const toggle = (item) => { const next = new Set(chosen); if (!next.delete(item.id)) next.add(item.id); choose(next) }
  useKeys('keys.sightings', [
    ['j | ArrowDown', 'keys.next', () => move(1)], ['k | ArrowUp', 'keys.previous', () => move(-1)], ['x', 'keys.choose', () => { if (here()) toggle(here()) }], ['o | Enter', 'keys.open', () => links()[current()]?.click()],
    ...(can.write ? [['c', 'sighting.case', () => act('case', subject())], ['i', 'sighting.ignore', () => act(state === 'ignored' ? 'restore' : 'ignore', subject())]] : []), ['r', 'keys.reload', reload],
  ])
  return html`<div class="page"><${Head} title=${t('nav.sightings')} count=${total(data?.total)} sub=${html`${t('sighting.sub')} ${can.write && html`<span class="keys-hint"><${Kbd} keys="j" /> <${Kbd} keys="k" /> ${t('keys.move')} · <${Kbd} keys="c" /> ${t('sighting.case')} · <${Kbd} keys="i" /> ${t('sighting.ignore')}</span>`}`}>
      <div class="segments" role="group" aria-label=${t('column.state')}>${STATES.map((name) => html`<button type="button" aria-pressed=${state === name} onClick=${() => setParams({ state: name, after: null }, true)}>${tf('sighting.state', name)}</button>`)}</div>
      <div class="segments" role="group" aria-label=${t('sort')}>${[['-score', 'column.score'], ['-id', 'sort.newest']].map(([name, key]) => html`<button type="button" aria-pressed=${sort === name} onClick=${() => setParams({ sort: name, after: null })}>${t(key)}</button>`)}</div><//>
    ${waiting > 0 && html`<button type="button" class="all-matching" onClick=${() => { setParams({ after: null }); reload() }}>${t('sighting.waiting', { n: waiting })}</button>`}
    ${error && !data ? html`<${ErrorBox} error=${error} retry=${reload} />` : !data ? html`<${Skeleton} rows=${10} />` : items.length === 0 ? html`<${Empty} icon="inbox" title=${t(`sighting.none.${state}`)}>${state === 'new' ? t('sighting.none.do') : ''}<//>`
      : html`<ul class=${`triage ${busy ? 'busy' : ''}`}>${items.map((item) => html`<li class="sighting" key=${item.id}><input type="checkbox" aria-label=${t('sighting.choose', { id: item.id })} checked=${chosen.has(item.id)} onChange=${() => toggle(item)} /><${Score} score=${item.score} />
          <div class="sighting-title"><a data-row="" href=${href(`/sighting/${item.id}`)}>${item.host ? html`<${HostName} host=${item.host} domain=${item.domain} />` : defangText(item.title).slice(0, 300)}</a> ${(item.url || item.host) && html`<${Exact} text=${item.url || item.host} />`}
            <div class="meta"><${Target} target=${item.target} /><span>${tf('sighting.kind', item.kind)}</span><span>${sourceName(item.source)}</span>${item.host && item.title && item.title !== item.host && html`<span>${defangText(item.title).slice(0, 160)}</span>`}<${Ago} at=${item.seen} />${item.case_id && html`<a href=${href(`/case/${item.case_id}`)}>${t('case.title', { id: item.case_id })}</a>`}</div></div>
          ${can.write && html`<div class="acts">${state !== 'attached' && html`<button type="button" class="button small primary" onClick=${() => act('case', [item])}>${t('sighting.case')}</button><button type="button" class="button small" onClick=${() => act(state === 'ignored' ? 'restore' : 'ignore', [item])}>${t(state === 'ignored' ? 'sighting.restore' : 'sighting.ignore')}</button>`}</div>`}</li>`)}</ul>
        <nav class="pager" aria-label=${t('pager.label')}>${after && html`<button type="button" class="button" onClick=${() => setParams({ after: null }, true)}>${t('pager.first')}</button>`}${data.next && html`<button type="button" class="button" onClick=${() => setParams({ after: data.next }, true)}>${t('pager.next')}<${Icon} name="right" /></button>`}</nav>`}
    ${chosen.size > 0 && can.write && html`<div class="bulk-bar" role="region" aria-label=${t('sighting.chosen')}><span role="status"><b class="num">${chosen.size}</b> ${t('bulk.chosen')}</span><button type="button" class="button primary" onClick=${() => act('case', subject())}>${t('sighting.case')}</button><button type="button" class="button" onClick=${() => act(state === 'ignored' ? 'restore' : 'ignore', subject())}>${t(state === 'ignored' ? 'sighting.restore' : 'sighting.ignore')}</button><button type="button" class="icon-button" aria-label=${t('bulk.clear')} onClick=${() => choose(new Set())}><${Icon} name="close" /></button></div>`}</div>`
}
