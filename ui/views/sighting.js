/** views/sighting: one observation, all of it. */
import { html } from '../lib/ui.js'
import { get, once, post } from '../lib/api.js'
import { t, tf } from '../lib/i18n.js'
import { go, href } from '../lib/router.js'
import { attempt, can, done, loadCounters } from '../lib/store.js'
import { useKeys } from '../lib/keys.js'
import { useLoad, useTitle } from '../lib/hooks.js'
import { defangText, visible } from '../lib/defang.js'
import { ErrorBox, Head, Skeleton } from '../parts/basics.js'
import { Exact, HostName, Prose, UrlText } from '../parts/host-name.js'
import { Score, Target, Time, reasonText, sourceName } from '../parts/status.js'

export default function Sighting({ id }) {
  const { data, error, reload } = useLoad((signal) => get(`/sightings/${id}`, {}, signal), [id])
  useTitle(t('sighting.title', { id }))
  const open = () => attempt(async () => { const answer = await post(`/sightings/${id}/case`, {}, { key: once() }); loadCounters(); go(`/case/${answer.case?.id ?? answer.case_id}`) })
  const act = (name) => attempt(async () => { await post(`/sightings/${id}/acts`, { act: name }, { version: data.version }); done(t(`sighting.did.${name}`, { n: 1 })); loadCounters(); reload() })
  useKeys('keys.sightings', [...(can.write && data && data.state !== 'attached' ? [['c', 'sighting.case', open], ['i', 'sighting.ignore', () => act(data.state === 'ignored' ? 'restore' : 'ignore')]] : []), ['u', 'keys.back', () => history.back()]])
  if (error && !data) return html`<${ErrorBox} error=${error} retry=${reload} />`
  if (!data) return html`<${Skeleton} />`
  const more = data.data || {}
  return html`<div class="page"><${Head} title=${t('sighting.title', { id })} sub=${tf('sighting.state', data.state)}>${can.write && data.state !== 'attached' && html`<button type="button" class="button primary" onClick=${open}>${t('sighting.case')}</button><button type="button" class="button" onClick=${() => act(data.state === 'ignored' ? 'restore' : 'ignore')}>${t(data.state === 'ignored' ? 'sighting.restore' : 'sighting.ignore')}</button>`}<//>
    <section class="panel"><div class="panel-body column"><dl class="facts"><dt>${t('sighting.what')}</dt><dd><${Prose} text=${data.title} max=${12000} /></dd>${data.host && html`<dt>${t('case.host')}</dt><dd><${HostName} host=${data.host} domain=${data.domain} /> <${Exact} text=${data.host} /></dd>`}${data.url && html`<dt>URL</dt><dd><${UrlText} url=${data.url} /> <${Exact} text=${data.url} /></dd>`}
      <dt>${t('column.score')}</dt><dd><${Score} score=${data.score} /></dd><dt>${t('case.target')}</dt><dd><${Target} target=${data.target} /></dd><dt>${t('column.source')}</dt><dd>${sourceName(data.source)} · ${tf('sighting.kind', data.kind)}</dd><dt>${t('sighting.seen')}</dt><dd><${Time} at=${data.seen} shape="second" /></dd>
      ${data.case_id && html`<dt>${t('column.name')}</dt><dd><a href=${href(`/case/${data.case_id}`)}>${data.case_id}</a></dd>`}${data.campaign_id && html`<dt>${t('case.campaign')}</dt><dd><a href=${href(`/campaign/${data.campaign_id}`)}>${data.campaign_id}</a></dd>`}</dl>
      ${more.reasons?.length > 0 && html`<ul class="reasons" aria-label=${t('case.reasons')}>${more.reasons.map((reason) => html`<li>${reasonText(reason)}</li>`)}</ul>`}</div></section>
    ${more.names?.length > 0 && html`<section class="panel" aria-label=${t('sighting.names')}><header><h2>${t('sighting.names')} <span class="dim num">${more.names.length}</span></h2><div class="acts"><${Exact} text=${more.names.join('\n')} /></div></header><div class="panel-body"><ul class="names">${more.names.slice(0, 1000).map((name) => html`<li><${HostName} host=${String(name)} /></li>`)}</ul></div></section>`}
    <section class="panel" aria-label=${t('sighting.raw')}><header><h2>${t('sighting.raw')}</h2></header><div class="panel-body"><pre class="json" tabindex="0">${defangText(visible(JSON.stringify(more, null, 2)).slice(0, 60000))}</pre></div></section></div>`
}
