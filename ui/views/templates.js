/** views/templates: the words of letters by kind of recipient and language: changed here, with what comes of it beside. */
import { html, useEffect, useRef, useState } from '../lib/ui.js'
import { del, get, post, put } from '../lib/api.js'
import { lang as shownLang, t, tf } from '../lib/i18n.js'
import { go, href, route } from '../lib/router.js'
import { attempt, can, done } from '../lib/store.js'
import { useLoad, useSettled, useTitle } from '../lib/hooks.js'
import { defangText, visible } from '../lib/defang.js'
import { Empty, ErrorBox, Head, Icon, Refused, Skeleton } from '../parts/basics.js'
import { Time } from '../parts/status.js'

const nameOf = (kind) => tf('template.to', kind)

/** Where the cursor of the field is put: the place that a fault names. */
function place(area, line, column) {
  const lines = area.value.split('\n')
  const at = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0) + Math.max(0, column - 1)
  area.focus()
  area.setSelectionRange(at, at)
}

/** What may stand in a template: a press puts it where the cursor is. Rows: { scope, name, kind, en, ja }. */
function Names({ names, put }) {
  const written = (one) => one.kind === 'filter' ? `|${one.name}` : /^(?:list|flag)/i.test(one.kind) ? `{{#${one.name}}}{{/${one.name}}}` : `{{${one.name}}}`
  const scopes = [...new Set(names.map((one) => one.kind === 'filter' ? 'filter' : one.scope))]
  return html`<details class="names-help"><summary>${t('template.names')} <span class="dim num">${names.length}</span></summary><p class="hint">${t('template.names.hint')}</p>
    ${scopes.map((scope) => html`<section aria-label=${scope}><h3>${scope === 'filter' ? t('template.filters') : tf('template.scope', scope)}</h3><ul class="names-list">${names.filter((one) => (one.kind === 'filter' ? 'filter' : one.scope) === scope).map((one) => html`<li>${put ? html`<button type="button" class="link mono" onClick=${() => put(written(one))}>${written(one)}</button>` : html`<code>${written(one)}</code>`} <span class="dim small">${shownLang.value === 'ja' ? one.ja : one.en}</span></li>`)}</ul></section>`)}</details>`
}

