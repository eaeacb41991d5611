/** parts/undo-bar: what was approved leaves when the seconds are over; until then one press takes it back. Stands on every screen. */
import { html, useEffect } from '../lib/ui.js'
import { t } from '../lib/i18n.js'
import { duration, now, number } from '../lib/format.js'
import { undoable } from '../lib/store.js'
import { useKeys } from '../lib/keys.js'
import { undo } from '../lib/reports.js'
import { Icon, Kbd } from './basics.js'

/** How long it says that they have gone. */
const STAYS_MS = 4000

export function UndoBar() {
  const all = undoable.value || []
  const open = all.filter((one) => one.send > now.value)
  const gone = open.length === 0 && all.length > 0 && now.value - Math.max(...all.map((one) => one.send)) > STAYS_MS
  const take = () => { const what = (undoable.value || []).filter((one) => one.send > Date.now()); undoable.value = null; if (what.length) undo(what) }
  useKeys('keys.undo_bar', [['u', 'report.undo', take]])
  useEffect(() => { if (gone) undoable.value = null }, [gone])
  if (!all.length || gone) return null
  return html`<div class="bulk-bar undo-bar" role="region" aria-label=${t('report.undo_bar')}>
    ${open.length > 0 ? html`<span role="status">${t('report.approved_n', { n: number(open.length) })}</span><span class="undo-left num" role="timer">${t('report.leaves_in', { time: duration(Math.min(...open.map((one) => one.send)) - now.value) })}</span><button type="button" class="button primary" onClick=${take}><${Icon} name="undo" />${t('report.undo')} <${Kbd} keys="u" /></button>`
      : html`<span role="status">${t('report.leaving')}</span>`}
    <button type="button" class="icon-button" aria-label=${t('close')} onClick=${() => { undoable.value = null }}><${Icon} name="close" /></button></div>`
}
