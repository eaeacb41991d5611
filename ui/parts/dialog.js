/** parts/dialog: the browser's own modal dialog: keeps the focus inside, closes with Esc, gives the focus back. */
import { html, useEffect, useRef, useState } from '../lib/ui.js'
import { t } from '../lib/i18n.js'
import { explain } from '../lib/store.js'
import { Icon } from './basics.js'

/** @param {{ title: string, onClose: () => void, wide?: boolean, plain?: boolean, children: any }} props */
export function Dialog({ title, onClose, wide, plain, children }) {
  const ref = useRef(null)
  const down = useRef(false)
  useEffect(() => {
    const before = document.activeElement
    ref.current.showModal()
    // Where something begins is chosen by data-first, else by the browser.
    ref.current.querySelector('[data-first]')?.focus()
    return () => { if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true }) }
  }, [])
  return html`<dialog ref=${ref} class=${`dialog ${wide ? 'wide' : ''} ${plain ? 'plain' : ''}`} aria-label=${title}
    onCancel=${(event) => { event.preventDefault(); onClose() }} onMouseDown=${(event) => { down.current = event.target === ref.current }}
    onClick=${(event) => { if (event.target === ref.current && down.current) onClose() }}>
    ${!plain && html`<header class="dialog-head"><h2>${title}</h2><button type="button" class="icon-button" aria-label=${t('close')} onClick=${onClose}><${Icon} name="close" /></button></header>`}
    ${children}</dialog>`
}

/**
 * A form in a dialog. `submit` gets the form's element and returns a promise; what it throws is shown above the buttons, which are always in sight.
 * @param {{ title: string, onClose: () => void, submit: (form: HTMLFormElement) => Promise<any>, label: string, danger?: boolean, wide?: boolean, children: any }} props
 */
export function FormDialog({ title, onClose, submit, label, danger, wide, children }) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState(null)
  const run = async (event) => {
    event.preventDefault()
    if (busy) return
    setBusy(true)
    setError(null)
    try { await submit(event.target); onClose() } catch (caught) {
      setError(caught)
      setBusy(false)
      // The field that is wrong is where the next key has to go.
      const field = caught?.field && event.target.elements.namedItem(caught.field)
      if (field instanceof HTMLElement) field.focus()
    }
  }
  const said = error && explain(error)
  return html`<${Dialog} title=${title} onClose=${onClose} wide=${wide}><form class="form" onSubmit=${run}
    onKeyDown=${(event) => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); event.currentTarget.requestSubmit() } }}>
    <div class="dialog-body">${children}</div>
    <footer class="dialog-foot">${said && html`<div class="errorbox" role="alert"><p><strong>${said.text}</strong></p>${said.remedy && html`<p>${said.remedy}</p>`}</div>`}
      <button type="button" class="button" onClick=${onClose}>${t('cancel')}</button>
      <button type="submit" class=${`button ${danger ? 'danger' : 'primary'}`} aria-disabled=${busy}>${label}</button></footer></form><//>`
}
