/** parts/evidence: what a case's site showed: runs, their variants side by side and over each other, and everything that a capture holds. What a site wrote is shown as text, never as a page. */
import { html, useEffect, useState } from '../lib/ui.js'
import { BASE, call, get, post } from '../lib/api.js'
import { t, tf } from '../lib/i18n.js'
import { bytes } from '../lib/format.js'
import { attempt, can, done } from '../lib/store.js'
import { useLive, useLoad } from '../lib/hooks.js'
import { PLANS } from '../lib/names.js'
import { defangHost, defangText, visible } from '../lib/defang.js'
import { ErrorBox, Icon, Skeleton, copy } from './basics.js'
import { Dialog } from './dialog.js'
import { Menu } from './menu.js'
import { Exact, UrlText } from './host-name.js'
import { Time, Who } from './status.js'

const ACTS = ['case.capture', 'run.finish', 'run.fail']
const READABLE = ['dom', 'html', 'text', 'chain', 'egress', 'har']
const TEXT_MAX = 200000

const fileOf = (capture, ...kinds) => kinds.map((kind) => capture.files.find((file) => file.kind === kind)).find(Boolean)
const pathOf = (capture, file) => `/captures/${capture.id}/files/${file.n}`
/** Who was sent: "iPhone, from a text message, second visit". */
const visitor = (one) => [tf('profile', one.profile), tf('referrer', one.referrer), ...(one.visit > 1 ? [t('variant.again')] : []), ...(one.step === 'click' ? [t('variant.click')] : []), one.exit].map(visible).join(' · ')

/** A list that may be a list of words or of objects, as words. */
const words = (list) => (Array.isArray(list) ? list : []).map((one) => typeof one === 'string' ? one : one?.text || JSON.stringify(one))

export const HashText = ({ hex }) => html`<span class="hash" title=${hex}>${String(hex).slice(0, 16)}…</span><button type="button" class="icon-button" title=${t('copy.hash')} aria-label=${`${t('copy.hash')}: ${String(hex).slice(0, 12)}`} onClick=${() => copy(hex, () => done(t('copied')))}><${Icon} name="copy" size=${14} /></button>`

function Shot({ capture, onOpen }) {
  const file = fileOf(capture, 'viewport', 'full')
  if (!file) return html`<div class="shot"><span><${Icon} name="image" size=${22} /><br />${t('variant.no_picture')}</span></div>`
  return html`<button type="button" class="shot has" aria-label=${`${t('variant.enlarge')}: ${visitor(capture)}`} onClick=${() => onOpen(fileOf(capture, 'full', 'viewport'))}><img class="site-picture" src=${`${BASE}${pathOf(capture, file)}`} alt="" loading="lazy" decoding="async" /></button>`
}

const Variant = ({ capture, chosen, onChoose, onOpen }) => html`<li class=${`variant ${chosen ? 'chosen' : ''}`}><${Shot} capture=${capture} onOpen=${onOpen} />
  <b class="variant-who">${visitor(capture)}</b>
  <span class="variant-line">${capture.status ? html`<span class="tag num">${capture.status}</span>` : ''}${capture.how !== 'whole' && html`<span class="tag bad-text">${tf('variant.how', capture.how)}</span>`}<${Time} at=${capture.at} shape="second" /></span>
  <span class="variant-title">${capture.title ? defangText(capture.title).slice(0, 160) : html`<span class="dim">${t('variant.no_title')}</span>`}</span>
  <span class="variant-url small"><${UrlText} url=${capture.url} /></span>
  ${capture.why && html`<span class="small bad-text">${defangText(capture.why)}</span>`}
  <button type="button" class="button small" aria-pressed=${chosen} onClick=${onChoose}>${t('variant.details')}</button></li>`

