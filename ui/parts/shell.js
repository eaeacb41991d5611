/** parts/shell: what stands around every screen: ways to go, saved views, the live mark, the palette, the sheet of keys. */
import { html, useEffect, useState } from '../lib/ui.js'
import { del, session } from '../lib/api.js'
import { t } from '../lib/i18n.js'
import { number, total } from '../lib/format.js'
import { go, href, route } from '../lib/router.js'
import { attempt, can, counters, dialog, graveTroubles, loadCounters, loadReportCounters, loadTroubles, loadViews, reportCounters, undoable, user, views } from '../lib/store.js'
import { liveState, startLive } from '../lib/live.js'
import { useLive, narrow } from '../lib/hooks.js'
import { useKeys } from '../lib/keys.js'
import { Icon, Kbd } from './basics.js'
import { Dialog } from './dialog.js'
import { lazy } from './lazy.js'

const Palette = lazy(() => import('./palette.js'), (module) => module.Palette)
const NewCase = lazy(() => import('../views/new-case.js'))
const UndoBar = lazy(() => import('./undo-bar.js'), (module) => module.UndoBar)
const Sheet = lazy(() => import('./sheet.js'), (module) => module.Sheet)

/** A disk fills and a process dies without telling anybody: one has to ask. */
const TROUBLES_MS = 60000

/** Places: [path, i18n key, icon, who may, key after "g", number]. */
export const PLACES = [
  ['/cases', 'nav.cases', 'board', () => can.read, 'b', () => counters.value?.total],
  ['/sightings', 'nav.sightings', 'inbox', () => can.read, 'i', () => counters.value?.sightings_new],
  ['/campaigns', 'nav.campaigns', 'campaign', () => can.read, 'c'],
  ['/bell', 'nav.bell', 'bell', () => can.read, 'n', () => counters.value?.c2_trouble || undefined],
  ['/stats', 'nav.stats', 'stats', () => can.stats, 's'],
  ['/system', 'nav.system', 'system', () => can.system, 'y', () => graveTroubles.value || undefined],
  ['/audit', 'nav.audit', 'audit', () => can.audit, 'a'],
]
/** What is told to whom, and what they say. */
export const TAKEDOWN = [
  ['/reports', 'nav.reports', 'send', () => can.read, 'd', () => reportCounters.value?.waiting],
  ['/letters', 'nav.letters', 'inbox', () => can.read, 'l', () => reportCounters.value?.letters],
  ['/channels', 'nav.channels', 'plug', () => can.meta, 'h'],
  ['/templates', 'nav.templates', 'audit', () => can.meta, 'w'],
]
export const META = [
  ['/meta/targets', 'nav.targets', 'target', () => can.meta, 't'],
  ['/meta/actors', 'nav.actors', 'actor', () => can.meta, 'r'],
  ['/meta/contacts', 'nav.abuse', 'abuse', () => can.meta, 'e'],
  ['/meta/task-templates', 'nav.tasks', 'tasks', () => can.meta, 'k'],
  ['/meta/statuses', 'nav.statuses', 'status', () => can.meta, 'u'],
]
export const ADMIN = [
  ['/users', 'nav.users', 'users', () => can.admin, 'p'],
  ['/settings', 'nav.settings', 'settings', () => can.settings, 'x'],
  ['/account', 'nav.account', 'account', () => true, 'm'],
]

const here = (path) => { const at = route.value.path; return at === path || at.startsWith(`${path}/`) || (path === '/cases' && (at === '/' && can.read)) || (path !== '/system' && at.startsWith(`${path.slice(0, -1)}/`) && path.endsWith('s')) }

const Place = ({ path, label, icon, count, query }) => html`<li><a href=${href(path, query)} aria-current=${query ? undefined : here(path) ? 'page' : undefined} class="place">
  ${icon && html`<${Icon} name=${icon} />`}<span class="place-name">${label}</span>${count !== undefined && count !== null && html`<span class="place-count num">${count}</span>`}</a></li>`

const counted = (n) => n === undefined || n === null ? undefined : number(n)
const Group = ({ title, rows }) => {
  const shown = rows.filter(([, , , may]) => may())
  return shown.length ? html`<div class="nav-group">${title && html`<h2>${title}</h2>`}<ul>${shown.map(([path, key, icon, , , count]) => html`<${Place} path=${path} label=${t(key)} icon=${icon} count=${count ? counted(count()) : undefined} />`)}</ul></div>` : null
}

const Live = () => html`<button type="button" class=${`live live-${liveState.value}`} onClick=${() => { if (liveState.value !== 'live') startLive() }} title=${t(`live.${liveState.value}.title`)}>
  <span class="live-mark" aria-hidden="true"></span><span role="status">${t(`live.${liveState.value}`)}</span></button>`

async function logout() {
  if (await attempt(() => del('/session'))) session.value = null
}

