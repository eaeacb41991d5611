/** views/meta: the five pages of meta data (S36): Target, Actor, Abuse, Tasks, Status. One table of what each has; the rest is shared. */
import { html, useState } from '../lib/ui.js'
import { all, get, patch, post, url } from '../lib/api.js'
import { t, tf } from '../lib/i18n.js'
import { attempt, can, done, forget } from '../lib/store.js'
import { href } from '../lib/router.js'
import { useLoad, useTitle } from '../lib/hooks.js'
import { CONTACT_KINDS, KINDS, STATES } from '../lib/names.js'
import { defangText } from '../lib/defang.js'
import { Empty, ErrorBox, Head, Icon, Skeleton } from '../parts/basics.js'
import { FormDialog } from '../parts/dialog.js'
import { Area, Check, Select, Text, fieldsOf } from '../parts/form.js'
import { HostName } from '../parts/host-name.js'
import { lazy } from '../parts/lazy.js'

const lines = (text) => (text || '').split('\n').map((line) => line.trim()).filter(Boolean)
const State = (row) => html`<span class=${row.state === 'retired' ? 'dim' : ''}>${tf('meta.state', row.state)}</span>`
const key = (row) => html`<${Text} name="key" label=${t('field.key')} hint=${t('meta.key.hint')} required pattern="[a-z0-9][a-z0-9_.:\-]*" maxlength="60" value=${row.key} readonly=${Boolean(row.id)} first=${!row.id} />`
const name = (row, label = t('field.name')) => html`<${Text} name="name" label=${label} required maxlength="200" value=${row.name} first=${Boolean(row.id)} />`
const note = (row) => html`<${Area} name="note" label=${t('meta.note')} rows=${3} value=${row.note} maxlength="5000" />`

/** "direct | ダイレクト | in | route" a line: what a target's services are, and whose work they are. */
const serviceText = (services) => (services || []).map((one) => [one.key, one.name, one.scope || 'in', one.route || ''].join(' | ').replace(/( \| )+$/, '')).join('\n')
const servicesOf = (text) => lines(text).map((line) => { const [key, name, scope, route] = line.split('|').map((part) => part.trim()); return { key, name: name || key, scope: scope === 'out' ? 'out' : 'in', ...(route ? { route } : {}) } })
/** "60 | title" a line: minutes until due, and what is to be done. */
const stepText = (steps) => (steps || []).map((one) => `${one.due_min ?? ''} | ${one.title}`).join('\n')
const stepsOf = (text) => lines(text).map((line) => { const [, due, title] = /^(\d*)\s*\|\s*(.*)$/.exec(line) || [null, '', line]; return { title, ...(due ? { due_min: Number(due) } : {}) } })

/** Columns of several lines; all others are kept on one. */
const LONG = ['services', 'domains', 'note', 'aliases', 'steps', 'kinds', 'url']

