/** parts/approve: before many reports leave: whom they go to, what each says, what stands against it, and what somebody has to agree to by name. */
import { html, useState } from '../lib/ui.js'
import { post } from '../lib/api.js'
import { t, tf } from '../lib/i18n.js'
import { bytes, number } from '../lib/format.js'
import { href } from '../lib/router.js'
import { explain } from '../lib/store.js'
import { useLoad } from '../lib/hooks.js'
import { defangText, visible } from '../lib/defang.js'
import { approve } from '../lib/reports.js'
import { ErrorBox, Skeleton } from './basics.js'
import { Dialog } from './dialog.js'
import { UrlText } from './host-name.js'
import { Content, Holds, Recipient } from './report.js'

function One({ row, same, from, left, refused, onLeave }) {
  const [open, setOpen] = useState(false)
  const why = refused ? (refused.stop ? tf('stop', refused.stop) : refused.why) : row.against ? t(`against.${row.against}`) : ''
  return html`<li class=${`approve-one ${row.against || left ? 'off' : ''}`}><div class="approve-line">${!row.against && html`<input type="checkbox" aria-label=${t('approve.take', { id: row.id })} checked=${!left} onChange=${onLeave} />`}
      <span class="num dim">${row.id}</span><span class="grow"><b>${defangText(row.title)}</b><br /><span class="small dim">${tf('step', row.step)} · ${t('n_sites', { n: number(row.sites) })} · ${bytes(row.bytes)} · <span class="hash">${row.digest.slice(0, 12)}…</span>${same ? html` · ${t('approve.same', { id: same })}` : ''}</span></span></div>
    <ul class="approve-urls small">${row.urls.map((one) => html`<li><${UrlText} url=${one} /></li>`)}${row.sites > row.urls.length && html`<li class="dim">${t('more', { n: row.sites - row.urls.length })}</li>`}</ul>
    ${(row.holds.length > 0 || why) && html`<p><${Holds} holds=${row.holds} /> ${why && html`<span class="bad-text small">${why}</span>`}</p>`}
    <details open=${open} onToggle=${(event) => setOpen(event.target.open)}><summary class="small">${t(from ? 'approve.differs' : 'approve.look', { id: from?.id })}</summary>${open && html`<${Content} item=${row} from=${from} compact />`}</details></li>`
}

/** @param {{ ids: number[], onClose: () => void, onDone: (answer: any) => void }} props */
export function Approve({ ids, onClose, onDone }) {
  const { data, error, reload } = useLoad((signal) => post('/reports/preview', { ids }, { signal }), [ids])
  const [agreed, agree] = useState(() => new Set())
  const [left, leave] = useState(() => new Set())
  const [busy, setBusy] = useState(false)
  const [fault, setFault] = useState(null)
  const [refused, setRefused] = useState([])
  const rows = (data?.recipients || []).flatMap((group) => group.reports)
  const taken = rows.filter((row) => !row.against && !left.has(row.id))
  const need = [...new Set(taken.flatMap((row) => row.holds.filter((hold) => hold.how === 'ask').map((hold) => hold.stop)))]
  const ready = taken.length > 0 && need.every((stop) => agreed.has(stop))
  const flip = (set, put) => (name) => { const next = new Set(set); if (!next.delete(name)) next.add(name); put(next) }
  const run = async (event) => {
    event.preventDefault()
    if (busy || !ready) return
    setBusy(true)
    setFault(null)
    try {
      const answer = await approve(taken, [...agreed])
      onDone(answer)
      if (!answer.refused.length) { onClose(); return }
      setRefused(answer.refused)
      reload()
    } catch (caught) { setFault(caught) }
    setBusy(false)
  }
  const said = fault && explain(fault)
  // The first of those that have the same bytes; the others say so.
  const firsts = new Map()
  for (const row of rows) if (row.content && !firsts.has(row.content)) firsts.set(row.content, row.id)
  // Of reports of one kind the first is read whole, the others by what differs from it.
  const models = new Map()
  for (const group of data?.recipients || []) for (const row of group.reports) { const kind = `${row.type} ${row.step} ${group.channel}`; if (row.content && !models.has(kind)) models.set(kind, row); if (models.get(kind) !== row) row.from = models.get(kind) }
  return html`<${Dialog} title=${t('approve.title')} wide onClose=${onClose}><form class="form" onSubmit=${run}>
    <div class="dialog-body approve">${error ? html`<${ErrorBox} error=${error} retry=${reload} />` : !data ? html`<${Skeleton} rows=${6} />` : html`
      <p class="about" role="status">${t('approve.sum', { n: number(taken.length), to: number(data.recipients.filter((group) => group.reports.some((row) => taken.includes(row))).length), bytes: bytes(taken.reduce((sum, row) => sum + row.bytes, 0)) })}${rows.length > taken.length ? ` ${t('approve.not', { n: number(rows.length - taken.length) })}` : ''}</p>
      ${refused.length > 0 && html`<div class="errorbox" role="alert"><p><strong>${t('approve.refused', { n: number(refused.length) })}</strong></p>${refused.map((one) => html`<p class="small"><span class="num">${one.id}</span>: ${one.stop ? tf('stop', one.stop) : visible(one.why)}</p>`)}</div>`}
      ${data.recipients.map((group) => html`<section class="approve-group" key=${`${group.channel} ${group.recipient}`} aria-label=${visible(group.name || group.recipient)}><header><${Recipient} item=${group} />
          <span class="labels">${!group.known && group.channel === 'mail' && html`<span class="tag hold hold-ask">${t('approve.new')}</span>`}${group.bounced && html`<span class="tag hold hold-ask">${t('approve.bounced')}</span>`}<span class="dim small">${t('approve.before', { n: number(group.sent) })}</span></span></header>
        <ul>${group.reports.map((row) => html`<${One} key=${row.id} row=${row} same=${row.content && firsts.get(row.content) !== row.id ? firsts.get(row.content) : 0} from=${row.from} left=${left.has(row.id)} refused=${refused.find((one) => one.id === row.id)} onLeave=${() => flip(left, leave)(row.id)} />`)}</ul></section>`)}
      ${need.length > 0 && html`<fieldset class="agree"><legend>${t('approve.agree')}</legend>${need.map((stop) => html`<label class="choice"><input type="checkbox" name=${`agree-${stop}`} checked=${agreed.has(stop)} onChange=${() => flip(agreed, agree)(stop)} /><span>${tf('stop', stop)} <span class="dim num">${taken.filter((row) => row.holds.some((hold) => hold.stop === stop)).map((row) => row.id).join(', ')}</span></span></label>`)}</fieldset>`}
      <p class="hint">${t('approve.hint')} <a href=${href('/settings')}>${t('approve.window')}</a></p>`}</div>
    <footer class="dialog-foot">${said && html`<div class="errorbox" role="alert"><p><strong>${said.text}</strong></p>${said.remedy && html`<p>${said.remedy}</p>`}</div>`}
      <button type="button" class="button" onClick=${onClose}>${t('cancel')}</button><button type="submit" class="button primary" aria-disabled=${busy || !ready}>${t('approve.do', { n: number(taken.length) })}</button></footer></form><//>`
}
