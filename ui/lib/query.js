/** lib/query: edits the words of the query language without understanding all of it: `status:new,triaged target:"見本銀行" free text`. */

const WORD = /(-?[a-z_]+:(?:"[^"]*"|[^\s"]+)+)|"[^"]*"|\S+/gi

export const wordsOf = (query) => String(query || '').match(WORD) || []
const quote = (value) => /[\s,"]/.test(value) ? `"${value.replaceAll('"', '')}"` : value

/** The values of `field:a,b` in a query. */
export function valuesOf(query, field) {
  const out = []
  for (const word of wordsOf(query)) {
    if (!word.startsWith(`${field}:`)) continue
    for (const [, quoted, plain] of word.slice(field.length + 1).matchAll(/"([^"]*)"|([^,"]+)/g)) out.push(quoted ?? plain)
  }
  return out
}
/** The query with `field:` set to these values; none: without it. */
export function withValues(query, field, values) {
  const rest = wordsOf(query).filter((word) => !word.startsWith(`${field}:`))
  if (values.length) rest.push(`${field}:${values.map(quote).join(',')}`)
  return rest.join(' ')
}
export const toggleValue = (query, field, value) => {
  const values = valuesOf(query, field)
  return withValues(query, field, values.includes(value) ? values.filter((other) => other !== value) : [...values, value])
}
