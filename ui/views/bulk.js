/** views/bulk: many URLs pasted at once; then straight to the page that shows what becomes of each. */
import { html, useState } from '../lib/ui.js'
import { once, post } from '../lib/api.js'
import { t, tf } from '../lib/i18n.js'
import { number } from '../lib/format.js'
import { go, href } from '../lib/router.js'
import { attempt, can, draft } from '../lib/store.js'
import { useTitle } from '../lib/hooks.js'
import { GSB, TICKETS } from '../lib/names.js'
import { Head, Icon, Refused } from '../parts/basics.js'
import { ActorSelect, Area, Check, KindSelect, Select, TargetAndService, Text, fieldsOf } from '../parts/form.js'
import { keepLines } from './intake.js'

/** What all lines of an intake get. Members as casework/intake.h has them. */
export function optionsOf(form) {
  const { target, service, kind, actor, gsb_type, ticket_type, labels, note } = fieldsOf(form)
  const wants = new FormData(form).getAll('wants')
  const options = { target, service, kind, actor, gsb_type, ticket_type, note, labels: labels?.split(/[\s,、]+/).filter(Boolean).map((label) => label.toLowerCase()), wants: wants.length ? wants : undefined }
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
export const OptionFields = () => html`<${TargetAndService} /><${KindSelect} /><${ActorSelect} />
  <${Select} name="gsb_type" label=${t('case.gsb')} none=${t('form.none')} options=${GSB.map((word) => [word, tf('gsb', word)])} /><${Select} name="ticket_type" label=${t('case.ticket')} none=${t('ticket.none')} options=${TICKETS.map((word) => [word, tf('gsb', word)])} />
  <${Text} name="labels" label=${t('case.labels')} wide maxlength="400" /><fieldset class="wide"><legend>${t('case.wants')}</legend>${['html', 'screenshot', 'certificate', 'address', 'whois'].map((name) => html`<${Check} name="wants" value=${name} label=${tf('want', name)} />`)}</fieldset>
  <${Area} name="note" label=${t('case.survey')} rows=${2} maxlength="5000" />`

export default function Bulk() {
  useTitle(t('board.bulk'))
  const [text, setText] = useState(draft.text)
  const [busy, setBusy] = useState(false)
  const [key] = useState(once)
  if (!can.write) return html`<${Refused} icon="bulk" title=${t('board.bulk')} />`
  const lines = text.split('\n').map((line) => line.trim()).filter((line) => line && !line.startsWith('#'))
  const distinct = new Set(lines).size
  const submit = async (event) => {
    event.preventDefault()
    if (busy || !lines.length) return
    setBusy(true)
    const dry = event.submitter?.value === 'dry'
    const answer = await attempt(() => post('/intakes', { kind: 'lines', body: text, options: optionsOf(event.target), dry_run: dry }, dry ? {} : { key }))
    setBusy(false)
    if (answer) { if (!dry) draft.text = ''; keepLines(answer.id, text); go(`/intake/${answer.id}`) }
  }
  return html`<div class="page"><${Head} title=${t('board.bulk')} sub=${t('bulk.sub')}><a class="button" href=${href('/intake')}>${t('intake.earlier')}</a><//>
    <form class="split" onSubmit=${submit}><div class="column"><div class="field"><label for="urls">${t('bulk.urls')}</label>
        <textarea id="urls" name="urls" autofocus spellcheck="false" placeholder=${'https://mihon-bank.example/login\nhxxps://mihon-card[.]example\nmihon-trust[.]example'} value=${text} onInput=${(event) => { draft.text = event.target.value; setText(event.target.value) }} onKeyDown=${(event) => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.target.form.requestSubmit() }}></textarea>
        <p class="hint">${t('bulk.urls.hint')}</p></div>
      <div class="verdict-acts"><button type="submit" class="button primary" aria-disabled=${busy || !lines.length}><${Icon} name="bulk" />${t('bulk.create', { n: number(lines.length) })}</button><button type="submit" name="dry" value="dry" class="button" aria-disabled=${busy || !lines.length}>${t('intake.try')}</button>
        <span class="dim" role="status">${lines.length > 0 && (distinct < lines.length ? t('bulk.lines_twice', { n: number(lines.length), m: number(lines.length - distinct) }) : t('bulk.lines', { n: number(lines.length) }))}</span></div></div>
      <section class="panel" aria-label=${t('bulk.for_all')}><header><h2>${t('bulk.for_all')}</h2></header><div class="panel-body grid"><${OptionFields} /></div></section></form></div>`
}
