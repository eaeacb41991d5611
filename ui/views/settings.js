/** views/settings: policy that people change while the program runs: duplicates, scope, time limits, what CT opens by itself, which names are looked at, what a wave of messages does, what is secured by itself, how reports leave. */
import { html, useState } from '../lib/ui.js'
import { get, put } from '../lib/api.js'
import { attempt, can, done, list } from '../lib/store.js'
import { named, t, tf } from '../lib/i18n.js'
import { KINDS, PLANS } from '../lib/names.js'
import { useLoad, useTitle } from '../lib/hooks.js'
import { ErrorBox, Head, Icon, Refused, Skeleton } from '../parts/basics.js'
import { Time } from '../parts/status.js'

const CLOCKS = ['triage', 'confirm', 'report', 'down']

/** One setting with its own button: a mistake in one does not hold up another. */
function Panel({ name, row, changed, save, children }) {
  const title = tf('settings.title', name)
  return html`<section class="panel" aria-label=${title}><header class="panel-head"><h2>${title}</h2>${row?.updated && html`<span class="dim">${t('settings.updated')} <${Time} at=${row.updated} /></span>`}</header>
    <p class="hint">${tf('settings.hint', name)}</p><form class="form" onSubmit=${(event) => { event.preventDefault(); save() }}>${children}
      ${can.metaWrite || can.admin ? html`<footer class="panel-foot"><button type="submit" class="button primary" aria-disabled=${!changed}>${t('save')}</button></footer>` : ''}</form></section>`
}

function useSetting(name, row, reload) {
  const [value, setValue] = useState(row.value)
  const changed = JSON.stringify(value) !== JSON.stringify(row.value)
  const save = () => changed && attempt(async () => { await put(`/settings/${name}`, value, row.version ? { version: row.version } : {}); done(t('settings.saved')); reload() })
  return { value, setValue, changed, save }
}

function Number1({ label, value, set, min, max, step = 1, unit }) {
  return html`<label class="inline">${label} <input type="number" value=${value} min=${min} max=${max} step=${step} onInput=${(event) => set(event.target.value === '' ? null : Number(event.target.value))} /> ${unit}</label>`
}

function Dedupe({ row, reload }) {
  const s = useSetting('dedupe', row, reload)
  return html`<${Panel} name="dedupe" row=${row} ...${s}><${Number1} label=${t('settings.days')} value=${s.value.days} min=${1} max=${3650} unit=${t('settings.unit_days')} set=${(days) => s.setValue({ ...s.value, days })} /><//>`
}
function Ct({ row, reload }) {
  const s = useSetting('ct', row, reload)
  return html`<${Panel} name="ct" row=${row} ...${s}><${Number1} label=${t('settings.threshold')} value=${s.value.threshold} min=${0} max=${1} step=${0.01} set=${(threshold) => s.setValue({ ...s.value, threshold })} /><//>`
}

function Evidence({ row, reload }) {
  const s = useSetting('evidence', { ...row, value: { capture: true, enrich: true, plan: 'standard', days: 7, ...row.value } }, reload)
  const flag = (name) => html`<label class="inline"><input type="checkbox" checked=${s.value[name]} onChange=${(event) => s.setValue({ ...s.value, [name]: event.target.checked })} /> ${t(`settings.evidence.${name}`)}</label>`
  return html`<${Panel} name="evidence" row=${row} ...${s}><div class="form inline-form">${flag('capture')}${flag('enrich')}
    <label class="inline">${t('settings.plan')} <select value=${s.value.plan} onChange=${(event) => s.setValue({ ...s.value, plan: event.target.value })}>${PLANS.map((plan) => html`<option value=${plan}>${tf('plan', plan)}</option>`)}</select></label>
    <${Number1} label=${t('settings.evidence.days')} value=${s.value.days} min=${1} max=${3650} unit=${t('settings.unit_days')} set=${(days) => s.setValue({ ...s.value, days })} /></div><//>`
}

const LOOKS = { on: true, share: 0.01, cap: 100000, floor: 0.001, threshold: 0.5 }
/** Light looks at names that are no case: how many, and from which score of a page on it is one. */
function Looks({ row, reload }) {
  const s = useSetting('looks', { ...row, value: { ...LOOKS, ...row.value } }, reload)
  const number = (name, max, step) => html`<${Number1} label=${t(`settings.looks.${name}`)} value=${s.value[name]} min=${0} max=${max} step=${step} set=${(value) => s.setValue({ ...s.value, [name]: value })} />`
  const percent = Math.round(s.value.share * 1e6) / 1e4
  return html`<${Panel} name="looks" row=${row} ...${s}><div class="form inline-form">
    <label class="inline"><input type="checkbox" checked=${s.value.on} onChange=${(event) => s.setValue({ ...s.value, on: event.target.checked })} /> ${t('settings.looks.on')}</label>
    <${Number1} label=${t('settings.looks.share')} value=${percent} min=${0} max=${100} step=${0.01} unit="%" set=${(value) => s.setValue({ ...s.value, share: value === null ? null : value / 100 })} />
    ${number('cap', 10000000, 1)}${number('floor', 1, 0.0001)}${number('threshold', 1, 0.01)}</div><//>`
}

