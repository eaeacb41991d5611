/** parts/filters: the field of the query language, and menus that write the commonest of its words. */
import { html, useEffect, useState } from '../lib/ui.js'
import { named, t, tf } from '../lib/i18n.js'
import { setParams } from '../lib/router.js'
import { list } from '../lib/store.js'
import { KINDS, SOURCES, STATES } from '../lib/names.js'
import { toggleValue, valuesOf, withValues } from '../lib/query.js'
import { Icon } from './basics.js'
import { Menu } from './menu.js'
import { stateName } from './status.js'

/** @param {{ q: string, box: { current: any } }} props */
export function Filters({ q, box }) {
  const [text, setText] = useState(q)
  useEffect(() => { setText(q) }, [q])
  // A list that follows the typing; the address gets it when the typing rests.
  useEffect(() => {
    if (text === q) return undefined
    const timer = setTimeout(() => setParams({ q: text.trim(), view: null }), 250)
    return () => clearTimeout(timer)
  }, [text])
  const set = (next) => { setText(next); setParams({ q: next, view: null }, true) }
  const pick = (field, label, options) => {
    const chosen = valuesOf(q, field)
    return html`<${Menu} class=${`button quiet ${chosen.length ? 'on' : ''}`} keep label=${html`${label}${chosen.length > 0 && html`<span class="badge num">${chosen.length}</span>`}<${Icon} name="down" size=${12} />`} title=${label}
      items=${[...options.map(([value, name]) => ({ label: name, on: chosen.includes(value), run: () => set(toggleValue(q, field, value)) })), ...(chosen.length ? [null, { label: t('filter.clear_one'), run: () => set(withValues(q, field, [])) }] : [])]} />`
  }
  return html`<div class="filters" role="search"><div class="search-field"><${Icon} name="search" /><input ref=${box} type="search" value=${text} aria-label=${t('filter.label')} placeholder=${t('filter.placeholder')} onInput=${(event) => setText(event.target.value)}
      onKeyDown=${(event) => { if (event.key === 'Enter' && !event.isComposing) set(text.trim()); if (event.key === 'Escape') { if (text) { event.preventDefault(); set('') } else event.target.blur() } }} autocomplete="off" spellcheck="false" maxlength="1000" /></div>
    <div class="picks">
      ${pick('status', t('column.state'), STATES.map((state) => [state, stateName(state)]))}
      ${pick('target', t('column.target'), list('targets').map((row) => [row.key, named(row)]))}
      ${pick('actor', t('column.actor'), list('actors').map((row) => [row.key, row.name]))}
      ${pick('kind', t('column.kind'), KINDS.map((kind) => [kind, tf('kind', kind)]))}
      ${pick('source', t('column.source'), SOURCES.map((source) => [source, tf('source', source)]))}
      ${pick('is', t('filter.is'), ['open', 'unsupported', 'handled', 'closed', 'overdue', 'awaiting', 'mine', 'deleted'].map((word) => [word, tf('is', word)]))}
      ${/* Always there, so that the first letter does not move the list. */''}<button type="button" class="icon-button" aria-label=${t('filter.clear')} title=${t('filter.clear')} aria-disabled=${!q} onClick=${() => { if (q) set('') }}><${Icon} name="close" size=${12} /></button>
    </div></div>`
}
