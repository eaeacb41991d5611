/** views/board: the management board: the counters, the list of cases with filter, sort, pages, columns, selection and keys. */
import { html, useEffect, useMemo, useRef, useState } from '../lib/ui.js'
import { del, get } from '../lib/api.js'
import { t, tf } from '../lib/i18n.js'
import { number, total } from '../lib/format.js'
import { prefs, setPrefs } from '../lib/prefs.js'
import { go, href, route, setParams } from '../lib/router.js'
import { attempt, can, counters, dialog, done, list, loadCounters, loadViews, user, views } from '../lib/store.js'
import { useKeys } from '../lib/keys.js'
import { narrow, useLive, useLoad, useTitle } from '../lib/hooks.js'
import { act, bulk, didAct, keepView, remove, sayBulk } from '../lib/cases.js'
import { COLUMNS, DEFAULT_COLUMNS, LIMITS } from '../lib/names.js'
import { Empty, ErrorBox, Head, Icon, Skeleton } from '../parts/basics.js'
import { Menu } from '../parts/menu.js'
import { CaseTable, CaseCards } from '../parts/case-table.js'
import { Filters } from '../parts/filters.js'
import { BulkBar } from '../parts/bulk-bar.js'
import { lazy } from '../parts/lazy.js'
import { people } from '../lib/store.js'

const Ask = lazy(() => import('../parts/ask.js'), (module) => module.Ask)

/** The management report counts investment scams apart (S34): a counter and the list behind it are to show the same number. */
const REPORTED = '-kind:investment_scam'
/** S36's counters, and those of the queues beside them: [key, query, member, tone]. */
const COUNTERS = [
  ['total', REPORTED, (c) => c.total], ['unsupported', `is:unsupported ${REPORTED}`, (c) => c.unsupported, 'open'],
  ['this_month', `opened:month ${REPORTED}`, (c) => c.this_month], ['handled', `is:handled opened:month ${REPORTED}`, (c) => c.handled_this_month ?? c.handled, 'fine'],
  ['unsupported_month', `is:unsupported opened:month ${REPORTED}`, (c) => c.unsupported_this_month, 'open'],
  ['breached', 'is:overdue', (c) => c.breached, 'bad'], ['investment_scam', 'kind:investment_scam', (c) => c.investment_scam, 'aside'], ['notify', 'kind:phishing_other', (c) => c.notify, 'aside'],
]

const Counters = () => {
  const c = counters.value
  return html`<ul class="counters" aria-label=${t('counter.label')}>${COUNTERS.map(([key, query, of, tone]) => {
    return html`<li><a class=${`counter ${tone || ''}`} href=${href('/cases', { q: query })} aria-current=${(route.value.params.get('q') || '') === query ? 'true' : undefined}>
      <span class="counter-number num">${c ? number(of(c)) : html`<span class="bone short"></span>`}</span><span class="counter-name">${t(`counter.${key}`)}</span></a></li>`
  })}</ul>`
}

