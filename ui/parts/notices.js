/** parts/notices: what happened, in a corner; with a way back where there is one. */
import { html } from '../lib/ui.js'
import { t } from '../lib/i18n.js'
import { attempt, dismiss, notices } from '../lib/store.js'
import { Icon } from './basics.js'

const Notice = ({ item }) => html`<div class=${`notice notice-${item.kind}`}>
  <div class="notice-text"><p>${item.text}</p>${item.remedy && html`<p class="remedy">${item.remedy}</p>`}</div>
  ${item.act && html`<button type="button" class="button small" onClick=${() => { dismiss(item.id); attempt(item.act.run) }}>${item.act.label}</button>`}
  <button type="button" class="icon-button" aria-label=${t('close')} onClick=${() => dismiss(item.id)}><${Icon} name="close" size=${14} /></button></div>`

// Two regions that are always there, so that screen readers hear what comes into them.
export const Notices = () => html`<div class="notices">
  <div role="status" aria-live="polite">${notices.value.filter((item) => item.kind !== 'error').map((item) => html`<${Notice} key=${item.id} item=${item} />`)}</div>
  <div role="alert">${notices.value.filter((item) => item.kind === 'error').map((item) => html`<${Notice} key=${item.id} item=${item} />`)}</div></div>`
