/**
 * lib/mail: reads a mail that is to be sent, so that people can see what its recipient will: headers, text, and what is attached (RFC 5322, 2045, 2047, 2231).
 * For looking only: what is approved are the bytes themselves. Broken mail gives what there is; nothing of it becomes markup.
 */
const DEPTH_MAX = 6
const PARTS_MAX = 100

const bytesOf = (binary) => Uint8Array.from(binary, (c) => c.charCodeAt(0) & 255)
function textOf(bytes, charset) {
  try { return new TextDecoder(charset || 'utf-8').decode(bytes) } catch { return new TextDecoder().decode(bytes) }
}
function unbase64(text) {
  try { return atob(text.replace(/[^A-Za-z0-9+/=]/g, '')) } catch { return '' }
}
const unquoted = (text) => text.replace(/[ \t]+$/gm, '').replace(/=\r?\n/g, '').replace(/=([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)))

/** "=?UTF-8?B?...?=" as people read it. */
export const decodeWords = (value) => value.replace(/\?=\s+=\?/g, '?==?').replace(/=\?([^?*]+)(?:\*[^?]*)?\?([bq])\?([^?]*)\?=/gi, (_, charset, how, text) =>
  textOf(bytesOf(/b/i.test(how) ? unbase64(text) : unquoted(text.replace(/_/g, ' '))), charset))

/** Header lines and what stands below them. */
function cut(text) {
  // A part may have no headers at all: then it begins with the empty line.
  const end = /^\r?\n|\r?\n\r?\n/.exec(text)
  const [head, body] = end ? [text.slice(0, end.index), text.slice(end.index + end[0].length)] : [text, '']
  const headers = head.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/).map((line) => /^([^\s:]+):\s*(.*)$/.exec(line)).filter(Boolean).map(([, name, value]) => [name, value])
  return { headers, body }
}
const find = (headers, name) => headers.find(([one]) => one.toLowerCase() === name)?.[1] || ''
/** `charset="utf-8"`, and `filename*=UTF-8''%E7...` */
function param(value, name) {
  const long = new RegExp(`;\\s*${name}\\*=([^']*)'[^']*'([^;\\s]+)`, 'i').exec(value)
  if (long) { try { return decodeURIComponent(long[2]) } catch { return long[2] } }
  const plain = new RegExp(`;\\s*${name}=(?:"([^"]*)"|([^;\\s]+))`, 'i').exec(value)
  return plain ? decodeWords(plain[1] ?? plain[2]) : ''
}

/** Puts what a part holds into `out`. */
function walk(headers, body, out, depth) {
  const type = find(headers, 'content-type') || 'text/plain'
  const kind = type.split(';')[0].trim().toLowerCase()
  const boundary = param(type, 'boundary')
  if (out.count++ > PARTS_MAX || depth > DEPTH_MAX) return
  if (kind.startsWith('multipart/') && boundary) {
    for (const piece of `\n${body}`.split(`\n--${boundary}`).slice(1)) {
      if (piece.startsWith('--')) break
      const part = cut(piece.replace(/^[ \t]*\r?\n/, ''))
      walk(part.headers, part.body.replace(/\r$/, ''), out, depth + 1)
    }
    return
  }
  const coding = find(headers, 'content-transfer-encoding').toLowerCase()
  const disposition = find(headers, 'content-disposition')
  const name = param(disposition, 'filename') || param(type, 'name')
  const binary = coding === 'base64' ? unbase64(body) : coding === 'quoted-printable' ? unquoted(body) : null
  if (kind === 'text/plain' && !/^attachment/i.test(disposition)) {
    out.texts.push(binary === null ? body : textOf(bytesOf(binary), param(type, 'charset')))
    return
  }
  out.files.push({ name, type: kind, bytes: binary === null ? new TextEncoder().encode(body).length : binary.length })
  out.contents.push(binary === null ? body : /^(?:text|message)\/|json|xml/.test(kind) ? textOf(bytesOf(binary), param(type, 'charset')) : binary)
}

/**
 * @param {string} source   the mail as text (bytes above 127 as UTF-8)
 * @returns {{ headers: [string, string][], text: string, files: { name: string, type: string, bytes: number }[], contents: string[] }}   contents: of the files, text or a character a byte
 */
export function readMail(source) {
  const { headers, body } = cut(source)
  const out = { texts: [], files: [], contents: [], count: 0 }
  walk(headers, body, out, 0)
  return { headers: headers.map(([name, value]) => [name, decodeWords(value)]), text: out.texts.join('\n\n').replaceAll('\r', '').replace(/\n+$/, '\n'), files: out.files, contents: out.contents }
}