/** Two pictures over each other; a slider says how much of the right one is seen. Arrow keys move it. */
function Compare({ captures }) {
  const pictured = captures.filter((one) => fileOf(one, 'viewport'))
  const [left, setLeft] = useState(0)
  const [right, setRight] = useState(1)
  const [at, setAt] = useState(50)
  if (pictured.length < 2) return null
  const [a, b] = [pictured[left] || pictured[0], pictured[right] || pictured[1]]
  const pick = (label, value, set) => html`<label class="inline">${label} <select value=${String(value)} onChange=${(event) => set(Number(event.target.value))}>${pictured.map((one, i) => html`<option value=${String(i)}>${visitor(one)}</option>`)}</select></label>`
  const src = (one) => `${BASE}${pathOf(one, fileOf(one, 'viewport'))}`
  return html`<details class="compare"><summary>${t('compare.title')}</summary><div class="compare-picks">${pick(t('compare.left'), left, setLeft)}${pick(t('compare.right'), right, setRight)}</div>
    <input type="range" min="0" max="100" value=${at} aria-label=${t('compare.slider')} aria-valuetext=${t('compare.value', { n: at })} onInput=${(event) => setAt(Number(event.target.value))} />
    <div class="compare-box"><img class="site-picture" src=${src(a)} alt=${visitor(a)} /><img class="site-picture over" src=${src(b)} alt=${visitor(b)} style=${{ clipPath: `inset(0 0 0 ${at}%)` }} /><span class="compare-line" style=${{ insetInlineStart: `${at}%` }} aria-hidden="true"></span></div></details>`
}

/** The members of a capture's data, by the words of docs/capture.md: flat as in a case, or whole as in capture.json. */
function partsOf(data) {
  const page = data.pages?.[data.pages.length - 1] || data
  const forms = page.forms || []
  const loose = page.fields || []
  return {
    redirects: data.redirects || data.hops || [], requests: data.requests || data.exchanges || [], console: data.console || [],
    forms: [...forms.map((form, i) => ({ ...form, fields: form.fields || loose.filter((field) => field.form === i) })), ...(loose.some((field) => field.form < 0) ? [{ fields: loose.filter((field) => field.form < 0) }] : [])],
  }
}

const Fold = ({ title, count, open, children }) => html`<details open=${open}><summary>${title} <span class="dim num">${count}</span></summary>${count ? children : html`<p class="dim">${t('detail.nothing')}</p>`}</details>`
const Scroll = ({ label, heads, children }) => html`<div class="table-scroll" tabindex="0" role="group" aria-label=${label}><table class="table"><thead><tr>${heads.map((key) => html`<th scope="col">${t(key)}</th>`)}</tr></thead><tbody>${children}</tbody></table></div>`

function Text({ path, name, onClose }) {
  const { data, error } = useLoad((signal) => get(path, {}, signal), [path])
  const text = typeof data === 'string' ? data : data === undefined ? '' : JSON.stringify(data, null, 1)
  return html`<${Dialog} title=${visible(name)} wide onClose=${onClose}><div class="dialog-body">${error ? html`<${ErrorBox} error=${error} />` : data === undefined ? html`<${Skeleton} rows=${6} />`
    : html`<p class="hint">${t('file.as_text')}${text.length > TEXT_MAX ? ` ${t('file.cut')}` : ''}</p><pre class="json" tabindex="0" aria-label=${visible(name)}>${visible(text.slice(0, TEXT_MAX).replaceAll('\r', ''))}</pre>`}</div><//>`
}

function Files({ capture }) {
  const [reading, read] = useState(null)
  return html`<ul class="rows">${capture.files.map((file) => html`<li key=${file.n}><span class="grow">${tf('file.kind', file.kind)} <span class="dim">${visible(file.name)}</span><br /><${HashText} hex=${file.sha256} /></span><span class="dim num">${bytes(file.bytes)}</span>
      ${READABLE.includes(file.kind) && html`<button type="button" class="button small" onClick=${() => read(file)}>${t('file.read')}</button>`}<a class="button small" href=${`${BASE}${pathOf(capture, file)}?download=1`} download>${t('file.save')}</a></li>`)}</ul>
    ${reading && html`<${Text} path=${pathOf(capture, reading)} name=${reading.name} onClose=${() => read(null)} />`}`
}

