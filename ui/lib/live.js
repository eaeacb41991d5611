/**
 * lib/live: what others do, as it happens (server-sent events). The browser resumes by itself with Last-Event-ID; when a stream has
 * ended for good we ask from the last event on. Told "reset" (we were away too long), everybody loads again.
 */
import { signal } from './ui.js'
import { url } from './api.js'
import { counters } from './store.js'

/** Streams end now and then by design, and are back within a second: only a longer gap is worth a word. */
const GRACE_MS = 4000

/** 'off' | 'live' | 'stale' */
export const liveState = signal('off')
/** Number of the last event; tests wait for it. */
export const lastSeq = signal(0)
const listeners = new Set()
let source = null
let retry = 0
let timer
let grace

/** @param {(event: { type: 'change'|'intake'|'c2'|'counters'|'again', data: any }) => void} fn @returns {() => void} */
export function onLive(fn) {
  listeners.add(fn)
  return () => listeners.delete(fn)
}
function tell(type, data) {
  for (const fn of listeners) fn({ type, data })
}
function take(event) {
  let data
  try { data = JSON.parse(event.data) } catch { return null }
  if (event.lastEventId) lastSeq.value = Number(event.lastEventId)
  return data
}

export function startLive() {
  if (source) return
  source = new EventSource(url('/events', { after: lastSeq.peek() || null }))
  source.addEventListener('open', () => { retry = 0; clearTimeout(grace); grace = null; liveState.value = 'live' })
  for (const type of ['change', 'intake', 'c2']) source.addEventListener(type, (event) => { const data = take(event); if (data) tell(type, data) })
  source.addEventListener('hello', take)
  source.addEventListener('reset', (event) => { take(event); tell('again', null) })
  source.addEventListener('counters', (event) => { const data = take(event); if (data?.total !== undefined) counters.value = data; else tell('counters', null) })
  source.addEventListener('error', () => {
    grace ??= setTimeout(() => { liveState.value = 'stale' }, GRACE_MS)
    if (source?.readyState !== EventSource.CLOSED) return
    source = null
    clearTimeout(timer)
    timer = setTimeout(startLive, Math.min(30000, 500 * 2 ** retry++) * (0.8 + Math.random() * 0.4))
  })
}
export function stopLive() {
  clearTimeout(timer)
  clearTimeout(grace)
  grace = null
  source?.close()
  source = null
  lastSeq.value = 0
  liveState.value = 'off'
}
