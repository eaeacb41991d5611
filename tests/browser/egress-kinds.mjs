// tests/browser/egress-kinds: the ways in which a page makes a browser connect to a URL: kind -> URL -> HTML.
const quoted = (text) => JSON.stringify(text).replace(/</g, '\\u003c')
const escaped = (text) => text.replace(/&/g, '&amp;').replace(/"/g, '&quot;')
const script = (code) => `<script>${code}</script>`
const websocket = (to) => to.replace(/^http/, 'ws')

export const pages = {
  img: (to) => `<img src="${escaped(to)}">`,
  'img-srcset': (to) => `<img srcset="${escaped(to)} 1x">`,
  picture: (to) => `<picture><source srcset="${escaped(to)}"><img src="/hit/other"></picture>`,
  'svg-image': (to) => `<svg><image href="${escaped(to)}" width="9" height="9"/></svg>`,
  'input-image': (to) => `<input type="image" src="${escaped(to)}">`,
  script: (to) => `<script src="${escaped(to)}"></script>`,
  module: (to) => `<script type="module">import(${quoted(to)}).catch(() => 0)</script>`,
  stylesheet: (to) => `<link rel="stylesheet" href="${escaped(to)}">`,
  'css-import': (to) => `<style>@import url("${to}");</style>`,
  'css-url': (to) => `<style>body { background: url("${to}") }</style>x`,
  font: (to) => `<style>@font-face { font-family: f; src: url("${to}") } body { font-family: f }</style>text`,
  iframe: (to) => `<iframe src="${escaped(to)}"></iframe>`,
  object: (to) => `<object data="${escaped(to)}"></object>`,
  embed: (to) => `<embed src="${escaped(to)}">`,
  video: (to) => `<video src="${escaped(to)}" preload="auto"></video>`,
  audio: (to) => `<audio src="${escaped(to)}" preload="auto"></audio>`,
  preload: (to) => `<link rel="preload" as="image" href="${escaped(to)}">`,
  prefetch: (to) => `<link rel="prefetch" href="${escaped(to)}">`,
  fetch: (to) => script(`fetch(${quoted(to)}, { mode: 'no-cors' }).catch(() => 0)`),
  'fetch-post': (to) => script(`fetch(${quoted(to)}, { mode: 'no-cors', method: 'POST', body: 'a=b' }).catch(() => 0)`),
  'fetch-keepalive': (to) => script(`fetch(${quoted(to)}, { mode: 'no-cors', keepalive: true }).catch(() => 0)`),
  xhr: (to) => script(`const x = new XMLHttpRequest(); x.open('GET', ${quoted(to)}); x.send()`),
  beacon: (to) => script(`navigator.sendBeacon(${quoted(to)}, 'x')`),
  eventsource: (to) => script(`const e = new EventSource(${quoted(to)}); e.onerror = () => e.close()`),
  websocket: (to) => script(`new WebSocket(${quoted(websocket(to))})`),
  worker: (to) => script(`new Worker(URL.createObjectURL(new Blob(['importScripts(' + JSON.stringify(${quoted(to)}) + ')'])))`),
  'service-worker': (to) => script(`navigator.serviceWorker.register('/sw.js?to=' + encodeURIComponent(${quoted(to)}), { scope: '/s' + Math.random() })`),
  'form-get': (to) => `<form action="${escaped(to)}"></form>${script('document.forms[0].submit()')}`,
  'form-post': (to) => `<form method="post" action="${escaped(to)}"><input name="a" value="b"></form>${script('document.forms[0].submit()')}`,
  'meta-refresh': (to) => `<meta http-equiv="refresh" content="0;url=${escaped(to)}">`,
  location: (to) => script(`location = ${quoted(to)}`),
  'window-open': (to) => script(`window.open(${quoted(to)})`),
  'anchor-ping': (to) => `<a id="a" href="#x" ping="${escaped(to)}">x</a>${script(`document.getElementById('a').click()`)}`,
  'csp-report': () => '<img src="/hit/other">',
  'redirect-301': (to) => `<img src="/redirect?status=301&amp;to=${encodeURIComponent(to)}">`,
  'redirect-302-frame': (to) => `<iframe src="/redirect?status=302&amp;to=${encodeURIComponent(to)}"></iframe>`,
  'redirect-307-post': (to) => script(`fetch('/redirect?status=307&to=' + encodeURIComponent(${quoted(to)}), { method: 'POST', body: 'x', mode: 'no-cors' }).catch(() => 0)`),
  'redirect-twice': (to) => `<img src="/redirect?status=302&amp;to=${encodeURIComponent('http://other.example/redirect?status=308&to=' + encodeURIComponent(to))}">`,
  'data-frame': (to) => `<iframe src="data:text/html,${encodeURIComponent(`<img src="${escaped(to)}">`)}"></iframe>`,
  'srcdoc-frame': (to) => `<iframe srcdoc="${escaped(`<img src="${escaped(to)}">`)}"></iframe>`,
}

/** No URL of http: what WebRTC does with an address. */
export const webrtc = (port) => `async () => {
  const pc = new RTCPeerConnection({ iceServers: [{ urls: 'stun:127.0.0.1:${port}' }, { urls: 'turn:127.0.0.1:${port}?transport=tcp', username: 'u', credential: 'c' }] })
  pc.createDataChannel('x')
  await pc.setLocalDescription(await pc.createOffer())
  await new Promise((resolve) => { pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && resolve(); setTimeout(resolve, 3000) })
  pc.close()
}`
