/** parts/palette: go anywhere, do anything, find a case, from the keyboard (WAI-ARIA combobox). Understands English, Japanese and romaji. */
import { html, useEffect, useId, useMemo, useRef, useState } from '../lib/ui.js'
import { get } from '../lib/api.js'
import { t } from '../lib/i18n.js'
import { can, views } from '../lib/store.js'
import { go } from '../lib/router.js'
import { useSettled } from '../lib/hooks.js'
import { commands, matches } from '../lib/commands.js'
import { Dialog } from './dialog.js'
import { Icon } from './basics.js'
import { State, Target } from './status.js'
import { HostName } from './host-name.js'
import { defangText } from '../lib/defang.js'

export function Palette({ onClose }) {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const [cases, setCases] = useState([])
  const id = useId()
  const box = useRef(null)
  const settled = useSettled(text.trim(), 120)

  useEffect(() => {
    if (!can.read || settled.length < 2) { setCases([]); return undefined }
    const abort = new AbortController()
    const q = /^#?\d+$/.test(settled) ? `id:${settled.replace('#', '')}` : settled
    get('/cases', { q, limit: 6 }, abort.signal).then((page) => setCases(page.items), () => {})
    return () => abort.abort()
  }, [settled])

  const rows = useMemo(() => [
    ...commands().filter((command) => matches(command, text)),
    ...views.value.filter((view) => text && view.name.toLowerCase().includes(text.toLowerCase())).map((view) => ({ icon: 'star', label: view.name, run: () => go('/cases', { q: view.query, sort: view.sort, view: view.id }) })),
    ...cases.map((item) => ({ item, run: () => go(`/case/${item.id}`) })),
    ...(can.read && text.trim() ? [{ icon: 'search', label: t('palette.search', { text: text.trim() }), run: () => go('/cases', { q: text.trim() }) }] : []),
  ], [text, cases])
  useEffect(() => { setAt(0) }, [text])
  useEffect(() => { box.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' }) }, [at])

  const run = (row) => { onClose(); row?.run() }
  const onKey = (event) => {
    if (event.isComposing) return
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 }[event.key] ?? ((event.ctrlKey && { n: at + 1, p: at - 1 }[event.key]))
    if (to !== undefined && to !== false) { event.preventDefault(); setAt((to + rows.length) % Math.max(1, rows.length)) }
    else if (event.key === 'Enter') { event.preventDefault(); run(rows[at]) }
    else if ((event.ctrlKey || event.metaKey) && event.key === 'k') { event.preventDefault(); onClose() }
  }
  return html`<${Dialog} title=${t('palette.title')} plain onClose=${onClose}><div class="palette">
    <div class="palette-field"><${Icon} name="search" /><input data-first="" type="text" role="combobox" aria-expanded="true" aria-controls=${id} aria-activedescendant=${rows.length ? `${id}-${at}` : undefined} aria-autocomplete="list"
      aria-label=${t('palette.title')} placeholder=${t('palette.placeholder')} value=${text} onInput=${(event) => setText(event.target.value)} onKeyDown=${onKey} autocomplete="off" spellcheck="false" maxlength="200" /></div>
    <ul role="listbox" id=${id} ref=${box} aria-label=${t('palette.title')}>
      ${rows.map((row, i) => html`<li role="option" id=${`${id}-${i}`} aria-selected=${i === at} onMouseMove=${() => { if (i !== at) setAt(i) }} onClick=${() => run(row)}>
        ${row.item ? html`<span class="num dim">${row.item.id}</span> <span class="palette-name">${row.item.name && row.item.name !== row.item.host ? html`<bdi>${defangText(row.item.name).slice(0, 80)}</bdi> ` : ''}${row.item.host ? html`<${HostName} host=${row.item.host} domain=${row.item.domain} />` : ''}</span> <${Target} target=${row.item.target} /> <${State} state=${row.item.state} />`
          : html`<${Icon} name=${row.icon} /><span class="palette-name">${row.label}</span>${row.keys && html`<kbd>${row.keys}</kbd>`}`}</li>`)}
    </ul>${rows.length === 0 && html`<p class="palette-none" role="status">${t('palette.none')}</p>`}</div><//>`
}