function Nav({ onGo }) {
  return html`<nav class="nav" aria-label=${t('nav.label')} onClick=${(event) => { if (event.target.closest('a')) onGo?.() }}>
    <a class="brand" href="#/"><svg width="22" height="22" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="7" class="brand-back"/><path class="brand-flame" d="M16 4c1 5-6 8-6 14a6 6 0 0 0 12 0c0-3-2-4-2-7-2 1-3 3-2.500 5C15 14 17 8 16 4z"/><path class="brand-line" d="M8 26h16"/></svg><span>火消 <b>hikeshi</b></span></a>
    <button type="button" class="search-button" onClick=${() => { onGo?.(); dialog.value = { name: 'palette' } }}><${Icon} name="search" /><span>${t('nav.search')}</span><span class="keys"><${Kbd} keys="Ctrl K" /></span></button>
    ${can.write && html`<button type="button" class="button primary new-case" onClick=${() => { onGo?.(); dialog.value = { name: 'new-case' } }}><${Icon} name="plus" />${t('board.new_case')}</button>`}
    <${Group} rows=${PLACES} />
    <${Group} title=${t('nav.takedown')} rows=${TAKEDOWN} />
    ${can.read && html`<div class="nav-group"><h2>${t('nav.views')}</h2><ul>
      ${views.value.map((view) => html`<${Place} path="/cases" query=${{ q: view.query, sort: view.sort, view: view.id }} icon="star" label=${view.name} count=${total(view.count)} />`)}
      ${views.value.length === 0 && html`<li class="nav-hint">${t('views.none')}</li>`}</ul></div>`}
    <${Group} title=${t('nav.meta')} rows=${META} />
    <${Group} title=${t('nav.admin')} rows=${ADMIN} />
    <div class="nav-foot"><${Live} /><span class="me" title=${user.value?.roles.join(', ')}>${user.value?.name || user.value?.login}</span>
      <button type="button" class="icon-button" aria-label=${t('nav.logout')} title=${t('nav.logout')} onClick=${logout}><${Icon} name="logout" /></button></div></nav>`
}

/** Dialogs that can be opened from everywhere; the larger ones are loaded then. */
function Dialogs() {
  const open = dialog.value
  const shut = () => { dialog.value = null }
  if (open?.name === 'palette') return html`<${Palette} onClose=${shut} />`
  if (open?.name === 'keys') return html`<${Sheet} onClose=${shut} />`
  if (open?.name === 'new-case') return html`<${NewCase} preset=${open.preset} onClose=${shut} />`
  return null
}

/** @param {{ children: any }} props */
export function Shell({ children }) {
  const [menu, setMenu] = useState(false)
  useLive((event) => event.type === 'counters' || /^(case|sighting|view|merge|campaign)\b/.test(event.data?.act || ''), (events) => {
    loadCounters()
    if (events.some((event) => event.type === 'again' || /^(case|view|merge)/.test(event.data?.act || ''))) loadViews()
  }, 1500)
  useLive((event) => event.type === 'again' || ['report', 'letter', 'case'].includes(event.data?.object), loadReportCounters, 1200)
  useLive((event) => ['job', 'channel'].includes(event.data?.object), loadTroubles, 1500)
  useEffect(() => {
    const timer = setInterval(() => { if (!document.hidden) loadTroubles() }, TROUBLES_MS)
    return () => clearInterval(timer)
  }, [])
  useKeys('keys.everywhere', [
    ['Ctrl+K', 'keys.palette', () => { dialog.value = { name: 'palette' } }],
    ['?', 'keys.sheet', () => { dialog.value = { name: 'keys' } }],
    ['n', can.write && 'board.new_case', () => { if (can.write) dialog.value = { name: 'new-case' } }],
    ...[...PLACES, ...TAKEDOWN, ...META, ...ADMIN].filter(([, , , may]) => may()).map(([path, key, , , letter]) => [`g ${letter}`, key, () => go(path)]),
  ])
  return html`<a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); const at = document.getElementById('main'); at.tabIndex = -1; at.focus() }}>${t('nav.skip')}</a>
    ${narrow.value && html`<header class="topbar"><button type="button" class="icon-button" aria-label=${t('nav.menu')} aria-expanded=${menu} onClick=${() => setMenu(true)}><${Icon} name="menu" size=${20} /></button>
      <a class="brand" href="#/"><b>火消 hikeshi</b></a><span class="topbar-space"></span><${Live} />
      ${can.write && html`<button type="button" class="icon-button" aria-label=${t('board.new_case')} onClick=${() => { dialog.value = { name: 'new-case' } }}><${Icon} name="plus" size=${20} /></button>`}
      <button type="button" class="icon-button" aria-label=${t('nav.search')} onClick=${() => { dialog.value = { name: 'palette' } }}><${Icon} name="search" size=${20} /></button></header>`}
    ${narrow.value ? menu && html`<${Dialog} title=${t('nav.label')} plain onClose=${() => setMenu(false)}><${Nav} onGo=${() => setMenu(false)} /><//>` : html`<${Nav} />`}
    ${children}${undoable.value && html`<${UndoBar} />`}<${Dialogs} />`
}
