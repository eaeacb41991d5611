/**
 * lib/defang: hostile text made harmless to look at and to copy. Nothing that the outside world wrote is shown without one of these.
 * Copying the exact text is an act of its own (parts/host-name.js).
 */

// Controls, zero-width and bidirectional marks, tags: what can hide text or turn it round.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu

/** Characters that cannot be seen become their names: "a\u202eb" -> "a‹U+202E›b". */
export const visible = (text) => String(text ?? '').replace(HIDDEN, (c) => `‹U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}›`)

export const defangHost = (host) => visible(host).replace(/\[\.\]|\./g, '[.]')

/** "https://a.example/x.html" -> "hxxps://a[.]example/x.html". */
export function defangUrl(text) {
  const parts = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/is.exec(String(text ?? ''))
  if (!parts) return defangHost(text)
  const scheme = parts[1].toLowerCase().replace(/^http/, 'hxxp').replace(/^ftp/, 'fxp')
  return `${scheme}://${defangHost(parts[2])}${visible(parts[3])}`
}

const URLS = /\b(?:https?|ftp):\/\/[^\s<>"'「」（）]+|\b(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+(?:[a-z]{2,24}|xn--[a-z0-9-]+)\b/giu

/** Free text: whatever looks like a URL or a host in it is defanged, the rest stays. */
export const defangText = (text) => visible(text).replace(URLS, (found) => found.includes('://') ? defangUrl(found) : defangHost(found))

/** Punycode (RFC 3492) of one label, without the "xn--"; null when it is broken. */
function unpuny(label) {
  const at = label.lastIndexOf('-')
  const out = at > 0 ? [...label.slice(0, at)].map((c) => c.codePointAt(0)) : []
  let n = 128; let i = 0; let bias = 72
  for (let p = at + 1; p < label.length;) {
    const from = i
    for (let w = 1, k = 36; ; k += 36) {
      const c = label.charCodeAt(p++)
      const digit = c >= 97 && c < 123 ? c - 97 : c >= 48 && c < 58 ? c - 22 : 36
      if (digit === 36 || i > 1e7) return null
      i += digit * w
      const edge = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias
      if (digit < edge) break
      w *= 36 - edge
    }
    const length = out.length + 1
    let delta = from === 0 ? Math.floor((i - from) / 700) : Math.floor((i - from) / 2)
    delta += Math.floor(delta / length)
    let k = 0
    for (; delta > 455; k += 36) delta = Math.floor(delta / 35)
    bias = k + Math.floor((36 * delta) / (delta + 38))
    n += Math.floor(i / length)
    i %= length
    if (n > 0x10ffff) return null
    out.splice(i++, 0, n)
  }
  return String.fromCodePoint(...out)
}

/** What an internationalised host looks like to its victims; null when it has no such label. */
export function unicodeHost(host) {
  if (!/(?:^|\.)xn--/i.test(host || '')) return null
  return host.split('.').map((label) => /^xn--/i.test(label) ? unpuny(label.slice(4).toLowerCase()) ?? label : label).join('.')
}
