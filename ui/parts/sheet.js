/** parts/sheet: which keys do what, here and now. */
import { html } from '../lib/ui.js'
import { t } from '../lib/i18n.js'
import { bindings } from '../lib/keys.js'
import { Kbd } from './basics.js'
import { Dialog } from './dialog.js'

export function Sheet({ onClose }) {
  return html`<${Dialog} title=${t('keys.title')} onClose=${onClose} wide><div class="dialog-body sheet">
    ${bindings().map((scope) => html`<section><h3>${t(scope.title)}</h3><dl>${scope.rows.filter(([, label]) => label).map(([keys, label]) => html`<div><dt><${Kbd} keys=${keys.replace('+', ' ')} /></dt><dd>${t(label)}</dd></div>`)}</dl></section>`)}</div><//>`
}
