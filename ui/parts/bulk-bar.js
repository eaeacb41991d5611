/** parts/bulk-bar: what can be done with the chosen cases; stays at the lower edge. */
import { html } from '../lib/ui.js'
import { t, tf } from '../lib/i18n.js'
import { number } from '../lib/format.js'
import { Icon } from './basics.js'
import { Menu } from './menu.js'

/** More than that are hardly one case: the menu has it still. */
const MERGE_MAX = 20

export const BulkBar = ({ count, onAct, onClear }) => html`<div class="bulk-bar" role="region" aria-label=${t('bulk.label')}>
  <span role="status"><b class="num">${number(count)}</b> ${t('bulk.chosen')}</span>
  ${['triage', 'confirm', 'dismiss'].map((name) => html`<button type="button" class="button" onClick=${() => onAct(name)}>${tf('act', name)}</button>`)}
  ${count > 1 && count <= MERGE_MAX && html`<button type="button" class="button" onClick=${() => onAct('merge')}><${Icon} name="merge" />${tf('act', 'merge')}</button>`}
  <${Menu} class="button" label=${t('bulk.more')} icon="more" right items=${[...['report', 'down', 'close', 'out_of_scope', 'reopen'].map((name) => ({ label: tf('act', name), run: () => onAct(name) })), null,
    ...[['edit', 'settings'], ['assign', 'account'], ['label', 'star'], ['merge', 'merge']].map(([name, icon]) => ({ label: tf('act', name), icon, run: () => onAct(name) })), null, { label: tf('act', 'delete'), icon: 'trash', danger: true, run: () => onAct('delete') }]} />
  <button type="button" class="icon-button" aria-label=${t('bulk.clear')} onClick=${onClear}><${Icon} name="close" /></button></div>`
