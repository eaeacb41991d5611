/** views/campaigns: cases that one hand made: by certificate, domain, landing page, kit. */
import { html, useState } from '../lib/ui.js'
import { get, post } from '../lib/api.js'
import { t, tf } from '../lib/i18n.js'
import { number, total } from '../lib/format.js'
import { go, href, route, setParams } from '../lib/router.js'
import { can } from '../lib/store.js'
import { useLoad, useTitle } from '../lib/hooks.js'
import { defangText } from '../lib/defang.js'
import { Empty, ErrorBox, Head, Icon, Skeleton } from '../parts/basics.js'
import { FormDialog } from '../parts/dialog.js'
import { Text } from '../parts/form.js'
import { Time } from '../parts/status.js'

export default function Campaigns() {
  const after = route.value.params.get('after') || undefined
  const [adding, add] = useState(false)
  const { data, error, reload } = useLoad((signal) => get('/campaigns', { limit: 50, after }, signal), [after])
  useTitle(t('nav.campaigns'))
  return html`<div class="page"><${Head} title=${t('nav.campaigns')} count=${total(data?.total)} sub=${t('campaign.sub')}>${can.write && html`<button type="button" class="button" onClick=${() => add(true)}><${Icon} name="plus" />${t('campaign.new')}</button>`}<//>
    ${error && !data ? html`<${ErrorBox} error=${error} retry=${reload} />` : !data ? html`<${Skeleton} />` : data.items.length === 0 ? html`<${Empty} icon="campaign" title=${t('campaign.none')}>${t('campaign.none.do')}<//>`
      : html`<div class="table-box" tabindex="0" role="region" aria-label=${t('nav.campaigns')}><table><thead><tr>${['column.id', 'field.name', 'campaign.kind', 'column.actor', 'campaign.cases', 'column.opened', 'column.updated'].map((key) => html`<th scope="col">${t(key)}</th>`)}</tr></thead>
        <tbody>${data.items.map((row) => html`<tr key=${row.id}><td class="num dim">${row.id}</td><td><a href=${href(`/campaign/${row.id}`)}>${defangText(row.name).slice(0, 200)}</a></td><td>${tf('campaign.kind', row.kind)}</td><td>${row.actor?.name || '–'}</td><td class="num"><b>${number(row.cases)}</b></td><td><${Time} at=${row.opened} /></td><td><${Time} at=${row.updated} /></td></tr>`)}</tbody></table></div>
        <nav class="pager" aria-label=${t('pager.label')}>${data.next && html`<button type="button" class="button" onClick=${() => setParams({ after: data.next }, true)}>${t('pager.next')}</button>`}</nav>`}
    ${adding && html`<${FormDialog} title=${t('campaign.new')} label=${t('add')} onClose=${() => add(false)} submit=${async (form) => { const row = await post('/campaigns', { name: form.name.value.trim() }); go(`/campaign/${row.id}`) }}><${Text} name="name" label=${t('field.name')} required first maxlength="200" /><//>`}</div>`
}
