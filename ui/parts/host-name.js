/** parts/host-name: hosts and URLs as the board shows them: defanged, the part that somebody registered standing out, never a link. */
import { html } from '../lib/ui.js'
import { t } from '../lib/i18n.js'
import { defangHost, defangText, defangUrl, unicodeHost, visible } from '../lib/defang.js'
import { done } from '../lib/store.js'
import { Icon, copy } from './basics.js'

const dotted = (text) => visible(text).split('.').map((label, i) => html`${i > 0 && html`<span class="dot">[.]</span>`}${label}`)

/** @param {{ host: string, domain?: string|null }} props   domain: the registrable part */
export function HostName({ host, domain }) {
  if (!host) return html`<span class="dim">–</span>`
  const inside = domain && (host === domain || host.endsWith(`.${domain}`))
  const seen = unicodeHost(host)
  return html`<bdi class="host" title=${defangHost(host)}>${inside && host !== domain && html`<span class="sub-host">${dotted(host.slice(0, -domain.length))}</span>`}<span class="reg-host">${dotted(inside ? domain : host)}</span>${
    seen && html` <span class="idn" title=${t('host.idn')}>${defangHost(seen)}</span>`}</bdi>`
}

/** A whole URL; as long as it wants to be, broken anywhere. */
export const UrlText = ({ url }) => html`<bdi class="url">${defangUrl(url)}</bdi>`

/** Text that people or the world wrote. Line breaks stay. */
export const Prose = ({ text, max = 20000 }) => html`<bdi class="prose">${defangText(String(text ?? '').slice(0, max))}</bdi>`

export const Exact = ({ text, label }) => html`<button type="button" class="icon-button" title=${label || t('copy.exact')}
  aria-label=${`${label || t('copy.exact')}: ${defangHost(text).slice(0, 80)}`} onClick=${(event) => { event.stopPropagation(); copy(text, () => done(t('copy.done'))) }}><${Icon} name="copy" size=${14} /></button>`
