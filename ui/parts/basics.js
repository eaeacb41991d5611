/** parts/basics: the small pieces that every screen uses. */
import { html, useEffect, useRef } from '../lib/ui.js'
import { t } from '../lib/i18n.js'
import { explain } from '../lib/store.js'
import { href } from '../lib/router.js'

// 16 x 16, drawn with one stroke width.
const PATHS = {
  board: 'M2 3.500h12M2 8h12M2 12.500h12', inbox: 'M2 9l2-6h8l2 6v4H2zM2 9h4l1 2h2l1-2h4', campaign: 'M8 2v4M8 6L3 10M8 6l5 4M3 10v3M13 10v3M8 6v7',
  stats: 'M3 13V8M8 13V3M13 13v-7', system: 'M2 4h12v8H2zM5 14h6M8 12v2', target: 'M8 2a6 6 0 100 12A6 6 0 008 2zM8 5.500a2.500 2.500 0 100 5 2.500 2.500 0 000-5z',
  actor: 'M8 2.500a2.500 2.500 0 110 5 2.500 2.500 0 010-5zM3 14c0-3 2-4.500 5-4.500S13 11 13 14', abuse: 'M2 4h12v8H2zM2 4l6 5 6-5', tasks: 'M3 4l1 1 2-2M8 4h6M3 9l1 1 2-2M8 9h6M8 13.500h6',
  status: 'M8 2a6 6 0 100 12A6 6 0 008 2zM8 5v3l2 2', users: 'M6 3a2 2 0 110 4 2 2 0 010-4zM2 13c0-2.500 1.500-4 4-4s4 1.500 4 4M11 4a2 2 0 010 4M12 9.500c1.500.5 2 2 2 3.500',
  settings: 'M2 5h7M12 5h2M2 11h2M7 11h7M10.500 3.500v3M5.500 9.500v3', account: 'M8 2a6 6 0 100 12A6 6 0 008 2zM8 5a2 2 0 110 4 2 2 0 010-4zM4.500 12.500c1-2 6-2 7 0', plus: 'M8 3v10M3 8h10', search: 'M7 2.500a4.500 4.500 0 110 9 4.500 4.500 0 010-9zM10.500 10.500L14 14',
  bulk: 'M2 3h8M2 7h8M2 11h4M12 8v6M9 11h6', import: 'M8 2v8M5 7l3 3 3-3M2 13h12', export: 'M8 10V2M5 5l3-3 3 3M2 13h12', close: 'M4 4l8 8M12 4l-8 8', check: 'M3 8.500l3.500 3.500L13 4.500', more: 'M3 8h.01M8 8h.01M13 8h.01', trash: 'M3 4.500h10M6 4V2.500h4V4M4.500 4.500l.5 9h6l.5-9',
  copy: 'M5 5h8v8H5zM5 11H3V3h8v2', down: 'M4 6l4 4 4-4', up: 'M4 10l4-4 4 4', left: 'M10 4l-4 4 4 4', right: 'M6 4l4 4-4 4', columns: 'M2 3h12v10H2zM6.500 3v10M10.500 3v10', filter: 'M2 3h12L9.500 8.500V13l-3-1.500v-3z', star: 'M8 2l1.800 3.800 4.200.6-3 2.900.7 4.200L8 11.500l-3.700 2 .7-4.200-3-2.900 4.200-.6z',
  reload: 'M13 8a5 5 0 11-1.500-3.500M13 2v3h-3', link: 'M6.500 9.500l3-3M7 5l1.500-1.500a2.500 2.500 0 014 4L11 9M9 11l-1.500 1.500a2.500 2.500 0 01-4-4L5 7', merge: 'M4 3v3c0 3 8 2 8 5v2M12 3v3c0 1-1 1.500-2 2M10 11l2 2 2-2', image: 'M2 3h12v10H2zM2 11l3.500-3.500 3 3L11 8l3 3M10.500 5.500h.01', print: 'M4 6V2h8v4M4 11H2V6h12v5h-2M4 9.500h8V14H4z', logout: 'M6 2.500H3v11h3M7 8h7M11 5l3 3-3 3', key: 'M5 7.500a3 3 0 110 4 3 3 0 010-4zM7.500 8.500L14 2M11 5l2 2', eye: 'M1.500 8C4 3.500 12 3.500 14.500 8 12 12.500 4 12.500 1.500 8zM8 6a2 2 0 110 4 2 2 0 010-4z', audit: 'M3 2h7l3 3v9H3zM10 2v3h3M5.500 8h5M5.500 11h5', menu: 'M2 4h12M2 8h12M2 12h12', send: 'M2 8l12-5.500L9.500 14 7.500 9zM7.500 9L14 2.500', plug: 'M5.500 2v4M10.500 2v4M3.500 6h9v2a4.500 4.500 0 01-9 0zM8 12.500V15', undo: 'M3 6h7a3.500 3.500 0 010 7H6M6 3L3 6l3 3', stop: 'M8 2a6 6 0 100 12A6 6 0 008 2zM3.800 3.800l8.400 8.400', bell: 'M4 11V7a4 4 0 018 0v4l1 1.500H3zM7 14h2',
}
/** A picture beside a word; alone it needs a label on what holds it. */
export const Icon = ({ name, size = 16 }) => html`<svg class="icon" width=${size} height=${size} viewBox="0 0 16 16" aria-hidden="true"><path d=${PATHS[name]} /></svg>`

