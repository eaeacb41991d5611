/** parts/report: what a report is, wherever one is shown: its state, to whom, what holds it up, and its exact content. All that it says was made of hostile text. */
import { html, useMemo, useState } from '../lib/ui.js'
import { BASE, get } from '../lib/api.js'
import { lang, t, tf } from '../lib/i18n.js'
import { bytes } from '../lib/format.js'
import { useLoad } from '../lib/hooks.js'
import { STOPS } from '../lib/names.js'
import { defangHost, defangText, visible } from '../lib/defang.js'
import { diffLines, folded } from '../lib/diff.js'
import { readMail } from '../lib/mail.js'
import { done } from '../lib/store.js'
import { ErrorBox, Icon, Skeleton, copy } from './basics.js'
import { HashText } from './evidence.js'

/** Of a raw text only so much is put on the screen. */
const SHOWN = 100000

export const RState = ({ state }) => html`<span class=${`state rstate-${state}`}><span class="mark" aria-hidden="true"></span>${tf('report.state', state)}</span>`

/** The last word about it: in red where it is a trouble. */
export const Why = ({ item }) => item.why ? html`<p class=${`small ${['acknowledged', 'actioned', 'sent', 'expired'].includes(item.state) ? 'dim' : 'bad-text'}`}>${defangText(item.why).slice(0, 240)}</p>` : null

/** What holds it up: names of stops, or the API's holds. */
export const Holds = ({ stops, holds }) => html`<span class="labels">${(holds || (stops || []).map((stop) => ({ stop, how: STOPS[stop] }))).map((one) =>
  html`<span class=${`tag hold hold-${one.how || 'hard'}`} title=${t(`hold.${one.how || 'hard'}`)}>${tf('stop', one.stop)}</span>`)}</span>`

/** Whom: the party, its kind, and where it goes. */
export const Recipient = ({ item }) => html`<span class="recipient"><b>${defangText(item.name || item.recipient)}</b> <span class="tag">${tf('contact', item.kind)}</span>
  <span class="dim">${item.channel === item.recipient ? visible(item.channel) : html`${visible(item.channel)} · <bdi>${defangHost(item.recipient)}</bdi>`}</span></span>`

const textual = (type) => /^(?:text\/|message\/|application\/(?:json|xml|x-www-form-urlencoded))/.test(type || '')
const isMail = (type) => /^(?:message\/|multipart\/)/.test(type || '')
const HEADERS = ['from', 'to', 'cc', 'bcc', 'reply-to', 'subject', 'date', 'message-id', 'in-reply-to', 'auto-submitted']

/** What the recipient of a mail sees. */
function Letter({ mail }) {
  const rest = mail.headers.filter(([name]) => !HEADERS.includes(name.toLowerCase()))
  const row = ([name, value]) => html`<dt>${visible(name)}</dt><dd><bdi>${defangText(value)}</bdi></dd>`
  return html`<dl class="facts letter-head">${mail.headers.filter(([name]) => HEADERS.includes(name.toLowerCase())).map(row)}</dl>
    ${rest.length > 0 && html`<details><summary>${t('content.more_headers')} <span class="dim num">${rest.length}</span></summary><dl class="facts letter-head">${rest.map(row)}</dl></details>`}
    <pre class="letter-text" role="group" tabindex="0" aria-label=${t('content.text')}>${defangText(mail.text.slice(0, SHOWN))}</pre>
    ${mail.files.length > 0 && html`<h3>${t('content.files')} <span class="dim num">${mail.files.length}</span></h3><ul class="rows">${mail.files.map((file) => html`<li><${Icon} name="image" size=${14} /><span class="grow">${visible(file.name || t('content.unnamed'))}<br /><span class="dim small">${visible(file.type)}</span></span><span class="dim num">${bytes(file.bytes)}</span></li>`)}</ul>`}`
}

/** A request: its line, its headers, and its body in a form that can be read. */
function Request({ request, text, type }) {
  const body = useMemo(() => /json/.test(type) ? pretty(text) : text, [text, type])
  const pairs = /x-www-form-urlencoded/.test(type) ? [...new URLSearchParams(text)] : null
  return html`<dl class="facts letter-head">${request?.method && html`<dt>${visible(request.method)}</dt><dd><bdi class="url">${defangText(request.url || '')}</bdi></dd>`}
      ${(Array.isArray(request?.headers) ? request.headers : []).map((line) => { const [name, ...value] = String(line).split(':'); return html`<dt>${visible(name)}</dt><dd><bdi>${defangText(value.join(':').trim())}</bdi></dd>` })}</dl>
    ${pairs ? html`<dl class="facts letter-text">${pairs.map(([name, value]) => html`<dt>${visible(name)}</dt><dd class="prose">${defangText(value.slice(0, SHOWN))}</dd>`)}</dl>` : html`<pre class="letter-text" role="group" tabindex="0" aria-label=${t('content.text')}>${defangText(body.slice(0, SHOWN))}</pre>`}`
}