function Detail({ capture }) {
  const { data: whole, error, reload } = useLoad((signal) => get(`/captures/${capture.id}`, {}, signal), [capture.id])
  if (error) return html`<${ErrorBox} error=${error} retry=${reload} />`
  if (!whole || whole.id !== capture.id) return html`<${Skeleton} rows=${4} />`
  const parts = partsOf(whole.data || {})
  return html`<section class="detail" aria-label=${visitor(capture)}><h3>${visitor(capture)}</h3>
    <dl class="facts"><dt>${t('detail.ended')}</dt><dd><${UrlText} url=${whole.url} /> <${Exact} text=${whole.url} /></dd>${whole.address && html`<dt>${t('detail.address')}</dt><dd>${defangHost(whole.address)}</dd>`}${whole.certificate && html`<dt>${t('detail.certificate')}</dt><dd><${HashText} hex=${whole.certificate} /></dd>`}<dt>${t('detail.took')}</dt><dd class="num">${(whole.took_ms / 1000).toFixed(1)} s</dd></dl>
    <${Fold} title=${t('detail.redirects')} count=${parts.redirects.length} open=${parts.redirects.length > 0}><ol class="chain">${parts.redirects.map((hop) => html`<li>${hop.status ? html`<span class="tag num">${hop.status}</span> ` : ''}${hop.how ? html`<span class="dim">${tf('hop', hop.how)}</span> ` : ''}<${UrlText} url=${hop.url} /></li>`)}</ol><//>
    <${Fold} title=${t('detail.forms')} count=${parts.forms.length} open=${parts.forms.length > 0}>${parts.forms.map((form) => html`<div class="form-seen"><p>${form.action !== undefined ? html`<span class="tag">${visible(String(form.method || 'get').toUpperCase()).slice(0, 12)}</span> <${UrlText} url=${form.action || whole.url} />` : t('detail.no_form')}</p>
      <ol>${form.fields.map((field) => html`<li><b>${defangText(field.label || field.placeholder || field.name || field.id || '–').slice(0, 120)}</b> <span class="dim">${visible([field.type || field.tag, field.name && field.name !== field.label ? `name=${field.name}` : ''].filter(Boolean).join(' ')).slice(0, 120)}</span>${field.required ? html` <span class="tag">${t('detail.required')}</span>` : ''}${field.visible === false ? html` <span class="tag">${t('detail.hidden')}</span>` : ''}</li>`)}</ol></div>`)}<//>
    <${Fold} title=${t('detail.requests')} count=${parts.requests.length}><${Scroll} label=${t('detail.requests')} heads=${['request.status', 'request.method', 'request.type', 'request.url', 'request.bytes', 'request.address']}>${parts.requests.slice(0, 500).map((one) => html`<tr><td class="num">${one.status || html`<span class="bad-text">${visible(one.error || '–')}</span>`}</td><td>${visible(one.method || 'GET')}</td><td>${visible(one.type || one.mime || '')}</td><td class="wrap"><${UrlText} url=${String(one.url).slice(0, 400)} /></td><td class="num">${bytes(one.bytes ?? one.encoded_bytes)}</td><td>${defangHost(one.remote_ip || one.address || '')}</td></tr>`)}<//><//>
    <${Fold} title=${t('detail.console')} count=${parts.console.length}><ul class="console">${parts.console.slice(0, 200).map((line) => html`<li><span class="tag">${visible(line.level || 'log')}</span> <span class="hash">${defangText(String(line.text).slice(0, 1000))}</span></li>`)}</ul><//>
    <${Fold} title=${t('detail.files')} count=${capture.files.length} open><${Files} capture=${capture} /><//></section>`
}

function Run({ run, again }) {
  const [chosen, choose] = useState(0)
  const [open, setOpen] = useState(null)
  useEffect(() => { choose(0) }, [run.id])
  if (run.state === 'waiting') return html`<p class="run-note" role="status"><span class="progress wait" aria-hidden="true"><span style=${{ width: '100%' }}></span></span>${t('run.waiting')}</p>`
  if (run.state === 'failed') return html`<div class="errorbox"><p><strong>${t('run.failed')}</strong></p><p>${defangText(run.why || '')}</p>${can.write && html`<button type="button" class="button" onClick=${again}>${t('retry')}</button>`}</div>`
  const capture = run.captures[chosen] || run.captures[0]
  const diff = words(run.diff)
  return html`<div class=${`run-said run-${run.verdict}`}><p><b>${tf('run.verdict', run.verdict)}</b> ${words(run.dimensions).map((name) => html`<span class="tag">${tf('dimension', name)}</span> `)}</p>${diff.length > 0 && html`<ul class="reasons">${diff.slice(0, 12).map((line) => html`<li>${defangText(line)}</li>`)}</ul>`}</div>
    <ul class="variants">${run.captures.map((one, i) => html`<${Variant} key=${one.id} capture=${one} chosen=${one === capture} onChoose=${() => choose(i)} onOpen=${(file) => setOpen({ one, file })} />`)}</ul>
    <${Compare} key=${run.id} captures=${run.captures} />
    ${capture && html`<${Detail} key=${capture.id} capture=${capture} />`}
    ${run.manifest && html`<p class="hint run-proof">${t('run.manifest')} <${HashText} hex=${run.manifest} /> ${run.stamped ? t('run.stamped') : `${t('run.unstamped')}${run.stamp_why ? `: ${defangText(run.stamp_why)}` : ''}`}</p>`}
    ${open && html`<${Dialog} title=${visitor(open.one)} wide onClose=${() => setOpen(null)}><div class="dialog-body"><div class="full-picture" tabindex="0" role="group" aria-label=${visitor(open.one)}><img class="site-picture" src=${`${BASE}${pathOf(open.one, open.file)}`} alt=${visitor(open.one)} /></div></div><//>`}`
}

