/** lib/prefs: how a person likes the board: theme, zone, columns, page size. Kept by the server; a copy stays here for the first paint. */
import { signal, effect } from './ui.js'
import { patch, session } from './api.js'

const KEY = 'hikeshi.prefs'
const DEFAULTS = { theme: 'auto', zone: 'jst', limit: 20, columns: null, dense: false, blur: false, bom: true }

function stored() {
  try { return JSON.parse(localStorage.getItem(KEY)) || {} } catch { return {} }
}
export const prefs = signal({ ...DEFAULTS, ...stored() })

effect(() => {
  const { theme } = prefs.value
  if (theme === 'auto') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
  document.documentElement.classList.toggle('dense', Boolean(prefs.value.dense))
  document.documentElement.classList.toggle('blur', Boolean(prefs.value.blur))
})

/** Takes what the server has for this person. */
export function adopt(theirs) {
  prefs.value = { ...DEFAULTS, ...(theirs || {}) }
  try { localStorage.setItem(KEY, JSON.stringify(prefs.value)) } catch { /* private mode: the server has it */ }
}

let timer
/** Changes at once here, a moment later there. */
export function setPrefs(changes) {
  adopt({ ...prefs.value, ...changes })
  if (!session.value) return
  clearTimeout(timer)
  timer = setTimeout(() => patch('/me', { prefs: prefs.value }).catch(() => { /* kept locally; the next change tries again */ }), 600)
}
