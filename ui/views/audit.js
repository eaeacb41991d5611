/** views/audit: who did what, and whether the record of it is whole. Auditors only. */
import { html, useState } from '../lib/ui.js'
import { get } from '../lib/api.js'
import { attempt, can } from '../lib/store.js'
import { number } from '../lib/format.js'
import { t, tf } from '../lib/i18n.js'
import { href, route, setParams } from '../lib/router.js'
import { useLoad, useTitle } from '../lib/hooks.js'
import { Empty, ErrorBox, Head, Icon, Refused, Skeleton } from '../parts/basics.js'
import { Time, Who } from '../parts/status.js'

function Verdict() {
  const [state, setState] = useState(null)
  const run = async () => { setState('busy'); setState(await attempt(() => get('/audit/verify')) || null) }
  const bad = state && state !== 'busy' && (state.ok === false || state.bad_seq > 0)
  return html`<div class="audit-verdict"><button type="button" class="button" aria-disabled=${state === 'busy'} onClick=${run}><${Icon} name="check" />${t(state === 'busy' ? 'audit.verifying' : 'audit.verify')}</button>
    <span role="status">${state && state !== 'busy' && html`<span class=${`health ${bad ? 'health-bad' : 'health-good'}`}><span class="mark" aria-hidden="true"></span>${bad ? t('audit.broken', { seq: state.bad_seq, what: state.what }) : t('audit.whole', { n: number(state.rows) })}</span>`}</span></div>`
}

export default function Audit() {
  useTitle(t('audit.page'))
  const { params } = route.value
  const filter = { who: params.get('who') || '', object: params.get('object') || '', after: params.get('after') || '' }
  const { data, error, reload } = useLoad((signal) => get('/audit', { ...filter, limit: 100 }, signal), [filter])
  const set = (name) => (event) => setParams({ [name]: event.target.value.trim(), after: '' })
  if (!can.audit) return html`<${Refused} icon="audit" title=${t('audit.page')} />`
  return html`<${Head} title=${t('audit.page')} sub=${t('audit.sub')}><${Verdict} /><//>
    <div class="filters"><label class="inline">${t('audit.who')} <input value=${filter.who} onChange=${set('who')} spellcheck="false" autocapitalize="none" /></label>
      <label class="inline">${t('audit.object')} <input value=${filter.object} onChange=${set('object')} spellcheck="false" autocapitalize="none" /></label></div>
    ${error ? html`<${ErrorBox} error=${error} retry=${reload} />` : !data ? html`<${Skeleton} />` : data.items.length === 0 ? html`<${Empty} icon="audit" title=${t('audit.empty')} />`
      : html`<div class="table-scroll" tabindex="0" role="group" aria-label=${t('audit.page')}><table class="table"><thead><tr>${['seq', 'at', 'who', 'via', 'address', 'act', 'object', 'data'].map((name) => html`<th scope="col">${tf('audit.column', name)}</th>`)}</tr></thead>
        <tbody>${data.items.map((row) => html`<tr key=${row.seq}><th scope="row" class="num">${row.seq}</th><td><${Time} at=${row.at} shape="second" /></td><td><${Who} login=${row.who} /></td><td>${row.via}</td><td class="mono">${row.address}</td>
          <td title=${row.act}>${tf('did', row.act)}</td><td>${row.object === 'case' && can.read ? html`<a href=${href(`/case/${row.object_id}`)}>${row.object} ${row.object_id}</a>` : `${row.object} ${row.object_id}`}</td>
          <td class="wrap mono small">${row.data && Object.keys(row.data).length > 0 ? JSON.stringify(row.data) : ''}</td></tr>`)}</tbody></table></div>
        <nav class="pager" aria-label=${t('pager')}>${filter.after && html`<button type="button" class="button" onClick=${() => setParams({ after: '' }, true)}>${t('pager.first')}</button>`}
          ${data.next && html`<button type="button" class="button" onClick=${() => setParams({ after: data.next }, true)}>${t('pager.next')}</button>`}</nav>`}`
}