function Editor({ row, names, reload }) {
  const [subject, setSubject] = useState(row.subject)
  const [body, setBody] = useState(row.body)
  const [seen, setSeen] = useState(null)
  const [fault, setFault] = useState(null)
  const area = useRef(null)
  const settled = useSettled(`${subject}\n${body}`, 250)
  const changed = subject !== row.subject || body !== row.body
  useEffect(() => {
    const abort = new AbortController()
    post('/templates/preview', { kind: row.kind, lang: row.lang, subject, body }, { signal: abort.signal }).then((answer) => { setSeen(answer); setFault(null) }, (error) => { if (error.name !== 'AbortError') setFault(error) })
    return () => abort.abort()
  }, [settled, row.kind, row.lang])
  const faults = seen?.faults || []
  const save = () => changed && !faults.length && attempt(async () => { await put(`/templates/${row.kind}/${row.lang}`, { subject, body, version: row.version }); done(t('template.saved')); reload() })
  const drop = () => attempt(async () => { const { subject: was, body: words } = row; await del(`/templates/${row.kind}/${row.lang}`); done(t('template.dropped'), { label: t('undo'), run: async () => { await put(`/templates/${row.kind}/${row.lang}`, { subject: was, body: words }); reload() } }); reload() })
  /** Puts a name where the cursor is, and leaves the cursor behind it. */
  const insert = (words) => {
    const field = area.current
    const [from, to] = [field.selectionStart, field.selectionEnd]
    setBody(body.slice(0, from) + words + body.slice(to))
    requestAnimationFrame(() => { field.focus(); field.setSelectionRange(from + words.length, from + words.length) })
  }
  const id = `t-${row.kind}-${row.lang}`
  return html`<div class="template-grid"><form class="form" onSubmit=${(event) => { event.preventDefault(); save() }} onKeyDown=${(event) => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); save() } }}>
      <div class="field"><label for=${`${id}-subject`}>${t('letter.subject')}</label><input id=${`${id}-subject`} value=${subject} readonly=${!can.templates} maxlength="500" spellcheck="false" autocomplete="off" onInput=${(event) => setSubject(event.target.value)} /></div>
      <div class="field"><label for=${`${id}-body`}>${t('letter.text')}</label><textarea id=${`${id}-body`} class="template-text" ref=${area} rows="24" readonly=${!can.templates} value=${body} spellcheck="false" aria-describedby=${`${id}-faults`} aria-invalid=${faults.length > 0} onInput=${(event) => setBody(event.target.value)}></textarea></div>
      <div id=${`${id}-faults`} role="status">${faults.length > 0 && html`<ul class="faults">${faults.map((one) => html`<li><button type="button" class="link" onClick=${() => { if (one.field === 'body' && one.line) place(area.current, one.line, one.column) }}>${one.line ? t('template.at', { field: t(one.field === 'subject' ? 'letter.subject' : 'letter.text'), line: one.line, column: one.column }) : t(one.field === 'subject' ? 'letter.subject' : 'letter.text')}</button> ${visible(one.text)}</li>`)}</ul>`}</div>
      <p class="hint">${row.changed ? html`${t('template.by')} ${visible(row.by || '–')} <${Time} at=${row.updated} />` : t('template.own')}</p>
      ${can.templates && html`<footer class="panel-foot row-of"><button type="submit" class="button primary" aria-disabled=${!changed || faults.length > 0}>${t('save')}</button>${changed && html`<button type="button" class="button" onClick=${() => { setSubject(row.subject); setBody(row.body) }}>${t('template.discard')}</button>`}${row.changed && html`<button type="button" class="button" onClick=${drop}><${Icon} name="undo" />${t('template.drop')}</button>`}</footer>`}${names.length > 0 && html`<${Names} names=${names} put=${can.templates && insert} />`}</form>
    <section class="panel template-preview" aria-label=${t('template.preview')}><header><h2>${t('template.preview')}</h2></header><div class="panel-body">${fault ? html`<${ErrorBox} error=${fault} />` : !seen ? html`<${Skeleton} rows=${8} />` : html`<p class="hint">${t('template.sample')}</p><p><b>${defangText(seen.subject)}</b></p><pre class="letter-text" role="group" tabindex="0" aria-label=${t('template.preview')}>${defangText(seen.body.replaceAll('\r', ''))}</pre>`}</div></section></div>`
}

export default function Templates({ parts }) {
  useTitle(t('nav.templates'))
  const { data, error, reload } = useLoad((signal) => get('/templates', {}, signal), [])
  if (!can.meta) return html`<${Refused} icon="audit" title=${t('nav.templates')} />`
  const items = data?.items || []
  const [, kind, lang] = parts || route.value.parts
  const row = items.find((one) => one.kind === kind && one.lang === lang) || items.find((one) => one.kind === kind) || items[0]
  const kinds = [...new Set(items.map((one) => one.kind))]
  return html`<div class="page"><${Head} title=${t('nav.templates')} sub=${t('template.sub')} />
    ${error ? html`<${ErrorBox} error=${error} retry=${reload} />` : !data ? html`<${Skeleton} rows=${10} />` : !row ? html`<${Empty} icon="audit" title=${t('template.none')}>${t('template.none.do')}<//>`
      : html`<div class="filters"><label class="inline">${t('template.kind')} <select value=${row.kind} onChange=${(event) => go(`/templates/${event.target.value}/${row.lang}`)}>${kinds.map((one) => html`<option value=${one} selected=${one === row.kind}>${nameOf(one)}${items.some((other) => other.kind === one && other.changed) ? ' *' : ''}</option>`)}</select></label>
          <nav class="tabs" aria-label=${t('meta.lang')}>${items.filter((one) => one.kind === row.kind).map((one) => html`<a class="tab" href=${href(`/templates/${one.kind}/${one.lang}`)} aria-current=${one === row ? 'page' : undefined}>${tf('report.lang', one.lang)}${one.changed ? ' *' : ''}</a>`)}</nav></div>
        <${Editor} key=${`${row.kind} ${row.lang} ${row.version}`} row=${row} names=${data.names || []} reload=${reload} />`}</div>`
}