export default function Board() {
  const params = route.value.params
  const q = params.get('q') || ''
  const sort = params.get('sort') || '-id'
  const limit = LIMITS.includes(prefs.value.limit) ? prefs.value.limit : 20
  const [trail, setTrail] = useState([]) // cursors of the pages before this one
  const after = trail.at(-1)
  const columns = (prefs.value.columns || DEFAULT_COLUMNS).filter((name) => COLUMNS.some(([known]) => known === name))
  const [chosen, choose] = useState(() => new Set())
  const [allMatching, setAllMatching] = useState(false)
  const [fresh, setFresh] = useState(() => new Set())
  const [asking, ask] = useState(null)
  const anchor = useRef(null)
  const searchBox = useRef(null)
  const { data, error, busy, reload } = useLoad((signal) => get('/cases', { q, sort, limit, after }, signal), [q, sort, limit, after])
  const items = data?.items || []
  for (const item of items) for (const login of [item.reported_by, item.assignee]) if (login && login !== 'auto') people.add(login)
  const view = views.value.find((row) => String(row.id) === params.get('view'))
  useTitle(view?.name || t('nav.cases'))

  // Another list: from its first page, with nothing chosen.
  useEffect(() => { setTrail([]); choose(new Set()); setAllMatching(false) }, [q, sort, limit])
  // What was chosen stays chosen while it is on the page.
  useEffect(() => { if (data && !allMatching) choose((old) => { const here = new Set(items.map((item) => item.id)); const kept = [...old].filter((id) => here.has(id)); return kept.length === old.size ? old : new Set(kept) }) }, [data])

  useLive((event) => event.type === 'change' && /^(case|merge|campaign|intake)/.test(event.data.act), (events) => {
    const ids = events.map((event) => event.data?.case_id).filter(Boolean)
    setFresh(new Set(ids))
    reload()
  }, 500)
  useEffect(() => { if (!fresh.size) return undefined; const timer = setTimeout(() => setFresh(new Set()), 4000); return () => clearTimeout(timer) }, [fresh])

  /** x and click choose one; with shift everything between. */
  const toggle = (index, range) => {
    const next = new Set(chosen)
    if (range && anchor.current !== null) {
      const [from, to] = [Math.min(anchor.current, index), Math.max(anchor.current, index)]
      const on = !chosen.has(items[index].id)
      for (let i = from; i <= to; i++) on ? next.add(items[i].id) : next.delete(items[i].id)
    } else if (!next.delete(items[index].id)) next.add(items[index].id)
    anchor.current = index
    setAllMatching(false)
    choose(next)
  }
  const select = allMatching ? { q, count: data?.total?.count } : { ids: [...chosen] }
  const count = allMatching ? data?.total?.count : chosen.size
  const afterAct = () => { reload(); loadCounters() }
  const clear = () => { choose(new Set()); setAllMatching(false) }

  // The row that the keys mean is the one whose link has the focus.
  const links = () => [...document.querySelectorAll('[data-row]')]
  const current = () => links().findIndex((link) => link.closest('tr, li')?.contains(document.activeElement))
  const move = (step) => {
    const all = links()
    const to = Math.max(0, Math.min(all.length - 1, current() < 0 ? (step > 0 ? 0 : all.length - 1) : current() + step))
    all[to]?.focus()
    all[to]?.scrollIntoView({ block: 'nearest' })
  }
  // When the row that had the focus leaves the list (another state, deleted), the one in its place has it: the keys go on working.
  const at = useRef(-1)
  useEffect(() => {
    if (current() >= 0) at.current = current()
    else if (at.current >= 0 && (document.activeElement === document.body || !document.activeElement) && !document.querySelector('dialog[open]')) links()[Math.min(at.current, links().length - 1)]?.focus({ preventScroll: true })
  }, [data, chosen, asking])
  /** The chosen cases, or else the current one. */
  const subject = () => chosen.size || allMatching ? items.filter((item) => chosen.has(item.id)) : current() >= 0 ? [items[current()]] : []
  const withSubject = (run) => () => { const cases = subject(); if (cases.length) run(cases); else done(t('keys.choose_first')) }
  const doAct = (name, note, cases = subject()) => attempt(async () => {
    if (!cases.length && !allMatching) return
    if (cases.length === 1 && !allMatching) { didAct(await act(cases[0], name, note), cases[0], name, afterAct) }
    else sayBulk(await bulk(allMatching ? select : { ids: cases.map((item) => item.id) }, name, note ? { note } : {}), name)
    afterAct()
  })
  const assignMe = (cases) => attempt(async () => {
    sayBulk(await bulk(allMatching ? select : { ids: cases.map((item) => item.id) }, 'assign', { value: user.value.login }), 'assign')
    afterAct()
  })
  useKeys('keys.board', [
    ['j | ArrowDown', 'keys.next', () => move(1)], ['k | ArrowUp', 'keys.previous', () => move(-1)],
    ['o | Enter', 'keys.open', () => { const row = links()[current()]; if (row) row.click() }],
    ['/', 'keys.search', () => searchBox.current?.focus()],
    ...(can.write ? [
      ['x', 'keys.choose', () => { if (current() >= 0) toggle(current()) }], ['Shift+X', 'keys.choose_range', () => { if (current() >= 0) toggle(current(), true) }], ['Escape', 'keys.clear', clear],
      ['e', 'keys.edit', withSubject((cases) => ask({ what: 'edit', cases }))], ['t', 'act.triage', withSubject(() => doAct('triage'))], ['c', 'act.confirm', withSubject(() => doAct('confirm'))],
      ['d', 'act.dismiss', withSubject((cases) => ask({ what: 'dismiss', cases }))], ['a', 'keys.assign', withSubject(assignMe)], ['l', 'keys.label', withSubject((cases) => ask({ what: 'label', cases }))],
      ['m', 'keys.merge', withSubject((cases) => ask({ what: 'merge', cases }))], ['# | Delete', 'act.delete', withSubject((cases) => remove(cases.map((item) => item.id), afterAct))],
    ] : []),
    ['] | ArrowRight', 'keys.next_page', () => { if (data?.next) setTrail([...trail, data.next]) }], ['[ | ArrowLeft', 'keys.previous_page', () => setTrail(trail.slice(0, -1))], ['r', 'keys.reload', afterAct],
  ])
  const setSort = (field) => setParams({ sort: sort === `-${field}` ? field : sort === field ? `-${field}` : ['name', 'target', 'actor', 'state', 'by', 'due'].includes(field) ? field : `-${field}` })
  const first = trail.length * limit + 1
  const Rows = narrow.value ? CaseCards : CaseTable

  return html`<div class="page board">
    <${Head} title=${view?.name || t('board.title')} count=${total(data?.total)}>
      ${can.write && html`<a class="button" href=${href('/bulk')}><${Icon} name="bulk" />${t('board.bulk')}</a><a class="button" href=${href('/import')}><${Icon} name="import" />${t('board.import')}</a><a class="button" href=${href('/intake')}><${Icon} name="status" />${t('board.progress')}</a>`}
      ${can.export && html`<button type="button" class="button" onClick=${() => ask({ what: 'export' })}><${Icon} name="export" />${t('board.csv')}</button>`}
      <a class="button" href=${href('/stats')}><${Icon} name="stats" />${t('board.stats')}</a>
      <button type="button" class="button" onClick=${afterAct}><${Icon} name="reload" />${t('board.reload')}</button>
    <//>
    <${Counters} />
    <div class="toolbar"><${Filters} q=${q} box=${searchBox} />
      <div class="toolbar-right">
        <button type="button" class="button quiet" onClick=${() => ask({ what: 'view' })}><${Icon} name="star" />${t('views.keep')}</button>
        ${view && html`<${Menu} class="icon-button" icon="more" title=${t('views.menu')} right items=${[{ label: t('views.delete'), icon: 'trash', danger: true, run: () => attempt(async () => { await del(`/views/${view.id}`); loadViews(); go('/cases', { q }); done(t('views.deleted', { name: view.name }), { label: t('undo'), run: async () => { await keepView(view.name, view.query, view.sort, view.columns, view.shared); loadViews() } }) }) }]} />`}
        ${!narrow.value && html`<${Menu} class="button quiet" icon="columns" label=${t('board.columns')} right keep items=${[...COLUMNS.map(([name]) => ({ label: t(`column.${name}`), on: columns.includes(name),
          run: () => setPrefs({ columns: columns.includes(name) ? columns.filter((other) => other !== name) : COLUMNS.map(([other]) => other).filter((other) => other === name || columns.includes(other)) }) })), null, { label: t('board.columns_default'), run: () => setPrefs({ columns: null }) }]} />`}
        <label class="show"><span>${t('board.show')}</span><select value=${limit} onChange=${(event) => setPrefs({ limit: Number(event.target.value) })}>${LIMITS.map((n) => html`<option value=${n}>${n}</option>`)}</select></label>
      </div></div>
    ${error && !data ? html`<${ErrorBox} error=${error} retry=${reload}>${q && [400, 404].includes(error.status) && html`<p>${t('board.bad_query.do')}</p><a class="button" href=${href('/cases')}>${t('filter.clear')}</a>`}<//>` : !data ? html`<${Skeleton} rows=${12} />`
      : items.length === 0 ? html`<${Empty} icon=${q ? 'filter' : 'board'} title=${t(q ? 'board.none_found' : 'board.none')}>${q ? html`<p>${t('board.none_found.do')}</p><a class="button" href=${href('/cases')}>${t('filter.clear')}</a>` : html`<p>${t('board.none.do')}</p>`}<//>`
        : html`<div class=${busy ? 'busy' : ''} aria-busy=${busy} onFocusIn=${() => { at.current = current() }}><${Rows} items=${items} columns=${columns} chosen=${chosen} fresh=${fresh} sort=${sort} onSort=${setSort} onToggle=${can.write && toggle} onToggleAll=${(on) => { setAllMatching(false); choose(on ? new Set(items.map((item) => item.id)) : new Set()) }}
            onDelete=${can.write && ((item) => remove([item.id], afterAct))} /></div>
          ${chosen.size === items.length && !allMatching && data.total?.count > items.length && html`<p class="all-matching" role="status">${t('bulk.page_chosen', { n: chosen.size })} <button type="button" class="link" onClick=${() => setAllMatching(true)}>${t('bulk.choose_all', { n: total(data.total) })}</button></p>`}
          <nav class="pager" aria-label=${t('pager.label')}><span class="num">${t('pager.range', { from: number(first), to: number(first + items.length - 1), total: total(data.total) })}</span>
            <button type="button" class="button" aria-disabled=${trail.length === 0} onClick=${() => { if (trail.length) setTrail(trail.slice(0, -1)) }}><${Icon} name="left" />${t('pager.previous')}</button>
            <button type="button" class="button" aria-disabled=${!data.next} onClick=${() => { if (data.next) setTrail([...trail, data.next]) }}>${t('pager.next')}<${Icon} name="right" /></button></nav>`}
    ${count > 0 && can.write && html`<${BulkBar} count=${count} onClear=${clear} onAct=${(name) => ['dismiss', 'out_of_scope', 'label', 'merge', 'edit'].includes(name) ? ask({ what: name, cases: subject() }) : name === 'assign' ? assignMe(subject()) : name === 'delete' ? (allMatching ? doAct('delete') : remove([...chosen], afterAct)) : doAct(name)} />`}
    ${asking && html`<${Ask} ...${asking} q=${q} sort=${sort} columns=${columns} select=${allMatching ? select : { ids: (asking.cases || []).map((item) => item.id) }} onClose=${() => ask(null)} onDone=${() => { afterAct(); loadViews() }} act=${doAct} />`}
  </div>`
}
