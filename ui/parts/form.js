/** parts/form: labelled fields, and the pick lists that many forms have. */
import { html, useId, useState } from '../lib/ui.js'
import { named, t, tf } from '../lib/i18n.js'
import { list, people, user } from '../lib/store.js'
import { KINDS } from '../lib/names.js'

/** A label with what it labels. `make` gets the attributes that tie them together. */
export function Field({ label, hint, required, wide, make }) {
  const id = useId()
  return html`<div class=${`field ${wide ? 'wide' : ''}`}><label for=${id}>${label}${required && html` <span class="required">${t('form.required')}</span>`}</label>
    ${make({ id, ...(hint ? { 'aria-describedby': `${id}-hint` } : {}) })}${hint && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}</div>`
}
export const Text = ({ label, hint, required, wide, name, value, type = 'text', first, ...more }) => html`<${Field} label=${label} hint=${hint} required=${required} wide=${wide}
  make=${(ids) => html`<input ...${ids} name=${name} type=${type} required=${required} defaultValue=${value ?? ''} data-first=${first ? '' : undefined} autocomplete="off" spellcheck="false" ...${more} />`} />`
export const Area = ({ label, hint, required, name, value, rows = 4, first, ...more }) => html`<${Field} label=${label} hint=${hint} required=${required} wide=${true}
  make=${(ids) => html`<textarea ...${ids} name=${name} rows=${rows} required=${required} defaultValue=${value ?? ''} data-first=${first ? '' : undefined} spellcheck="false" ...${more}></textarea>`} />`

/** @param {{ options: [value: string, label: string][], none?: string }} props   none: label of the empty choice */
export const Select = ({ label, hint, required, wide, name, value, options, none, first, ...more }) => html`<${Field} label=${label} hint=${hint} required=${required} wide=${wide}
  make=${(ids) => html`<select ...${ids} name=${name} required=${required} data-first=${first ? '' : undefined} ...${more}>
    ${none !== undefined && html`<option value="" selected=${!value}>${none}</option>`}
    ${options.map(([key, text]) => html`<option value=${key} selected=${key === value}>${text}</option>`)}</select>`} />`

export const Check = ({ name, label, checked, value = '1', hint, ...more }) => {
  const id = useId()
  return html`<div class="check"><input type="checkbox" id=${id} name=${name} value=${value} defaultChecked=${checked} ...${more} /><label for=${id}>${label}</label>${hint && html`<span class="hint">${hint}</span>`}</div>`
}

const active = (rows, chosen) => rows.filter((row) => row.state !== 'retired' || row.key === chosen)
export const TargetSelect = ({ value, name = 'target', label = t('case.target'), ...more }) => html`<${Select} name=${name} label=${label} none=${t('form.none')} value=${value}
  options=${active(list('targets'), value).map((row) => [row.key, named(row)])} ...${more} />`
export const ActorSelect = ({ value, name = 'actor', ...more }) => html`<${Select} name=${name} label=${t('case.actor')} none=${t('form.none')} value=${value}
  options=${active(list('actors'), value).map((row) => [row.key, row.name])} ...${more} />`
export const KindSelect = ({ value, none = t('form.by_target'), ...more }) => html`<${Select} name="kind" label=${t('case.kind')} none=${none} value=${value} options=${KINDS.map((kind) => [kind, tf('kind', kind)])} ...${more} />`
/** Services belong to the chosen target. */
export const ServiceSelect = ({ target, value }) => {
  const services = list('targets').find((row) => row.key === target)?.services || []
  return html`<${Select} name="service" label=${t('case.service')} none=${t('form.none')} value=${value} options=${services.map((row) => [row.key, row.name || row.key])} />`
}
export function AssigneeField({ value }) {
  const id = useId()
  if (user.value) people.add(user.value.login)
  return html`<${Text} name="assignee" label=${t('case.assignee')} value=${value} list=${id} /><datalist id=${id}>${[...people].sort().map((login) => html`<option value=${login} />`)}</datalist>`
}

/** The named fields of a form as an object; empty ones are left out. */
export function fieldsOf(form) {
  const out = {}
  for (const [name, value] of new FormData(form)) if (typeof value === 'string' && value.trim() !== '') out[name] = value.trim()
  return out
}
/** Target with its services below. */
export function TargetAndService({ target, service }) {
  const [chosen, choose] = useState(target || '')
  return html`<${TargetSelect} value=${chosen} onChange=${(event) => choose(event.target.value)} /><${ServiceSelect} target=${chosen} value=${service} />`
}