/** Waves of messages that a command channel ordered. */
function Waves({ row, reload }) {
  const s = useSetting('waves', { ...row, value: { confirm: true, ...row.value } }, reload)
  return html`<${Panel} name="waves" row=${row} ...${s}><label class="inline"><input type="checkbox" checked=${s.value.confirm} onChange=${(event) => s.setValue({ ...s.value, confirm: event.target.checked })} /> ${t('settings.waves.confirm')}</label><//>`
}

/** The limits: { triage: minutes, ..., kinds?: { phishing: { triage: ... } } }; kept as the server has them. */
function Sla({ row, reload }) {
  const s = useSetting('sla', row, reload)
  const [kind, setKind] = useState('')
  const shared = CLOCKS.every((clock) => typeof s.value[clock] === 'number')
  const of = shared ? s.value : s.value[kind] || s.value.default || {}
  const set = (clock) => (minutes) => s.setValue(shared ? { ...s.value, [clock]: minutes } : { ...s.value, [kind || 'default']: { ...of, [clock]: minutes } })
  return html`<${Panel} name="sla" row=${row} ...${s}>
    ${!shared && html`<label class="inline">${t('case.kind')} <select value=${kind} onChange=${(event) => setKind(event.target.value)}><option value="">${t('settings.all_kinds')}</option>${KINDS.map((one) => html`<option value=${one}>${tf('kind', one)}</option>`)}</select></label>`}
    <div class="form inline-form">${CLOCKS.map((clock) => html`<${Number1} key=${clock} label=${tf('clock', clock)} value=${of[clock]} min=${1} max=${525600} unit=${t('settings.unit_minutes')} set=${set(clock)} />`)}</div><//>`
}

function Scope({ row, reload }) {
  const rules = Array.isArray(row.value) ? row.value : row.value.rules || []
  const s = useSetting('scope', row, reload)
  const now = Array.isArray(s.value) ? s.value : s.value.rules || []
  const setRules = (next) => s.setValue(Array.isArray(row.value) ? next : { ...s.value, rules: next })
  const edit = (i, name) => (event) => setRules(now.map((rule, k) => k === i ? Object.fromEntries(Object.entries({ ...rule, [name]: event.target.value }).filter(([, value]) => value !== '')) : rule))
  return html`<${Panel} name="scope" row=${row} ...${s}>${now.length === 0 && rules.length === 0 && html`<p class="dim">${t('settings.no_rules')}</p>`}
    ${now.map((rule, i) => html`<fieldset class="rule" key=${i}><legend>${t('settings.rule', { n: i + 1 })}</legend>
      <label class="inline">${t('case.target')} <select value=${rule.target || ''} onChange=${edit(i, 'target')}><option value="">${t('settings.any')}</option>${list('targets').map((one) => html`<option value=${one.key}>${named(one)}</option>`)}</select></label>
      <label class="inline">${t('case.service')} <input value=${rule.service || ''} onInput=${edit(i, 'service')} /></label>
      <label class="inline">${t('case.kind')} <select value=${rule.kind || ''} onChange=${edit(i, 'kind')}><option value="">${t('settings.any')}</option>${KINDS.map((one) => html`<option value=${one}>${tf('kind', one)}</option>`)}</select></label>
      <label class="inline">${t('settings.route')} <input value=${rule.route || ''} required onInput=${edit(i, 'route')} /></label>
      <button type="button" class="icon-button" aria-label=${t('settings.rule_remove', { n: i + 1 })} onClick=${() => setRules(now.filter((_, k) => k !== i))}><${Icon} name="trash" /></button></fieldset>`)}
    <button type="button" class="button small" onClick=${() => setRules([...now, { route: '' }])}><${Icon} name="plus" />${t('settings.rule_add')}</button><//>`
}

const TAKEDOWN = { draft: true, undo_s: 60, per_hour: 300, per_recipient_day: 50, followup_h: 24, escalate_h: 24, expire_h: 168, policies: [] }
/** Numbers of the takedown: [name, smallest, largest, unit]; flow/takedown.h. */
const LIMITS = [['undo_s', 0, 3600, 'settings.unit_seconds'], ['per_hour', 1, 100000], ['per_recipient_day', 1, 10000], ['followup_h', 1, 8760, 'settings.unit_hours'], ['escalate_h', 1, 8760, 'settings.unit_hours'], ['expire_h', 1, 8760, 'settings.unit_hours']]
const words = (text) => text.split(/[,、\s]+/).map((word) => word.trim()).filter(Boolean)

