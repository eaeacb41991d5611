// cookies(headers): what of an answer of fetch goes into the header "Cookie" of the next request. Debian 12's own Node.js has a fetch without getSetCookie: there the
// headers are one text, with commas between them (and in dates).
'use strict'
module.exports = (headers) => {
  const all = headers.getSetCookie?.() ?? (headers.get('set-cookie') || '').split(/,\s*(?=[^;,=\s]+=)/)
  return all.map((one) => one.split(';')[0]).filter(Boolean).join('; ')
}
