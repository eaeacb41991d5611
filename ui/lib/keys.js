/**
 * lib/keys: single keys and sequences ("g b"). Never takes a key that the browser uses: nothing with Ctrl, Alt or Cmd except the
 * palette's Ctrl/Cmd+K. Silent while somebody types, and while a dialog is open (dialogs have their own).
 * @typedef {[keys: string, label: string, run: (event: KeyboardEvent) => any]} Binding   label: a key of i18n, for the "?" sheet
 */
import { useEffect, useRef } from './ui.js'

const scopes = []
let first = ''
let timer

/** The bindings in force, innermost last; the sheet shows them. */
export const bindings = () => scopes.map((scope) => scope.current)

/** @param {string} title i18n key @param {Binding[]} rows */
export function useKeys(title, rows) {
  const scope = useRef(null)
  scope.current = { title, rows }
  useEffect(() => {
    scopes.push(scope)
    return () => { scopes.splice(scopes.indexOf(scope), 1) }
  }, [])
}

export const typing = (target) => target instanceof HTMLElement &&
  (target.isContentEditable || target.matches('textarea, select, input:not([type=checkbox]):not([type=radio]):not([type=button]):not([type=submit])'))

function find(keys) {
  for (let i = scopes.length - 1; i >= 0; i--) {
    const row = scopes[i].current.rows.find(([name]) => name.split(' | ').includes(keys))
    if (row) return row
  }
  return null
}

addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.isComposing) return
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'k') {
    const row = find('Ctrl+K')
    if (row) { event.preventDefault(); row[2](event) }
    return
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector('dialog[open], [role=menu]')) return
  const key = event.shiftKey && event.key.length === 1 && /[a-z]/i.test(event.key) ? `Shift+${event.key.toUpperCase()}` : event.key
  // Enter and Space belong to the button or link that has the focus.
  if ((key === 'Enter' || key === ' ') && event.target instanceof HTMLElement && event.target.matches('a, button, summary, input')) return
  const keys = first ? `${first} ${key}` : key
  const row = find(keys)
  clearTimeout(timer)
  first = ''
  if (row) { event.preventDefault(); row[2](event); return }
  if (scopes.some((scope) => scope.current.rows.some(([name]) => name.startsWith(`${key} `) && name !== key))) {
    first = key
    timer = setTimeout(() => { first = '' }, 1200)
  }
})
