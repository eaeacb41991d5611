/** views/campaign: a hundred names of one certificate as one thing to act on. */
import { html, useState } from '../lib/ui.js'
import { get, patch, post } from '../lib/api.js'
import { t, tf } from '../lib/i18n.js'
import { number, total } from '../lib/format.js'
import { href, route, setParams } from '../lib/router.js'
import { can, done, loadCounters } from '../lib/store.js'
import { useLive, useLoad, useTitle } from '../lib/hooks.js'
import { ACTS, ENDING } from '../lib/names.js'
import { defangHost, defangText } from '../lib/defang.js'
import { Empty, ErrorBox, Head, Icon, Skeleton } from '../parts/basics.js'
import { CaseTable } from '../parts/case-table.js'
import { FormDialog } from '../parts/dialog.js'
import { ActorSelect, Area, Text, fieldsOf } from '../parts/form.js'
import { Exact } from '../parts/host-name.js'
import { State, Time } from '../parts/status.js'

const OFFERED = ['triage', 'confirm', 'report', 'down', 'close', 'dismiss', 'out_of_scope'].filter((name) => ACTS.includes(name))

export default function Campaign({ id }) {
  const after = route.value.params.get('after') || undefined
  const { data: one, error, reload } = useLoad((signal) => get(`/campaigns/${id}`, {}, signal), [id])
  const cases = useLoad((signal) => get('/cases', { q: `campaign:${id}`, sort: '-score', limit: 100, after }, signal), [id, after])
  const [asking, ask] = useState(null)
  useTitle(one ? defangText(one.name) : t('nav.campaigns'))
  const again = () => { reload(); cases.reload(); loadCounters() }
  useLive((event) => event.type === 'change' && /^(case|campaign)/.test(event.data.act), again, 1000)
  if (error && !one) return html`<${ErrorBox} error=${error} retry=${reload} />`
  if (!one) return html`<${Skeleton} />`
  const act = async (name, note) => {
    const answer = await post(`/campaigns/${id}/acts`, { act: name, ...(note ? { note } : {}) })
    done(t('bulk.did', { n: answer.done, act: tf('act', name) }))
    again()
  }
  const items = cases.data?.items || []
  const counts = items.reduce((sum, item) => ({ ...sum, [item.state]: (sum[item.state] || 0) + 1 }), {})
  return html`<div class="page"><${Head} title=${defangText(one.name).slice(0, 200)} sub=${html`${tf('campaign.kind', one.kind)} · ${t('n_cases', { n: number(one.cases) })} · ${one.actor ? html`<a href=${href('/cases', { q: `actor:${one.actor.key}` })}>${one.actor.name}</a>` : t('campaign.no_actor')}`}>
      ${can.write && html`<button type="button" class="button" onClick=${() => ask('edit')}>${t('act.edit')}</button>`}<a class="button" href=${href('/cases', { q: `campaign:${id}` })}><${Icon} name="board" />${t('campaign.on_board')}</a><//>
    <section class="panel" aria-label=${t('campaign.act_all')}><div class="panel-body column"><dl class="facts">${one.key && html`<dt>${t('campaign.key')}</dt><dd class="hash">${one.kind === 'domain' ? defangHost(one.key) : defangText(one.key)} <${Exact} text=${one.key} /></dd>`}<dt>${t('column.opened')}</dt><dd><${Time} at=${one.opened} /></dd>
        <dt>${t('column.state')}</dt><dd class="labels">${Object.entries(one.by_state || counts).filter(([, n]) => n).map(([state, n]) => html`<span class="tag"><${State} state=${state} /> <b class="num">${n}</b></span>`)}</dd></dl>
      ${can.write && html`<div class="verdict-acts"><b>${t('campaign.act_all')}</b>${OFFERED.map((name) => html`<button type="button" class=${`button ${name === 'confirm' ? 'primary' : ''}`} onClick=${() => ask(name)}>${tf('act', name)}</button>`)}</div>`}</div></section>
    ${cases.error && !cases.data ? html`<${ErrorBox} error=${cases.error} retry=${cases.reload} />` : !cases.data ? html`<${Skeleton} />` : items.length === 0 ? html`<${Empty} icon="campaign" title=${t('campaign.empty')} />` : html`<${CaseTable} items=${items} columns=${['id', 'name', 'state', 'target', 'score', 'clock', 'first_seen']} />
      <nav class="pager" aria-label=${t('pager.label')}><span class="num">${total(cases.data.total)}</span>${cases.data.next && html`<button type="button" class="button" onClick=${() => setParams({ after: cases.data.next }, true)}>${t('pager.next')}</button>`}</nav>`}
    ${asking === 'edit' ? html`<${FormDialog} title=${t('act.edit')} label=${t('save')} onClose=${() => ask(null)} submit=${async (form) => { const fields = fieldsOf(form); await patch(`/campaigns/${id}`, { name: fields.name, actor: fields.actor || null }, { version: one.version }); done(t('saved')); again() }}><${Text} name="name" label=${t('field.name')} value=${one.name} required first maxlength="200" /><${ActorSelect} value=${one.actor?.key} /><//>`
      : asking && html`<${FormDialog} title=${tf('act', asking)} label=${t('campaign.do', { act: tf('act', asking), n: number(one.cases) })} danger=${ENDING.includes(asking)} onClose=${() => ask(null)} submit=${(form) => act(asking, form.note.value.trim())}><p>${t('campaign.sure', { n: number(one.cases) })}</p><${Area} name="note" label=${t('ask.reason')} hint=${t('ask.reason.hint')} rows=${2} first maxlength="2000" /><//>`}</div>`
}