/** @param {{ item: any, reload: () => void }} props */
export function Evidence({ item, reload }) {
  const { data, error, reload: again } = useLoad((signal) => get(`/cases/${item.id}/runs`, {}, signal), [item.id])
  const [chosen, choose] = useState(null)
  useLive((event) => event.type === 'change' && event.data.case_id === item.id && ACTS.includes(event.data.act), again, 200)
  const secure = (plan, url) => attempt(async () => { const run = await post(`/cases/${item.id}/runs`, { plan, ...(url ? { url } : {}) }); choose(run.id); done(t('run.asked')); again() })
  const add = (file) => attempt(async () => { await call('POST', `/cases/${item.id}/attachments`, { query: { name: file.name }, raw: file, type: 'application/octet-stream' }); done(t('file.added')); reload() })
  const runs = data?.items || []
  const run = runs.find((one) => one.id === chosen) || runs.find((one) => one.state === 'done') || runs[0]
  const place = item.url || item.host
  return html`<section class="panel evidence-panel" aria-label=${t('case.evidence')}><header><h2>${t('case.evidence')}${runs.length > 0 && html` <span class="dim num">${runs.length}</span>`}</h2><div class="acts">
      ${can.write && place && html`<${Menu} class="button small" icon="image" right label=${runs.length ? t('run.again') : t('run.first')} items=${PLANS.map((plan) => ({ label: tf('plan', plan), run: () => secure(plan) }))} />`}
      ${can.write && html`<label class="button small"><${Icon} name="plus" />${t('file.add')}<input class="sr" type="file" onChange=${(event) => { const file = event.target.files[0]; if (file) add(file); event.target.value = '' }} /></label>`}</div></header>
    <div class="panel-body">${error ? html`<${ErrorBox} error=${error} retry=${again} />` : !data ? html`<${Skeleton} rows=${4} />` : runs.length === 0 ? html`<p class="dim evidence-none">${place ? t('evidence.none') : t('evidence.no_place')}</p>` : html`
      <ul class="runs" aria-label=${t('run.list')}>${runs.map((one) => html`<li key=${one.id}><button type="button" class="run" aria-pressed=${one === run} onClick=${() => choose(one.id)}><${Time} at=${one.asked} /> <span class=${`run-mark run-${one.state === 'done' ? one.verdict : one.state}`}><span class="mark" aria-hidden="true"></span>${one.state === 'done' ? tf('run.verdict', one.verdict) : tf('run.state', one.state)}</span> <span class="dim">${tf('plan', one.plan)} · <${Who} login=${one.asked_by} /></span></button></li>`)}</ul>
      ${run && html`<p class="small run-url"><${UrlText} url=${run.url} /></p><${Run} run=${run} again=${() => secure(run.plan, run.url)} />`}`}
      ${(item.attachments || []).length > 0 && html`<h3>${t('file.attached')}</h3><ul class="rows">${item.attachments.map((file) => html`<li key=${file.id}><span class="grow"><a href=${`${BASE}/attachments/${file.id}`} download>${visible(file.name)}</a><br /><span class="dim hash" title="SHA-256">${file.sha256?.slice(0, 16)}…</span></span><span class="dim num">${bytes(file.bytes)}</span><${Time} at=${file.at} /></li>`)}</ul>`}</div></section>`
}
