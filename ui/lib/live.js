/**
 * lib/live: what others do, as it happens (server-sent events). The browser resumes by itself with Last-Event-ID; when the server
 * has ended the stream for good, we begin anew and tell everybody to load again, since something may have been missed.
 */
import { signal } from './ui.js'
import { BASE } from './api.js'
import { counters } from './store.js'

/** 'off' | 'live' | 'stale' */
export const liveState = signal('off')
const listeners = new Set()
let source = null
let retry = 0
let timer

/** @param {(event: { type: 'change'|'intake'|'again', data: any }) => void} fn @returns {() => void} */
export function onLive(fn) {
  listeners.add(fn)
  return () => listeners.delete(fn)
}
function tell(type, data) {
  for (const fn of listeners) fn({ type, data })
}
function parsed(event) {
  try { return JSON.parse(event.data) } catch { return null }
}

export function startLive() {
  if (source) return
  source = new EventSource(`${BASE}/events`)
  source.addEventListener('open', () => {
    const missed = retry > 0
    retry = 0
    liveState.value = 'live'
    if (missed) tell('again', null)
  })
  for (const type of ['change', 'intake']) source.addEventListener(type, (event) => { const data = parsed(event); if (data) tell(type, data) })
  source.addEventListener('counters', (event) => { const data = parsed(event); if (data?.total !== undefined) counters.value = data; else tell('counters', null) })
  source.addEventListener('error', () => {
    liveState.value = 'stale'
    if (source?.readyState !== EventSource.CLOSED) return
    source = null
    clearTimeout(timer)
    timer = setTimeout(startLive, Math.min(30000, 1000 * 2 ** retry++) * (0.8 + Math.random() * 0.4))
  })
}
export function stopLive() {
  clearTimeout(timer)
  source?.close()
  source = null
  liveState.value = 'off'
}
