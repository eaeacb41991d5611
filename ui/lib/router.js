/** lib/router: where we are, as the part of the URL behind '#': "#/cases?q=state:new" -> { path, parts, params }. */
import { signal, batch } from './ui.js'

/** @typedef {{ path: string, parts: string[], params: URLSearchParams }} Route */

/** @returns {Route} */
function read() {
  const [path, query = ''] = location.hash.replace(/^#/, '').split(/\?(.*)/s)
  const parts = path.split('/').filter(Boolean).map((part) => { try { return decodeURIComponent(part) } catch { return part } })
  return { path: `/${parts.join('/')}`, parts, params: new URLSearchParams(query) }
}

export const route = signal(read())
addEventListener('hashchange', () => batch(() => { route.value = read() }))

/**
 * The only maker of links inside the board. Parameters that are null, undefined or '' are left out.
 * @param {string} path
 * @param {Record<string, any>} [params]
 */
export function href(path, params = {}) {
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries(params)) if (value !== null && value !== undefined && value !== '') query.set(key, value)
  const text = query.toString()
  return `#${path}${text ? `?${text}` : ''}`
}

export const go = (path, params) => { location.hash = href(path, params) }

/** Changes parameters in place: the same page, filtered otherwise. `push` makes it a step of the browser's history. */
export function setParams(changes, push = false) {
  const params = Object.fromEntries(route.value.params)
  const url = href(route.value.path, { ...params, ...changes })
  if (push) location.hash = url
  else { history.replaceState(null, '', url); route.value = read() }
}