const PAGES = {
  targets: { icon: 'target', title: 'nav.targets', columns: ['key', 'name', 'name_en', 'own', 'services', 'domains', 'state'],
    cell: { own: (row) => row.own ? t('meta.own') : t('meta.others'), services: (row) => (row.services || []).map((one) => html`<span class="tag">${one.name || one.key}${one.scope === 'out' ? ` (${t('meta.out')})` : ''}</span> `), domains: (row) => (row.domains || []).slice(0, 3).map((one) => html`<${HostName} host=${one} /> `) },
    form: (row) => html`${key(row)}${name(row, t('meta.name_ja'))}<${Text} name="name_en" label=${t('meta.name_en')} value=${row.name_en} required maxlength="200" /><${Check} name="own" label=${t('meta.own.label')} checked=${row.own} />
      <${Area} name="services" label=${t('meta.services')} hint=${t('meta.services.hint')} rows=${4} value=${serviceText(row.services)} /><${Area} name="domains" label=${t('meta.domains')} hint=${t('meta.domains.hint')} rows=${4} value=${(row.domains || []).join('\n')} />${note(row)}`,
    read: (fields) => ({ name: fields.name, name_en: fields.name_en, own: Boolean(fields.own), services: servicesOf(fields.services), domains: lines(fields.domains), note: fields.note || '' }) },
  actors: { icon: 'actor', title: 'nav.actors', columns: ['key', 'name', 'aliases', 'note', 'state'], cell: { aliases: (row) => (row.aliases || []).join(', ') },
    form: (row) => html`${key(row)}${name(row)}<${Area} name="aliases" label=${t('meta.aliases')} hint=${t('meta.one_a_line')} rows=${3} value=${(row.aliases || []).join('\n')} />${note(row)}`, read: (fields) => ({ name: fields.name, aliases: lines(fields.aliases), note: fields.note || '' }) },
  contacts: { icon: 'abuse', title: 'nav.abuse', columns: ['key', 'kind', 'name', 'mail', 'url', 'lang', 'state'], cell: { kind: (row) => tf('contact', row.kind), url: (row) => row.url ? html`<span class="url">${row.url}</span>` : '–' },
    form: (row) => html`${key(row)}${name(row)}<${Select} name="kind" label=${t('column.kind')} value=${row.kind} options=${CONTACT_KINDS.map((kind) => [kind, tf('contact', kind)])} required /><${Text} name="lang" label=${t('meta.lang')} value=${row.lang || 'en'} maxlength="8" /><${Text} name="mail" type="email" label=${t('meta.mail')} value=${row.mail} /><${Text} name="url" label=${t('meta.url')} value=${row.url} maxlength="2000" />${note(row)}`,
    read: (fields) => ({ kind: fields.kind, name: fields.name, mail: fields.mail || null, url: fields.url || null, lang: fields.lang || 'en', note: fields.note || '' }) },
  'task-templates': { icon: 'tasks', title: 'nav.tasks', columns: ['key', 'name', 'steps', 'kinds', 'state'], cell: { steps: (row) => (row.steps || []).map((one) => one.title).join(' → '), kinds: (row) => (row.kinds || []).map((kind) => html`<span class="tag">${tf('kind', kind)}</span> `) },
    form: (row) => html`${key(row)}${name(row)}<${Area} name="steps" label=${t('meta.steps')} hint=${t('meta.steps.hint')} rows=${6} value=${stepText(row.steps)} required /><fieldset class="wide"><legend>${t('meta.kinds')}</legend>${KINDS.map((kind) => html`<${Check} name="kinds" value=${kind} label=${tf('kind', kind)} checked=${row.kinds?.includes(kind)} />`)}</fieldset>`,
    read: (fields, form) => ({ name: fields.name, steps: stepsOf(fields.steps), kinds: new FormData(form).getAll('kinds') }) },
  statuses: { icon: 'status', title: 'nav.statuses', fixed: true, columns: ['key', 'name', 'name_en', 'handled', 'position'], cell: { handled: (row) => row.handled ? t('meta.handled') : t('meta.unsupported') },
    form: (row) => html`${row.id ? key(row) : html`<${Select} name="key" label=${t('field.key')} options=${STATES.map((state) => [state, state])} />`}${name(row, t('meta.name_ja'))}<${Text} name="name_en" label=${t('meta.name_en')} value=${row.name_en} required maxlength="200" /><${Text} name="position" type="number" label=${t('meta.position')} value=${row.position ?? 0} /><${Check} name="handled" label=${t('meta.handled.label')} checked=${row.handled} />`,
    read: (fields) => ({ name: fields.name, name_en: fields.name_en, handled: Boolean(fields.handled), position: Number(fields.position || 0) }) },
}

const Import = lazy(() => import('./meta-import.js'))
export default ({ parts }) => parts[1] === 'import' ? html`<${Import} />` : html`<${Lists} parts=${parts} />`