/** What stands where nothing is: why, and what to do. */
export const Empty = ({ icon = 'board', title, children }) => html`
  <div class="empty"><${Icon} name=${icon} size=${28} /><p class="empty-title">${title}</p><div class="empty-text">${children}</div></div>`

/** The place of a screen that the roles of the user do not open: what it is, and who can help. */
export const Refused = ({ icon, title }) => html`<div class="page"><${Head} title=${title} /><${Empty} icon=${icon} title=${t('refused.title')}><p>${t('refused.do')}</p><a class="button" href=${href('/')}>${t('nowhere.back')}</a><//></div>`

/** Grey bars of the size of what is coming. */
export const Skeleton = ({ rows = 8, label }) => html`
  <div class="skeleton" role="status"><span class="sr">${label || t('loading')}</span>
    ${Array.from({ length: rows }, (_, i) => html`<div class="bone" style=${{ width: `${96 - ((i * 37) % 40)}%` }}></div>`)}</div>`

/** @param {{ error: any, retry?: () => void, children?: any }} props   children: what helps better than trying again */
export function ErrorBox({ error, retry, children }) {
  const { text, remedy } = explain(error)
  return html`<div class="errorbox" role="alert"><p><strong>${text}</strong></p>${!children && remedy && html`<p>${remedy}</p>`}
    ${children && remedy && html`<p class="small">${remedy}</p>`}${children || (retry && html`<button class="button" type="button" onClick=${retry}>${t('retry')}</button>`)}</div>`
}

export const Kbd = ({ keys }) => keys.split(' | ')[0].split(' ').map((key, i) => html`${i > 0 && ' '}<kbd>${key.replace('Ctrl', /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘' : 'Ctrl')}</kbd>`)

/** The head of a screen. It takes the focus when the screen appears, so that a screen reader says where we are. */
export function Head({ title, count, sub, children }) {
  const ref = useRef(null)
  useEffect(() => { if (!document.querySelector('dialog[open]') && (document.activeElement === document.body || !document.activeElement)) ref.current?.focus({ preventScroll: true }) }, [])
  return html`<header class="head"><div class="head-title"><h1 tabindex="-1" ref=${ref}>${title}${count !== undefined && html` <span class="count">${count}</span>`}</h1>${sub && html`<p class="sub">${sub}</p>`}</div>
    <div class="head-acts">${children}</div></header>`
}

/** Copies and says so. The only way to get the exact, live text. */
export async function copy(text, say) {
  try { await navigator.clipboard.writeText(text) } catch {
    // Without the clipboard API (plain http, old browser): through a selection.
    const area = document.createElement('textarea')
    area.value = text
    area.className = 'sr'
    ;(document.querySelector('dialog[open]') || document.body).append(area)
    area.select()
    document.execCommand('copy')
    area.remove()
  }
  say?.()
}
