/** parts/ask: the small forms of the board and of the case: a reason, a label, a merge, an edit, an export, a view. */
import { html, useState } from '../lib/ui.js'
import { url } from '../lib/api.js'
import { t, tf } from '../lib/i18n.js'
import { number } from '../lib/format.js'
import { prefs, setPrefs } from '../lib/prefs.js'
import { done } from '../lib/store.js'
import { bulk, edit, keepView, merge, sayBulk } from '../lib/cases.js'
import { CSV_ALL, csvColumns, GSB, TICKETS } from '../lib/names.js'
import { fromInput, toInput } from '../lib/format.js'
import { can } from '../lib/store.js'
import { FormDialog } from './dialog.js'
import { ActorSelect, Area, AssigneeField, Check, KindSelect, Select, TargetAndService, TargetSelect, Text, fieldsOf } from './form.js'
import { HostName } from './host-name.js'
import { State } from './status.js'

const What = ({ cases, n }) => cases?.length === 1 ? html`<p class="about"><span class="num">${cases[0].id}</span> <${HostName} host=${cases[0].host || cases[0].name} domain=${cases[0].domain} /></p>` : html`<p class="about">${t('ask.cases', { n: number(n) })}</p>`

/** Ends a case: with a reason, since somebody will ask. */
function Reason({ what, cases, n, onClose, act }) {
  const reasons = what === 'dismiss' ? ['benign', 'own', 'gone', 'insufficient'] : ['group_company', 'other_brand', 'not_covered']
  const [text, setText] = useState('')
  return html`<${FormDialog} title=${tf('act', what)} label=${tf('act', what)} onClose=${onClose} submit=${(form) => act(what, form.note.value.trim(), cases)}><${What} cases=${cases} n=${n} />
    <div class="quick" role="group" aria-label=${t('ask.reason_quick')}>${reasons.map((reason) => html`<button type="button" class="button small" onClick=${() => setText(tf('reason', reason))}>${tf('reason', reason)}</button>`)}</div>
    <${Area} name="note" label=${t('ask.reason')} hint=${t('ask.reason.hint')} first value=${text} key=${text} rows=${3} maxlength="2000" /><//>`
}
const Label = ({ cases, n, select, onClose, onDone }) => html`<${FormDialog} title=${t('ask.label')} label=${t('ask.label.do')} onClose=${onClose} submit=${async (form) => {
  const { label, off } = fieldsOf(form)
  const value = label.toLowerCase()
  sayBulk(await bulk(select, off ? 'unlabel' : 'label', { value }), off ? 'unlabel' : 'label', async () => { await bulk(select, off ? 'label' : 'unlabel', { value }); onDone() })
  onDone()
}}><${What} cases=${cases} n=${n} /><${Text} name="label" label=${t('ask.label.name')} required first maxlength="40" /><${Check} name="off" label=${t('ask.label.off')} /><//>`

/** Which of them stays is chosen; the oldest is proposed. */
function Merge({ cases, onClose, onDone }) {
  const oldest = [...cases].sort((a, b) => a.id - b.id)
  const several = cases.length > 1
  return html`<${FormDialog} title=${t('merge.title')} label=${t('merge.do')} onClose=${onClose} submit=${async (form) => {
    const into = Number(form.into.value)
    for (const from of oldest.filter((item) => item.id !== into)) await merge(from, { id: into })
    onDone()
  }}><p class="hint">${t('merge.hint')}</p>
  ${several ? html`<fieldset><legend>${t('merge.into')}</legend>${oldest.map((item, i) => html`<label class="choice"><input type="radio" name="into" value=${item.id} defaultChecked=${i === 0} data-first=${i === 0 ? '' : undefined} /><span class="num">${item.id}</span> <${HostName} host=${item.host || item.name} domain=${item.domain} /> <${State} state=${item.state} /></label>`)}</fieldset>`
    : html`<${What} cases=${cases} n=${1} /><${Text} name="into" label=${t('merge.into_id')} inputmode="numeric" pattern="[0-9]+" required first />`}<//>`
}