function Lists({ parts }) {
  const what = parts[1]
  const page = PAGES[what]
  const [editing, edit] = useState(null)
  const [find, setFind] = useState('')
  const { data, error, reload } = useLoad(() => page ? all(`/${what}`) : Promise.resolve([]), [what])
  useTitle(page ? t(page.title) : '')
  if (!page) return html`<${Head} title=${t('nowhere.title')} /><${Empty} title=${t('nowhere.do')}><a class="button" href=${href('/')}>${t('nowhere.back')}</a><//>`
  const after = () => { reload(); forget(what) }
  const save = async (form) => {
    const fields = fieldsOf(form)
    if (editing.id) {
      // The list may be minutes old: the version that is overwritten is the one that was shown.
      await patch(`/${what}/${editing.id}`, page.read(fields, form), { version: editing.version })
    } else await post(`/${what}`, { key: fields.key, ...page.read(fields, form) })
    done(t('saved'))
    after()
  }
  const retire = (row) => attempt(async () => {
    const state = row.state === 'retired' ? 'active' : 'retired'
    const answer = await patch(`/${what}/${row.id}`, { state }, { version: row.version })
    done(t(`meta.did.${state}`, { name: row.name }), { label: t('undo'), run: async () => { await patch(`/${what}/${row.id}`, { state: row.state }, { version: answer?.version ?? row.version + 1 }); after() } })
    after()
  })
  const rows = (data || []).filter((row) => !find || JSON.stringify(row).toLowerCase().includes(find.toLowerCase()))
  const columns = page.columns
  return html`<div class="page"><${Head} title=${t(page.title)} count=${data?.length} sub=${t(`meta.sub.${what}`)}>
      <a class="button" href=${url('/meta/export')} download="hikeshi-meta.json"><${Icon} name="export" />${t('meta.export')}</a>
      ${can.metaWrite && html`<a class="button" href=${href('/meta/import')}><${Icon} name="import" />${t('meta.import')}</a>${!page.fixed && html`<button type="button" class="button primary" onClick=${() => edit({})}><${Icon} name="plus" />${t('add')}</button>`}`}<//>
    <div class="search-field"><${Icon} name="search" /><input type="search" aria-label=${t('meta.find')} placeholder=${t('meta.find')} value=${find} onInput=${(event) => setFind(event.target.value)} /></div>
    ${error && !data ? html`<${ErrorBox} error=${error} retry=${reload} />` : !data ? html`<${Skeleton} />` : rows.length === 0 ? html`<${Empty} icon=${page.icon} title=${t('meta.none')}>${t('meta.none.do')}<//>`
      : html`<div class="table-box" tabindex="0" role="region" aria-label=${t(page.title)}><table class="meta"><thead><tr>${columns.map((column) => html`<th scope="col">${t(`meta.column.${column}`)}</th>`)}<th scope="col"><span class="sr">${t('meta.acts')}</span></th></tr></thead><tbody>${rows.map((row) => html`<tr key=${row.id} class=${row.state === 'retired' ? 'deleted' : ''}>
        ${columns.map((column) => html`<td class=${LONG.includes(column) ? 'wide-cell' : 'short'}>${column === 'state' ? State(row) : page.cell[column] ? page.cell[column](row) : column === 'key' ? html`<code>${row.key}</code>` : defangText(String(row[column] ?? '–')).slice(0, 200)}</td>`)}
        <td class="right">${can.metaWrite && html`<button type="button" class="button small" aria-label=${`${t('act.edit')}: ${row.name}`} onClick=${() => attempt(async () => { edit(await get(`/${what}/${row.id}`)) })}>${t('act.edit')}</button> ${!page.fixed && html`<button type="button" class="button small" aria-label=${`${t(row.state === 'retired' ? 'meta.revive' : 'meta.retire')}: ${row.name}`} onClick=${() => retire(row)}>${t(row.state === 'retired' ? 'meta.revive' : 'meta.retire')}</button>`}`}</td></tr>`)}</tbody></table></div>`}
    ${editing && html`<${FormDialog} title=${editing.id ? `${t(page.title)}: ${editing.name}` : `${t(page.title)}: ${t('add')}`} label=${t('save')} wide onClose=${() => edit(null)} submit=${save}><div class="grid">${page.form(editing)}</div><//>`}</div>`
}
