/**
 * lib/api: the only fetch() of the board. Knows the session's CSRF word and the one shape that errors have (problem+json).
 * @typedef {{ query?: Record<string, any>, body?: any, raw?: BodyInit, type?: string, version?: number, key?: string, signal?: AbortSignal }} Options
 */
import { signal } from './ui.js'

export const BASE = '/api/v1'

/** What GET /session says; undefined: not asked yet, null: nobody is logged in. */
export const session = signal(undefined)

/** An answer that is no success. `code` is the stable word that the translations are keyed by. */
export class Problem extends Error {
  constructor(status, body = {}) {
    super(body.detail || body.title || `HTTP ${status}`)
    Object.assign(this, { status, code: body.code, field: body.field, detail: body.detail, title: body.title, remedy: body.remedy })
  }
}

export function url(path, query = {}) {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== null && value !== undefined && value !== '') params.set(name, value)
  const text = params.toString()
  return `${BASE}${path}${text ? `?${text}` : ''}`
}

/** @param {string} method @param {string} path @param {Options} [options] */
export async function call(method, path, options = {}) {
  const headers = { Accept: 'application/json' }
  if (method !== 'GET' && session.value?.csrf) headers['X-CSRF-Token'] = session.value.csrf
  if (options.version !== undefined) headers['If-Match'] = `"${options.version}"`
  if (options.key) headers['Idempotency-Key'] = options.key
  let body = options.raw
  if (body !== undefined) headers['Content-Type'] = options.type || 'application/octet-stream'
  if (options.body !== undefined) {
    headers['Content-Type'] = 'application/json'
    body = JSON.stringify(options.body)
  }
  let answer
  try {
    answer = await fetch(url(path, options.query), { method, headers, body, signal: options.signal, credentials: 'same-origin', cache: 'no-store' })
  } catch (error) {
    if (error.name === 'AbortError') throw error
    throw new Problem(0, { code: 'offline', detail: error.message })
  }
  const json = (answer.headers.get('Content-Type') || '').includes('json')
  const data = answer.status === 204 ? null : json ? await answer.json() : await answer.text()
  if (answer.ok) return data
  // A session that has ended brings the login page; what was being looked at stays in the address.
  if (answer.status === 401 && path !== '/session' && !path.startsWith('/session/')) session.value = null
  throw new Problem(answer.status, json ? data : { detail: answer.statusText })
}

export const get = (path, query, signal) => call('GET', path, { query, signal })
export const post = (path, body = {}, options = {}) => call('POST', path, { body, ...options })
export const put = (path, body = {}, options = {}) => call('PUT', path, { body, ...options })
export const patch = (path, body, options = {}) => call('PATCH', path, { body, ...options })
export const del = (path, options = {}) => call('DELETE', path, options)

/** A word that makes a repeated POST one act: for what a double click or a bad line must not do twice. */
export const once = () => crypto.randomUUID?.() || [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, '0')).join('')

/** Everything of a list, page by page; for pick lists that are short. */
export async function all(path, query = {}, max = 2000) {
  const items = []
  let after
  do {
    const page = await get(path, { ...query, limit: 200, after })
    if (Array.isArray(page)) return page
    items.push(...page.items)
    after = page.next
  } while (after && items.length < max)
  return items
}