const pretty = (text) => { try { return JSON.stringify(JSON.parse(text), null, 2) } catch { return text } }
/** Behind this mark a line has what is compared and not shown. */
const HIDDEN = '\u0000'
/** A body in a form that can be read; of a mail everything but what differs in any two of them: attached text line by line, attached pictures as one line with all of their bytes. */
function bodyOf(source, type) {
  if (/json/.test(type)) return pretty(source)
  if (!isMail(type)) return source
  const mail = readMail(source)
  return [...mail.headers.filter(([name]) => !/^(?:message-id|date|content-type|mime-version)$/i.test(name)).map(([name, value]) => `${name}: ${value}`), '', mail.text,
    ...mail.files.flatMap((file, i) => /^(?:text|message)\/|json|xml/.test(file.type) ? [`${file.name} (${file.type})`, /json/.test(file.type) ? pretty(mail.contents[i]) : mail.contents[i].replaceAll('\r', '')] : [`${file.name} (${file.type}, ${bytes(file.bytes)})${HIDDEN}${mail.contents[i].replaceAll('\n', ' ')}`])].join('\n')
}
const shownPart = (text) => defangText(text.split(HIDDEN)[0].slice(0, 2000)) || ' '

/** Only what differs from another report: that one is read whole, the others by this. */
function Difference({ source, item, from }) {
  const { data, error, reload } = useLoad((signal) => get(`/reports/${from.id}/content`, {}, signal), [from.id, from.content])
  const lines = useMemo(() => data === undefined ? null : diffLines(bodyOf(String(data), from.type), bodyOf(source, item.type)), [data, source])
  if (error) return html`<${ErrorBox} error=${error} retry=${reload} />`
  if (data === undefined) return html`<${Skeleton} rows=${3} />`
  if (!lines) return html`<p class="dim">${t('content.too_long')}</p>`
  if (lines.every((line) => line.how === 'same')) return html`<p class="dim">${t('content.no_difference', { id: from.id })}</p>`
  return html`<div class="difference letter-text" role="group" tabindex="0" aria-label=${t('content.difference', { id: from.id })}>${folded(lines).map((line) => line === null ? html`<p class="dim" aria-hidden="true">⋯</p>` : line.how === 'out' ? html`<del><span class="sr">${t('content.gone')} </span>${shownPart(line.text)}</del>` : line.how === 'in' ? html`<ins><span class="sr">${t('content.added')} </span>${shownPart(line.text)}</ins>` : html`<p class="dim">${shownPart(line.text)}</p>`)}</div>`
}

/**
 * The content of a report: as it reads, byte by byte, or what differs from another one. Addresses are defanged here; copying and saving give them as they are.
 * @param {{ item: any, compact?: boolean, from?: any }} props   item, from: reports, or rows of a preview
 */
export function Content({ item, compact, from }) {
  const [view, setView] = useState(from ? 'differs' : 'reads')
  const raw = view === 'raw'
  const path = `/reports/${item.id}/content`
  const readable = textual(item.type)
  const { data, error, reload } = useLoad(async (signal) => item.content && readable ? await get(path, {}, signal) : '', [item.id, item.content])
  const source = typeof data === 'string' ? data : data ? JSON.stringify(data) : ''
  const mail = useMemo(() => isMail(item.type) ? readMail(source) : null, [source, item.type])
  if (!item.content) return html`<p class="dim">${t('content.none')}</p>`
  if (error) return html`<${ErrorBox} error=${error} retry=${reload} />`
  if (data === undefined) return html`<${Skeleton} rows=${compact ? 3 : 8} />`
  return html`<div class="content"><div class="content-bar"><div class="segments" role="group" aria-label=${t('content.view')}>${[...(from && readable ? [['differs', t('content.differs', { id: from.id })]] : []), ['reads', t('content.reads')], ['raw', t('content.raw')]].map(([name, label]) => html`<button type="button" aria-pressed=${view === name} onClick=${() => setView(name)}>${label}</button>`)}</div>
      <span class="dim small num">${bytes(item.bytes)} · ${visible(item.type)}</span>
      <button type="button" class="button small" onClick=${() => copy(mail && !raw ? mail.text : source, () => done(t('copy.done')))}><${Icon} name="copy" size=${14} />${t('content.copy')}</button><a class="button small" href=${`${BASE}${path}?download=1`} download>${t('file.save')}</a></div>
    ${!readable ? html`<p class="dim">${t('content.binary')}</p>` : view === 'differs' ? html`<${Difference} source=${source} item=${item} from=${from} />` : raw ? html`<pre class="json letter-raw" role="group" tabindex="0" aria-label=${t('content.raw')}>${defangText(source.slice(0, SHOWN).replaceAll('\r', ''))}</pre>${source.length > SHOWN && html`<p class="dim small">${t('file.cut')}</p>`}` : mail ? html`<${Letter} mail=${mail} />` : html`<${Request} request=${item.request} text=${source} type=${item.type} />`}
    <p class="hint run-proof">${t('content.digest')} <${HashText} hex=${item.digest} /></p></div>`
}

/** Text of a stop in the reader's language, when the board's own words do not have it. */
export const stopText = (hold) => { const said = tf('stop', hold.stop); return said !== hold.stop ? said : lang.value === 'ja' ? hold.ja : hold.en }