/** The fields of a case; of several only what may be set for all. */
function Edit({ cases, n, select, onClose, onDone }) {
  const one = cases.length === 1 && !select.q ? cases[0] : null
  return html`<${FormDialog} title=${t('ask.edit')} label=${t('save')} wide=${Boolean(one)} onClose=${onClose} submit=${async (form) => {
    const fields = fieldsOf(form)
    if (!one) {
      if (!Object.keys(fields).length) return
      sayBulk(await bulk(select, 'edit', { value: fields }), 'edit')
    } else {
      const changes = {}
      const before = { name: one.name, target: one.target?.key, service: one.service, kind: one.kind, actor: one.actor?.key, assignee: one.assignee, gsb_type: one.gsb_type, ticket_type: one.ticket_type, first_seen: toInput(one.first_seen) }
      for (const name of Object.keys(before)) {
        if (!form.elements[name] || (fields[name] || '') === (before[name] || '')) continue
        changes[name] = name === 'first_seen' ? fromInput(fields[name]) : fields[name] ?? null
      }
      if (Object.keys(changes).length) { await edit(one, changes); done(t('saved')) }
    }
    onDone()
  }}><${What} cases=${cases} n=${n} /><div class="grid">
    ${one && html`<${Text} name="name" label=${t('case.name')} value=${one.name} required first wide maxlength="300" />`}
    ${one ? html`<${TargetAndService} target=${one.target?.key} service=${one.service} />` : html`<${TargetSelect} />`}
    <${KindSelect} value=${one?.kind} none=${t('form.unchanged')} /><${ActorSelect} value=${one?.actor?.key} /><${AssigneeField} value=${one?.assignee} />
    ${one && html`<${Text} name="first_seen" type="datetime-local" label=${t('case.first_seen')} value=${toInput(one.first_seen)} />
    ${'gsb_type' in one && html`<${Select} name="gsb_type" label=${t('case.gsb')} none=${t('form.none')} value=${one.gsb_type} options=${GSB.map((word) => [word, tf('gsb', word)])} />
    <${Select} name="ticket_type" label=${t('case.ticket')} none=${t('ticket.none')} value=${one.ticket_type} options=${TICKETS.map((word) => [word, tf('gsb', word)])} />`}`}</div><//>`
}

/** S36's Report CSV: what is looked at, or one month. */
function Export({ q, sort, columns, onClose }) {
  const month = new Date(Date.now() + 9 * 3600000).toISOString().slice(0, 7)
  const [scope, setScope] = useState('list')
  return html`<${FormDialog} title=${t('export.title')} label=${t('export.do')} onClose=${onClose} submit=${async (form) => {
    const { month: chosen, format, bom, all } = fieldsOf(form)
    setPrefs({ bom: Boolean(bom) })
    const query = scope === 'month' ? `opened:${chosen}` : q
    const link = document.createElement('a')
    link.href = format === 'jsonl' ? url('/cases.jsonl', { q: query }) : url('/cases.csv', { q: query, sort, columns: all ? CSV_ALL.join(',') : csvColumns(columns), bom: bom ? 1 : null })
    link.download = `hikeshi-${scope === 'month' ? chosen : new Date().toISOString().slice(0, 10)}.${format}`
    document.body.append(link)
    link.click()
    link.remove()
    done(t('export.begun'))
  }}><fieldset><legend>${t('export.what')}</legend>
    <label class="choice"><input type="radio" name="scope" value="list" checked=${scope === 'list'} onChange=${() => setScope('list')} data-first="" />${t('export.list')}</label>
    <label class="choice"><input type="radio" name="scope" value="month" checked=${scope === 'month'} onChange=${() => setScope('month')} />${t('export.month')}</label></fieldset>
    ${scope === 'month' && html`<${Text} name="month" type="month" label=${t('export.month_which')} value=${month} required pattern="[0-9]{4}-[0-9]{2}" />`}
    <${Select} name="format" label=${t('export.format')} value="csv" options=${[['csv', 'CSV'], ['jsonl', 'JSON Lines']]} />
    <${Check} name="bom" label=${t('export.bom')} checked=${prefs.value.bom} hint=${t('export.bom.hint')} /><${Check} name="all" label=${t('export.all_columns')} checked=${false} /><p class="hint">${t('export.audited')}</p><//>`
}
const View = ({ q, sort, columns, onClose, onDone }) => html`<${FormDialog} title=${t('views.keep')} label=${t('save')} onClose=${onClose} submit=${async (form) => {
  const { name, shared } = fieldsOf(form)
  await keepView(name, q, sort, columns, Boolean(shared))
  done(t('views.kept', { name }))
  onDone()
}}><${Text} name="name" label=${t('views.name')} required first maxlength="60" /><p class="hint">${t('views.query')}: <code>${q || t('views.all')}</code></p>${can.write && html`<${Check} name="shared" label=${t('views.shared')} />`}<//>`

const FORMS = { dismiss: Reason, out_of_scope: Reason, label: Label, merge: Merge, edit: Edit, export: Export, view: View }
/** @param {{ what: keyof typeof FORMS }} props */
export function Ask(props) {
  const Form = FORMS[props.what]
  return html`<${Form} ...${props} n=${props.select?.count ?? props.cases?.length ?? 0} />`
}
