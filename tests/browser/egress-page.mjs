// tests/browser/egress-page: node egress-page.mjs CANARY-PORT, inside a namespace whose only way out is the gate at 127.0.0.1:3128. Prints
// TAP. Each way of egress-kinds is first shown to work (the site sees it), then turned against this machine and others.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { createSocket } from 'node:dgram'
import { join } from 'node:path'
import { pages, webrtc } from './egress-kinds.mjs'

const src = process.env.HK_SRC
const { chromium } = createRequire(join(src, 'ui/package.json'))('playwright-core')
const port = Number(process.argv[2])
let count = 0
const ok = (good, name, why = '') => { console.log(`${good ? 'ok' : 'not ok'} ${++count} - ${name}`); if (!good && why) console.log(`# ${why}`) }

// Whoever goes round the proxy inside the namespace.
let inside = 0
for (const host of ['127.0.0.1', '::1']) {
  await new Promise((resolve) => createServer((socket) => { inside++; socket.on('error', () => {}); socket.destroy() }).on('error', resolve).listen(port, host, resolve))
}
const udp = createSocket('udp4').on('message', () => { inside++ })
await new Promise((resolve) => udp.bind(port, '127.0.0.1', resolve))

const browser = await chromium.launch({
  executablePath: process.env.HK_HEADLESS || '/usr/bin/chromium-headless-shell',
  args: ['--proxy-server=http://127.0.0.1:3128', '--proxy-bypass-list=<-loopback>', '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
    '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1', '--disable-quic', '--ignore-certificate-errors',
    // The browser's own guard would hide what the gate does.
    '--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests,PrivateNetworkAccessSendPreflights,HttpsUpgrades'],
})
// A service worker needs a secure page, which loads nothing over http.
const scheme = (kind) => (kind === 'service-worker' ? 'https' : 'http')

async function results() {
  const page = await browser.newPage()
  await page.goto('http://evil.example/results')
  const text = await page.evaluate(() => document.body.innerText)
  await page.close()
  return JSON.parse(text)
}
/** Does all of it, some at a time. */
async function each(list, work) {
  const left = [...list]
  await Promise.all(Array.from({ length: 6 }, async () => { while (left.length) await work(left.shift()) }))
}
/** Waits until ask() is true, or the time is over; never long enough to matter when it is. */
async function until(ask, ms) {
  const end = Date.now() + ms
  while (!(await ask()) && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 25))
}
/** Opens the page; comes back when the browser has done with the request for target, or after a while. */
async function visit(kind, target, wait) {
  const context = await browser.newContext({ serviceWorkers: 'allow', ignoreHTTPSErrors: true })
  const page = await context.newPage()
  let over = false
  const plain = target.replace(/^(http|ws)s?:/, '')
  const ended = (request) => { if (request.url().replace(/^(http|ws)s?:/, '') === plain) over = true }
  context.on('requestfailed', ended)
  context.on('requestfinished', ended)
  page.on('websocket', (ws) => { ws.on('socketerror', () => { over = true }); ws.on('close', () => { over = true }) })
  await page.goto(`${scheme(kind)}://evil.example/page?kind=${kind}&to=${encodeURIComponent(target)}`, { waitUntil: 'commit', timeout: 20000 }).catch(() => {})
  await until(() => over, wait)
  await context.close()
}

// They work: with a host that may be reached.
const kinds = Object.keys(pages)
await each(kinds, (kind) => visit(kind, `${scheme(kind)}://other.example/hit/${kind}`, 2000))
let hits = new Set((await results()).hits)
await each(kinds.filter((kind) => !hits.has(kind)), (kind) => visit(kind, `${scheme(kind)}://other.example/hit/${kind}`, 10000))
hits = new Set((await results()).hits)
for (const kind of kinds) ok(hits.has(kind), `${kind}: reaches a host that may be reached`)

// And against what may not.
const hosts = ['localhost', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0', 'localhost.', 'a.localhost']
await each(kinds, (kind) => visit(kind, `${scheme(kind)}://127.0.0.1:${port}/${kind}`, 2000))
await each(kinds, (kind) => visit(kind, `${scheme(kind)}://${hosts[kinds.indexOf(kind) % hosts.length]}:${port}/${kind}`, 2000))
// The vectors of the table, in turn through ways that need no click.
const simple = ['img', 'script', 'iframe', 'fetch', 'xhr', 'css-url', 'websocket', 'redirect-301', 'beacon', 'form-post']
const rows = readFileSync(join(src, 'tests/vectors/ssrf.tsv'), 'utf8').split('\n').filter((line) => line && line[0] !== '#').map((line) => line.split('\t')[0])
let tried = 0
await each(rows, async (row) => {
  await visit(simple[rows.indexOf(row) % simple.length], row.replaceAll('\\\\', '\\'), 1000)
  tried++
})
const page = await browser.newPage()
await page.goto('http://evil.example/')
await page.evaluate(`(${webrtc(port)})()`)
await page.close()

const { seen } = await results()
ok(tried >= 30, `${tried} vectors of the table`)
ok(seen === 0, 'the canary outside has seen nobody', `seen: ${seen}`)
ok(inside === 0, 'nobody went round the proxy', `seen: ${inside}`)
console.log(`1..${count}`)
await browser.close()
process.exit(0)
