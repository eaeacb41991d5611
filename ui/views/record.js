/** views/record: the records of one session: every frame, both ways, as evidence; heartbeats folded. */
import { html } from '../lib/ui.js'
import { get } from '../lib/api.js'
import { t, tf } from '../lib/i18n.js'
import { bytes, number, time } from '../lib/format.js'
import { route, setParams, href } from '../lib/router.js'
import { done } from '../lib/store.js'
import { useLive, useLoad, useTitle } from '../lib/hooks.js'
import { useKeys } from '../lib/keys.js'
import { defangHost, visible } from '../lib/defang.js'
import { Empty, ErrorBox, Head, Icon, Skeleton, copy } from '../parts/basics.js'
import { Prose } from '../parts/host-name.js'
import { Time } from '../parts/status.js'

const PAGE = 200

/** Seconds and what is behind them: frames come close together. */
const stamp = (at) => `${time(at, 'second').slice(11)}.${String(new Date(at).getMilliseconds()).padStart(3, '0')}`
const At = ({ at }) => at && !Number.isNaN(+new Date(at)) ? html`<time datetime=${at} title=${at}>${stamp(at)}</time>` : html`<span class="dim">–</span>`

function Line({ line }) {
  const dir = line.dir === 'in' || line.dir === 'out' ? line.dir : 'none'
  return html`<tr class=${`record-${dir} ${line.command ? 'record-command' : ''}`}><td class="num dim">${line.n}</td><td><${At} at=${line.at} /></td><td><span aria-hidden="true">${{ in: '←', out: '→', none: '·' }[dir]}</span> ${tf('record.dir', dir)}</td><td>${line.kind ? visible(line.kind).slice(0, 20) : '–'}</td>
    <td class="wrap">${!line.readable ? html`<span class="dim">${t('record.unreadable')}</span>` : line.text === null ? html`<span class="dim">${t('record.hidden')}</span>` : html`<${Prose} text=${line.text} max=${4000} />`}${line.cut && html` <span class="tag">${t('record.cut')}</span>`}</td>
    <td class="num">${number(line.bytes)}</td><td>${line.commit ? html`<code title=${line.commit}>${line.commit.slice(0, 12)}…</code>` : '–'}</td></tr>`
}

function Lines({ id }) {
  const after = route.value.params.get('after') || undefined
  const folding = route.value.params.get('all') !== '1'
  const setFolding = (on) => setParams({ all: on ? null : '1', after: null }, true)
  const { data, error, busy, reload } = useLoad((signal) => get(`/c2/transcripts/${id}`, { limit: PAGE, after, fold: folding ? 1 : undefined }, signal), [id, after, folding])
  useKeys('keys.bell', [['f', 'record.fold', () => setFolding(!folding)], [']', data?.next && 'keys.next_page', () => { if (data?.next) setParams({ after: data.next }, true) }], ['[', after && 'keys.previous_page', () => { if (after) history.back() }]])
  if (error && !data) return html`<${ErrorBox} error=${error} retry=${reload} />`
  if (!data) return html`<${Skeleton} rows=${10} />`
  const piece = data.transcript
  return html`<section class="panel" aria-label=${t('record.lines')} aria-busy=${busy}><header><h2>${t('record.lines')} <span class="dim"><${Time} at=${piece.begun} /> – <${Time} at=${piece.ended} /></span></h2><div class="acts"><label class="inline"><input type="checkbox" checked=${folding} onChange=${() => setFolding(!folding)} />${t('record.fold')}</label></div></header>
    <div class="panel-body"><dl class="facts evidence-line"><dt>${t('record.evidence')}</dt><dd>${t('record.sha256')} <code>${piece.sha256}</code> <button type="button" class="icon-button" title=${t('record.copy_sha256')} aria-label=${t('record.copy_sha256')} onClick=${() => copy(piece.sha256, () => done(t('copied')))}><${Icon} name="copy" size=${14} /></button><br />
        ${piece.stamped ? t('record.stamped') : html`${t('record.unstamped')}${piece.stamp_why ? html` <span class="dim">${visible(piece.stamp_why).slice(0, 200)}</span>` : ''}`}</dd>
      ${data.previous && html`<dt>${t('record.before')}</dt><dd><code>${visible(data.previous).slice(0, 64)}</code></dd>`}
      <dt>${t('record.clear')}</dt><dd>${piece.sealed ? html`${t('record.sealed')} <${Time} at=${piece.sealed} shape="day" />` : t('record.unsealed')}</dd></dl>
    <div class="table-scroll" tabindex="0" role="group" aria-label=${t('record.lines')}><table class="table record-lines"><thead><tr><th scope="col" class="num">#</th>${['at', 'dir', 'kind', 'text', 'bytes', 'commit'].map((key) => html`<th scope="col" class=${key === 'bytes' ? 'num' : ''}>${t(`record.${key}`)}</th>`)}</tr></thead>
      <tbody>${data.items.map((row) => row.same === 'run' ? html`<tr key=${row.n} class="record-routine"><td class="num dim">${row.n}</td><td><${At} at=${row.at} /></td><td colspan="5" class="dim">${t('record.routine', { n: row.frames })} – <${At} at=${row.until} /></td></tr>` : html`<${Line} key=${row.n} line=${row} />`)}</tbody></table></div>
    <nav class="pager" aria-label=${t('pager.label')}>${after && html`<button type="button" class="button" onClick=${() => setParams({ after: null }, true)}>${t('pager.first')}</button>`}${data.next && html`<button type="button" class="button" onClick=${() => setParams({ after: data.next }, true)}>${t('pager.next')}<${Icon} name="right" /></button>`}</nav></div></section>`
}

export default function Record({ id }) {
  const { params } = route.value
  const { data, error, reload } = useLoad((signal) => get(`/c2/sessions/${id}/transcripts`, { limit: 100, after: params.get('older') || undefined }, signal), [id, params.get('older')])
  const session = data?.session
  const title = session ? t('record.page', { host: defangHost(session.host), port: session.port }) : t('bell.records')
  useTitle(title)
  useLive((event) => event.type === 'change' && /^c2\.(?:piece|stamp)$/.test(event.data.act), reload, 800)
  useKeys('keys.bell', [['u', 'keys.back', () => history.back()], ['r', 'keys.reload', reload]])
  const chosen = params.get('record') || data?.items[0]?.id
  return html`<div class="page"><${Head} title=${title} sub=${t('record.sub')}><a class="button" href=${href('/bell')}><${Icon} name="left" />${t('record.back')}</a><//>
    ${error && !data ? html`<${ErrorBox} error=${error} retry=${reload} />` : !data ? html`<${Skeleton} rows=${8} />` : data.items.length === 0 ? html`<${Empty} icon="audit" title=${t('record.none')} />`
      : html`<div class="record-grid"><nav class="panel records" aria-label=${t('record.list')}><ul>${data.items.map((piece) => html`<li key=${piece.id}><a href=${href(`/bell/session/${id}`, { record: piece.id, older: params.get('older'), all: params.get('all') })} aria-current=${String(piece.id) === String(chosen) ? 'true' : undefined}><b><${Time} at=${piece.begun} /></b><br /><span class="dim">${t('record.frames', { n: number(piece.frames) })} · ${t('record.commands', { n: piece.commands })} · ${bytes(piece.bytes)}</span></a></li>`)}</ul>
          ${data.next && html`<button type="button" class="button small" onClick=${() => setParams({ older: data.next, record: null, after: null }, true)}>${t('pager.next')}</button>`}</nav>
        ${chosen && html`<${Lines} key=${chosen} id=${chosen} />`}</div>`}</div>`
}
