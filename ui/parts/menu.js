/** parts/menu: a button that opens a list of acts (WAI-ARIA menu button): arrows, Home, End, first letter, Esc. */
import { html, useEffect, useRef, useState } from '../lib/ui.js'
import { Icon } from './basics.js'

/**
 * @typedef {{ label: any, text?: string, run: () => any, icon?: string, danger?: boolean, on?: boolean, off?: boolean }|null} Item   null: a line; on: ticked
 * @param {{ label: any, title?: string, items: Item[], class?: string, icon?: string, right?: boolean, keep?: boolean }} props
 */
export function Menu({ label, title, items, class: name = 'button', icon, right, keep }) {
  const [open, setOpen] = useState(false)
  const box = useRef(null)
  const button = useRef(null)
  const found = () => [...box.current.querySelectorAll('[role^=menuitem]')]
  useEffect(() => {
    if (!open) return undefined
    found()[0]?.focus()
    const outside = (event) => { if (!box.current?.contains(event.target)) setOpen(false) }
    addEventListener('pointerdown', outside)
    return () => removeEventListener('pointerdown', outside)
  }, [open])
  const shut = () => { setOpen(false); button.current?.focus() }
  const onKey = (event) => {
    const all = found()
    const at = all.indexOf(document.activeElement)
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key]
    if (to !== undefined) { event.preventDefault(); all.at(to % all.length)?.focus() }
    else if (event.key === 'Escape') { event.preventDefault(); event.stopPropagation(); shut() }
    else if (event.key === 'Tab') setOpen(false)
    else if (event.key.length === 1) all.find((item, i) => i > at && item.textContent.trim().toLowerCase().startsWith(event.key.toLowerCase()))?.focus()
  }
  return html`<div class="menu-box" ref=${box}>
    <button type="button" class=${name} ref=${button} aria-haspopup="menu" aria-expanded=${open} title=${title} aria-label=${title}
      onClick=${() => setOpen(!open)} onKeyDown=${(event) => { if (event.key === 'ArrowDown' && !open) { event.preventDefault(); setOpen(true) } }}>${icon && html`<${Icon} name=${icon} />`}${label}</button>
    ${open && html`<div class=${`menu ${right ? 'right' : ''}`} role="menu" aria-label=${title || label} onKeyDown=${onKey}>
      ${items.map((item) => item === null ? html`<hr />` : html`<button type="button" tabindex="-1" role=${item.on === undefined ? 'menuitem' : 'menuitemcheckbox'} aria-checked=${item.on} aria-disabled=${item.off}
        class=${`menu-item ${item.danger ? 'danger' : ''}`} onClick=${() => { if (item.off) return; if (!keep) shut(); item.run() }}>
        ${item.on !== undefined ? html`<span class="tick">${item.on && html`<${Icon} name="check" size=${14} />`}</span>` : item.icon && html`<${Icon} name=${item.icon} />`}<span>${item.label}</span></button>`)}</div>`}
  </div>`
}
