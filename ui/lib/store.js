/** lib/store: what several parts of the board share: who is here, pick lists, counters, notices, what may be done. */
import { signal, computed } from './ui.js'
import { all, get, session, Problem } from './api.js'
import { t, tf } from './i18n.js'

export const user = computed(() => session.value?.user || null)
/** @param {...string} roles */
export const has = (...roles) => Boolean(user.value?.roles.some((role) => roles.includes(role)))
export const can = {
  get read() { return has('viewer', 'analyst', 'approver', 'sharing_officer') },
  get write() { return has('analyst', 'approver') },
  get approve() { return has('approver') },
  get channels() { return has('connector_admin') },
  get templates() { return has('analyst', 'approver', 'connector_admin') },
  get export() { return has('analyst', 'approver', 'sharing_officer') },
  get stats() { return has('viewer', 'analyst', 'approver', 'sharing_officer', 'auditor') },
  get meta() { return has('viewer', 'analyst', 'approver', 'sharing_officer', 'connector_admin', 'system_admin') },
  get metaWrite() { return has('analyst', 'approver', 'connector_admin') },
  get settings() { return has('analyst', 'approver', 'connector_admin', 'system_admin') },
  get admin() { return has('system_admin') },
  get system() { return has('connector_admin', 'auditor', 'system_admin') },
  get systemWrite() { return has('connector_admin', 'system_admin') },
  get audit() { return has('auditor') },
}

/** The numbers above the board. */
export const counters = signal(null)
export async function loadCounters() {
  if (!can.read) return
  try { counters.value = await get('/counters') } catch { /* the stale ones stay; the live mark says so */ }
}
/** What waits for somebody in the takedown: approvals, what is held up, letters ... */
export const reportCounters = signal(null)
export async function loadReportCounters() {
  if (!can.read) return
  try { reportCounters.value = await get('/reports/counters') } catch { /* as above */ }
}
/** How many troubles of the house are grave: the number beside "System". */
export const graveTroubles = signal(0)
export async function loadTroubles() {
  if (!can.system) return
  try { graveTroubles.value = (await get('/troubles')).grave } catch { /* as above */ }
}
/** Reports that were approved here and have not left: null, or [{ id, send: ms }]. */
export const undoable = signal(null)
/** Saved views. */
export const views = signal([])
export async function loadViews() {
  if (!can.read) return
  try { views.value = await all('/views') } catch { /* as above */ }
}

/** Pick lists, asked for once and again when somebody changes them. */
export const lists = { targets: signal(null), actors: signal(null), 'task-templates': signal(null), statuses: signal(null), campaigns: signal(null) }
/** @param {keyof typeof lists} name */
export function list(name) {
  const kept = lists[name]
  if (kept.peek() === null) {
    kept.value = []
    all(`/${name}`).then((items) => { kept.value = items }, () => { kept.value = null })
  }
  return kept.value || []
}
export const forget = (name) => { if (lists[name]?.peek() !== null) all(`/${name}`).then((items) => { lists[name].value = items }, () => {}) }

// Notices ------------------------------------------------------------------------------------------------------------
/** @typedef {{ id: number, kind: 'done'|'error'|'note', text: string, remedy?: string, act?: { label: string, run: () => any } }} Notice */
export const notices = signal(/** @type {Notice[]} */ ([]))
let last = 0
export function notice(kind, text, more = {}) {
  const id = ++last
  notices.value = [...notices.value.slice(-3), { id, kind, text, ...more }]
  const stay = kind === 'error' ? 12000 : more.act ? 10000 : 4000
  setTimeout(() => dismiss(id), stay)
  return id
}
export const dismiss = (id) => { notices.value = notices.value.filter((other) => other.id !== id) }
export const done = (text, act) => notice('done', text, act ? { act } : {})

/** An error in words that help: translated by its code, with what to do about it. */
export function explain(error) {
  if (!(error instanceof Problem)) return { text: t('error.ours'), remedy: String(error?.message || error) }
  const key = error.status === 0 ? 'offline' : error.status === 412 ? 'stale' : error.status === 429 ? 'slow' : error.code
  const known = key && tf('error', key) !== key
  const field = error.field ? `${tf('field', error.field)}: ` : ''
  return { text: known ? `${field}${tf('error', key)}` : `${field}${error.message}`, remedy: [known ? error.detail : '', error.remedy].filter(Boolean).join(' — ') }
}
export function failed(error) {
  if (error?.name === 'AbortError') return
  if (error?.status === 401) return
  const { text, remedy } = explain(error)
  notice('error', text, { remedy })
}
/** Runs an act; a failure is shown, and false comes back. */
export async function attempt(run) {
  try { return (await run()) ?? true } catch (error) { failed(error); return false }
}

/** Logins of people who have been seen to work here, for pick lists. */
export const people = new Set()

/** Text of the field of /bulk while it is not sent: a look at another page does not lose it; lines to be mended come back in it. */
export const draft = { text: '' }

/** Which dialog of the shell is open: null, or { name, ...what it needs }. */
export const dialog = signal(null)