/** One policy: which drafts need no second person. Lists that are empty are left out: any. */
function Policy({ rule, n, set, remove }) {
  const put = (name, value) => set(Object.fromEntries(Object.entries({ ...rule, [name]: value }).filter(([, one]) => one !== null && !(Array.isArray(one) && !one.length))))
  const list = (name) => html`<label class="inline">${t(`settings.policy.${name}`)} <input value=${(rule[name] || []).join(', ')} placeholder=${t('settings.any')} title=${t('settings.policy.list_hint')} onChange=${(event) => put(name, words(event.target.value))} /></label>`
  const flag = (name, value) => html`<label class="inline"><input type="checkbox" checked=${value} onChange=${(event) => put(name, event.target.checked)} /> ${t(`settings.policy.${name}`)}</label>`
  return html`<fieldset class="rule"><legend>${t('settings.policy', { n })}</legend><label class="inline">${t('settings.policy.name')} <input value=${rule.name} required maxlength="60" onInput=${(event) => put('name', event.target.value)} /></label>
    ${list('kinds')}${list('channels')}${list('recipients')}<${Number1} label=${t('settings.policy.score')} value=${rule.score ?? 0.9} min=${0} max=${1} step=${0.01} set=${(value) => put('score', value)} /><${Number1} label=${t('settings.policy.sample')} value=${Math.round((rule.sample ?? 0.1) * 1000) / 10} min=${0} max=${100} step=${0.1} unit="%" set=${(value) => put('sample', value === null ? null : value / 100)} />
    ${flag('own', rule.own ?? true)}${flag('stopped', rule.stopped ?? false)}
    <button type="button" class="icon-button" aria-label=${t('settings.policy_remove', { n })} onClick=${remove}><${Icon} name="trash" /></button></fieldset>`
}
function Takedown({ row, reload }) {
  const s = useSetting('takedown', { ...row, value: { ...TAKEDOWN, ...row.value } }, reload)
  const rules = s.value.policies
  const setRules = (policies) => s.setValue({ ...s.value, policies })
  return html`<${Panel} name="takedown" row=${row} ...${s}><div class="form inline-form"><label class="inline"><input type="checkbox" checked=${s.value.draft} onChange=${(event) => s.setValue({ ...s.value, draft: event.target.checked })} /> ${t('settings.takedown.draft')}</label>
      ${LIMITS.map(([name, min, max, unit]) => html`<${Number1} key=${name} label=${t(`settings.takedown.${name}`)} value=${s.value[name]} min=${min} max=${max} unit=${unit && t(unit)} set=${(value) => s.setValue({ ...s.value, [name]: value })} />`)}</div>
    <h3>${t('settings.policies')}</h3>${rules.length === 0 && html`<p class="dim">${t('settings.policies.none')}</p>`}
    ${rules.map((rule, i) => html`<${Policy} key=${i} n=${i + 1} rule=${rule} set=${(next) => setRules(rules.map((one, k) => k === i ? next : one))} remove=${() => setRules(rules.filter((_, k) => k !== i))} />`)}
    <button type="button" class="button small" onClick=${() => setRules([...rules, { name: '', score: 0.9, own: true, sample: 0.1 }])}><${Icon} name="plus" />${t('settings.policy_add')}</button><//>`
}

const PANELS = { dedupe: Dedupe, sla: Sla, scope: Scope, ct: Ct, looks: Looks, waves: Waves, evidence: Evidence, takedown: Takedown }
const DEFAULTS = { dedupe: { days: 30 }, sla: { triage: 30, confirm: 120, report: 240, down: 2880 }, scope: [], ct: { threshold: 0.9 }, looks: {}, waves: {}, evidence: {}, takedown: {} }

export default function Settings() {
  useTitle(t('settings.page'))
  const { data, error, reload } = useLoad((signal) => get('/settings', {}, signal), [])
  if (!can.settings) return html`<${Refused} icon="settings" title=${t('settings.page')} />`
  // { items: [{ key, value, updated, version }] }, or an object of values.
  const rows = data && (data.items ? Object.fromEntries(data.items.map((row) => [row.key, row])) : Object.fromEntries(Object.entries(data).map(([key, value]) => [key, { key, value }])))
  return html`<${Head} title=${t('settings.page')} sub=${t('settings.sub')} />
    ${error ? html`<${ErrorBox} error=${error} retry=${reload} />` : !rows ? html`<${Skeleton} />` : html`<div class="panels">${Object.entries(PANELS).map(([name, One]) => {
      const row = rows[name] || { key: name, value: DEFAULTS[name] }
      return html`<${One} key=${`${name} ${row.version ?? ''} ${row.updated ?? ''}`} row=${row} reload=${reload} />` })}</div>`}`
}
