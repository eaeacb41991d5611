/** lib/format: times, durations, sizes and numbers as the user wants them. Times come as RFC 3339 in UTC. */
import { signal, computed } from './ui.js'
import { lang, t } from './i18n.js'
import { prefs } from './prefs.js'

/** Now, by the second; for clocks. Stands still while the page is hidden. */
export const now = signal(Date.now())
setInterval(() => { if (!document.hidden) now.value = Date.now() }, 1000)
document.addEventListener('visibilitychange', () => { now.value = Date.now() })

const zone = computed(() => prefs.value.zone === 'utc' ? 'UTC' : 'Asia/Tokyo')
export const zoneName = computed(() => prefs.value.zone === 'utc' ? 'UTC' : 'JST')

// One form in both languages: sorts by eye, and is what tickets and mails use.
const shapes = {
  day: { year: 'numeric', month: '2-digit', day: '2-digit' },
  minute: { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  second: { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
}
const makers = new Map()
function maker(shape) {
  const key = `${shape} ${zone.value}`
  if (!makers.has(key)) makers.set(key, new Intl.DateTimeFormat('sv-SE', { ...shapes[shape], timeZone: zone.value }))
  return makers.get(key)
}
/** "2026-11-25 11:04"; '' for null. */
export function time(at, shape = 'minute') {
  const date = at ? new Date(at) : null
  return !date || Number.isNaN(+date) ? '' : maker(shape).format(date)
}
/** A time of a list: without the year while it is this one. */
export function shortTime(at) {
  const text = time(at)
  return text.startsWith(`${time(new Date(), 'day').slice(0, 4)}-`) ? text.slice(5) : text
}
/** A time in both zones, for titles. */
export const bothZones = (at) => !at ? '' : ['Asia/Tokyo', 'UTC'].map((timeZone) =>
  `${new Intl.DateTimeFormat('sv-SE', { ...shapes.second, timeZone }).format(new Date(at))} ${timeZone === 'UTC' ? 'UTC' : 'JST'}`).join(' · ')

/** The value of <input type=datetime-local> in the user's zone, and back. */
export const toInput = (at) => time(at).replace(' ', 'T')
export const fromInput = (text) => text ? new Date(`${text}${zone.value === 'UTC' ? 'Z' : '+09:00'}`).toISOString() : null

/** Milliseconds in at most two parts: "3d 4h", "2時間5分". */
export function duration(ms) {
  const seconds = Math.floor(Math.abs(ms) / 1000)
  const [d, h, m, s] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60]
  if (d) return t('time.dh', { d, h })
  if (h) return t('time.hm', { h, m: String(m).padStart(2, '0') })
  return m ? t('time.ms', { m, s: String(s).padStart(2, '0') }) : t('time.s', { s })
}
/** "5 minutes ago". */
export function ago(at) {
  if (!at) return ''
  const seconds = (now.value - new Date(at)) / 1000
  const form = new Intl.RelativeTimeFormat(lang.value || 'en', { numeric: 'auto', style: 'short' })
  for (const [unit, size] of [['year', 31536000], ['month', 2592000], ['day', 86400], ['hour', 3600], ['minute', 60]]) {
    if (Math.abs(seconds) >= size) return form.format(-Math.trunc(seconds / size), unit)
  }
  return t('time.now')
}

export const number = (n) => n === null || n === undefined ? '–' : Number(n).toLocaleString('en-US')
export const percent = (x) => `${Math.round((x || 0) * 100)}`
export function bytes(n) {
  if (n === null || n === undefined) return '–'
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let i = 0
  for (; n >= 1000 && i < 4; i++) n /= 1000
  return `${n < 10 && i ? n.toFixed(1) : Math.round(n)} ${units[i]}`
}
/** A total that may be a lower bound. */
export const total = (count) => count ? `${number(count.count)}${count.exact === false ? '+' : ''}` : ''
