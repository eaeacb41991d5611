/** views/letters: mail that came in: what nobody could match waits here for somebody who says which report it is about. */
import { html, useState } from '../lib/ui.js'
import { get, post } from '../lib/api.js'
import { t, tf } from '../lib/i18n.js'
import { href, route, setParams } from '../lib/router.js'
import { can, done, loadReportCounters } from '../lib/store.js'
import { useLive, useLoad, useTitle } from '../lib/hooks.js'
import { useKeys } from '../lib/keys.js'
import { defangText } from '../lib/defang.js'
import { Empty, ErrorBox, Head, Icon, Skeleton } from '../parts/basics.js'
import { FormDialog } from '../parts/dialog.js'
import { Text } from '../parts/form.js'
import { HostName } from '../parts/host-name.js'
import { RState, Recipient } from '../parts/report.js'
import { Time } from '../parts/status.js'
import { Letter } from './report.js'

const domainOf = (address) => /@([\w.-]+)/.exec(address || '')?.[1]?.toLowerCase() || ''

/** Which report: those that wait for an answer, who may have written this first. */
function Match({ letter, onClose, onDone }) {
  const { data, error } = useLoad((signal) => get('/reports', { state: 'sent,acknowledged,expired,unsure', limit: 100 }, signal), [letter.id])
  const [chosen, choose] = useState('')
  const domain = domainOf(letter.sender)
  const near = (item) => (domain && item.recipient.endsWith(domain) ? 2 : 0) + (letter.number && item.remote_id === letter.number ? 4 : 0) + (letter.subject.includes(item.case.host) || (letter.text || letter.begin || '').includes(item.case.host) ? 3 : 0)
  const rows = [...(data?.items || [])].sort((a, b) => near(b) - near(a) || b.id - a.id).slice(0, 12)
  return html`<${FormDialog} title=${t('letter.match')} label=${t('letter.match.do')} wide onClose=${onClose} submit=${async (form) => { await post(`/letters/${letter.id}/match`, { report: Number(form.report.value) }); done(t('letter.matched_to', { id: form.report.value })); onDone() }}>
    <p class="about"><b>${defangText(letter.subject).slice(0, 160)}</b><br /><span class="dim">${defangText(letter.sender)}</span></p>
    ${error ? html`<${ErrorBox} error=${error} />` : !data ? html`<${Skeleton} rows=${4} />` : html`<fieldset class="choices"><legend>${t('letter.match.likely')}</legend>${rows.map((item) => html`<label class="choice"><input type="radio" name="likely" checked=${chosen === String(item.id)} onChange=${() => choose(String(item.id))} /><span class="num">${item.id}</span><span class="grow"><${Recipient} item=${item} /><br /><span class="small"><${HostName} host=${item.case.host || item.case.name} domain=${item.case.domain} /> · <${Time} at=${item.sent} /></span></span><${RState} state=${item.state} />${near(item) > 0 && html`<span class="tag">${t('letter.match.fits')}</span>`}</label>`)}</fieldset>`}
    <${Text} key=${chosen} name="report" label=${t('letter.match.number')} value=${chosen} inputmode="numeric" pattern="[0-9]+" required /><//>`
}

export default function Letters() {
  const params = route.value.params
  const open = params.get('all') !== '1'
  const after = params.get('after') || undefined
  const { data, error, busy, reload } = useLoad((signal) => get('/letters', { open: open ? 1 : null, after }, signal), [open, after])
  const [asking, ask] = useState(null)
  useTitle(t('nav.letters'))
  useLive((event) => event.type === 'change' && event.data.object === 'letter', reload, 500)
  const items = data?.items || []
  const all = () => [...document.querySelectorAll('main .letter')]
  const current = () => all().findIndex((one) => one.contains(document.activeElement))
  const move = (step) => { const list = all(); const at = current(); list[Math.max(0, Math.min(list.length - 1, at < 0 ? 0 : at + step))]?.querySelector('a, button')?.focus() }
  useKeys('keys.letters', [['j | ArrowDown', 'keys.next', () => move(1)], ['k | ArrowUp', 'keys.previous', () => move(-1)], ['r', 'keys.reload', reload], ['m', can.write && 'letter.match', () => { if (can.write && items[current()]) ask(items[current()]) }]])
  const again = () => { reload(); loadReportCounters() }
  return html`<div class="page"><${Head} title=${t('nav.letters')} sub=${t('letter.sub')}><div class="segments" role="group" aria-label=${t('filter.is')}>${[[true, 'letter.open'], [false, 'letter.all']].map(([value, key]) => html`<button type="button" aria-pressed=${open === value} onClick=${() => setParams({ all: value ? null : '1', after: null }, true)}>${t(key)}</button>`)}</div><//>
    ${error && !data ? html`<${ErrorBox} error=${error} retry=${reload} />` : !data ? html`<${Skeleton} rows=${8} />` : items.length === 0 ? html`<${Empty} icon="inbox" title=${t(open ? 'letter.none_open' : 'letter.none')}>${t('letter.none.do')}<//>`
      : html`<div class=${`letters ${busy ? 'busy' : ''}`}>${items.map((letter) => html`<${Letter} key=${letter.id} letter=${letter}>${letter.report_id ? html`<a class="button small" href=${href(`/report/${letter.report_id}`)}>${t('report.title', { id: letter.report_id })}</a>` : can.write && html`<button type="button" class="button small primary" onClick=${() => ask(letter)}><${Icon} name="link" size=${14} />${t('letter.match')}</button>`}<//>`)}</div>
        <nav class="pager" aria-label=${t('pager.label')}>${after && html`<button type="button" class="button" onClick=${() => setParams({ after: null }, true)}>${t('pager.first')}</button>`}${data.next && html`<button type="button" class="button" onClick=${() => setParams({ after: data.next }, true)}>${t('pager.next')}<${Icon} name="right" /></button>`}</nav>`}
    ${asking && html`<${Match} letter=${asking} onClose=${() => ask(null)} onDone=${again} />`}</div>`
}
