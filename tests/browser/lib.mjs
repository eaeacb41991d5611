// tests/browser/lib: Chromium, TAP, and a client of the API for the tests of the board.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import cookies from '../scenario/lib/cookies.cjs'

export const src = process.env.HK_SRC
const require = createRequire(join(src, 'ui/package.json'))
const { chromium } = require('playwright-core')
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

export const [, , URL_BASE, LOGIN, PASSWORD] = process.argv

// TAP -------------------------------------------------------------------------------------------------------------------------
let count = 0
let failures = 0
export function ok(good, name, why = '') {
  console.log(`${good ? 'ok' : 'not ok'} ${++count} - ${String(name).replace(/[#\n]/g, ' ')}`)
  if (!good) failures++
  if (!good && why) for (const line of String(why).split('\n').slice(0, 40)) console.log(`#   ${line}`)
  return good
}
export const is = (got, wanted, name) => ok(String(got) === String(wanted), name, `got:    ${got}\nwanted: ${wanted}`)
export const like = (got, pattern, name) => ok(pattern.test(String(got)), name, `got:    ${String(got).slice(0, 2000)}\nwanted: ${pattern}`)
export function finish() {
  console.log(`1..${count}`)
  process.exitCode = failures ? 1 : 0
}
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
/** Asks until it is so; what it was at last comes back. */
export async function until(ask, wait = 15000) {
  const end = Date.now() + wait
  for (;;) {
    let got
    try { got = await ask() } catch (error) { got = null; if (Date.now() > end) throw error }
    if (got || Date.now() > end) return got
    await sleep(100)
  }
}

// The API, beside the browser ---------------------------------------------------------------------------------------------------
export class Client {
  async login(login = LOGIN, password = PASSWORD) {
    const answer = await fetch(`${URL_BASE}/api/v1/session`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ login, password }) })
    this.cookie = cookies(answer.headers)
    const data = await answer.json()
    if (!answer.ok) throw new Error(`login as ${login}: ${answer.status} ${JSON.stringify(data)}`)
    this.csrf = data.csrf
    return data
  }
  async call(method, path, body, headers = {}) {
    const answer = await fetch(`${URL_BASE}/api/v1${path}`, { method, headers: { Cookie: this.cookie || '', 'X-CSRF-Token': this.csrf || '', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers }, body: body === undefined ? undefined : JSON.stringify(body) })
    const text = await answer.text()
    let data = text
    try { data = JSON.parse(text) } catch { /* no JSON */ }
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 500)}`)
    return data
  }
  get(path) { return this.call('GET', path) }
  post(path, body = {}, headers) { return this.call('POST', path, body, headers) }
}

// The browser -----------------------------------------------------------------------------------------------------------------
export const browser = await chromium.launch({
  executablePath: process.env.HK_CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--lang=ja'],
})
/** What the page complained about: CSP violations, script errors, dialogs (no hostile text may open one). */
export const complaints = []

export async function newPage(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1366, height: 860 }, locale: 'ja-JP', timezoneId: 'Asia/Tokyo', acceptDownloads: true, reducedMotion: 'reduce', ...options })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: URL_BASE })
  const page = await context.newPage()
  page.setDefaultTimeout(15000)
  await page.addInitScript(() => { addEventListener('securitypolicyviolation', (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`)) })
  // Refusals are what many tests are about; and one of them cuts the line, where a request may be under way.
  page.on('console', (message) => { if (message.type() === 'error' && !/status of (?:40[0-9]|412|42[0-9])|ERR_INTERNET_DISCONNECTED/.test(message.text())) complaints.push(`${page.url()}: ${message.text()}`) })
  page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.stack || error}`))
  page.on('dialog', (dialog) => { complaints.push(`dialog: ${dialog.message()}`); dialog.dismiss() })
  return page
}
/** Through the login page, as people do. */
export async function enter(page, login = LOGIN, password = PASSWORD) {
  await page.goto(`${URL_BASE}/`)
  await page.fill('input[name=login]', login)
  await page.fill('input[name=password]', password)
  await page.click('button[type=submit]')
  await page.waitForSelector('.nav, .topbar')
}
/** Goes to a screen and waits until it stands: its heading is there, nothing is loading. */
export async function visit(page, path) {
  await page.evaluate((to) => { location.hash = to }, `#${path}`)
  await settled(page)
}
export async function settled(page) {
  await page.waitForSelector('main h1')
  await page.waitForFunction(() => !document.querySelector('main .skeleton, main [aria-busy=true]'), null, { timeout: 15000 })
}
/** The violations that axe finds, one line each. */
export async function axe(page, within = null) {
  await page.evaluate(axeSource)
  const found = await page.evaluate((at) => window.axe.run(at || document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }), within)
  return found.violations.flatMap((one) => one.nodes.slice(0, 3).map((node) => `${one.id}: ${node.html.slice(0, 200)} ${node.failureSummary?.split('\n').slice(1, 3).join(' ')}`))
}
export const text = (page, selector) => page.locator(selector).first().innerText()
