// tests/browser/egress-site: the outside of tests/scenario/egress-page.t: one site for every name of the range, and a canary that nobody
// may reach: node egress-site.mjs KEY CERTIFICATE. Prints "PORT TLS-PORT CANARY-PORT", ends with its standard input.
//
//   /page?kind=KIND&to=URL   a page that tries to load URL in that way     /redirect?to=URL&status=N
//   /hit/...                 is remembered                                 /results   what was remembered, and what the canary saw
import { createServer } from 'node:http'
import { createServer as createTls } from 'node:https'
import { createServer as createTcp } from 'node:net'
import { readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { pages } from './egress-kinds.mjs'

const hits = new Set()
let seen = 0

function answer(request, response) {
  const url = new URL(request.url, 'http://evil.example')
  const to = url.searchParams.get('to') || ''
  response.setHeader('Access-Control-Allow-Origin', '*')
  response.setHeader('Cache-Control', 'no-store')
  if (url.pathname.startsWith('/hit/')) {
    hits.add(url.pathname.slice(5))
    response.setHeader('Content-Type', url.pathname.endsWith('.js') ? 'text/javascript' : 'text/html')
    response.end('')
  } else if (url.pathname === '/redirect') {
    response.writeHead(Number(url.searchParams.get('status') || 302), { Location: Buffer.from(to).toString('latin1') })
    response.end()
  } else if (url.pathname === '/results') {
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify({ hits: [...hits], seen }))
  } else if (url.pathname === '/sw.js') {
    response.setHeader('Content-Type', 'text/javascript')
    response.end(`self.addEventListener('install', (e) => e.waitUntil(fetch(${JSON.stringify(to)}, { mode: 'no-cors' }).catch(() => 0)))`)
  } else {
    const kind = url.searchParams.get('kind')
    response.setHeader('Content-Type', 'text/html; charset=utf-8')
    if (kind === 'csp-report') response.setHeader('Content-Security-Policy', `img-src 'none'; report-uri ${to}`)
    response.end(pages[kind] ? `<!doctype html><title>x</title><body>${pages[kind](to)}` : 'hello')
  }
}
const site = createServer(answer)
const secure = createTls({ key: readFileSync(process.argv[2]), cert: readFileSync(process.argv[3]) }, answer)
site.on('upgrade', (request, socket) => {
  hits.add(request.url.slice(5))
  const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64')
  socket.end(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
})
const canary = createTcp((socket) => { seen++; socket.on('error', () => {}); socket.destroy() })
const listen = (server) => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)))
console.log(await listen(site), await listen(secure), await listen(canary))
process.stdin.on('end', () => process.exit(0)).resume()
