/** views/waves: the waves of messages that were ordered, the latest first; by target and day. */
import { html } from '../lib/ui.js'
import { get } from '../lib/api.js'
import { named, t } from '../lib/i18n.js'
import { number } from '../lib/format.js'
import { href, route, setParams } from '../lib/router.js'
import { list } from '../lib/store.js'
import { useLive, useLoad, useTitle } from '../lib/hooks.js'
import { defangText } from '../lib/defang.js'
import { Empty, ErrorBox, Head, Icon, Skeleton } from '../parts/basics.js'
import { Disjoint, Tabs } from '../parts/bell.js'
import { Prose, UrlText } from '../parts/host-name.js'
import { State, Target, Time } from '../parts/status.js'

function Item({ wave }) {
  return html`<li class="letter wave"><header><a href=${href(`/bell/wave/${wave.id}`)}><b><${Time} at=${wave.first} /></b> <span class="dim">${t('wave.title', { id: wave.id })}</span></a>
      <${Target} target=${wave.target} />${!wave.target && wave.brands.length > 0 && html`<span class="tag">${defangText(wave.brands.join(' ')).slice(0, 60)}</span>`}
      <span class="labels">${wave.ports.map((port) => html`<span key=${port} class="tag num">${port}</span>`)}</span></header>
    <p class="wave-text"><${Prose} text=${wave.text} max=${300} /></p>
    <p class="dim">${t('wave.commands', { n: wave.commands })} · ${t('wave.numbers', { n: wave.numbers })}${wave.numbers > 0 ? ' · ' : ''}<${Disjoint} wave=${wave} /></p>
    <p><span class="dim">${t('wave.landing')}</span> ${wave.landing ? html`<${UrlText} url=${wave.landing} />` : html`<span class="dim">${t('wave.landing.none')}</span>`}${wave.case && html` · <a href=${href(`/case/${wave.case.id}`)}>${t('wave.case')} ${wave.case.id}</a> <${State} state=${wave.case.state} />`}</p></li>`
}

function Filters({ params }) {
  const set = (name) => (event) => setParams({ [name]: event.target.value || null, after: null }, true)
  const target = params.get('target') || ''
  return html`<div class="filters bell-filters"><label class="inline">${t('wave.target')} <select onChange=${set('target')}><option value="">${t('wave.target.all')}</option>${list('targets').map((row) => html`<option key=${row.id} value=${row.key} selected=${row.key === target}>${named(row)}</option>`)}</select></label>
    <label class="inline">${t('wave.from')} <input type="date" value=${params.get('from') || ''} onChange=${set('from')} /></label><label class="inline">${t('wave.to')} <input type="date" value=${params.get('to') || ''} onChange=${set('to')} /></label></div>`
}

export default function Waves() {
  const { params } = route.value
  const ask = Object.fromEntries(['target', 'from', 'to', 'after', 'case'].map((name) => [name, params.get(name) || undefined]))
  const { data, error, busy, reload } = useLoad((signal) => get('/waves', { ...ask, limit: 30 }, signal), [JSON.stringify(ask)])
  useTitle(t('bell.tab.waves'))
  useLive((event) => event.type === 'c2' || (event.type === 'change' && event.data.object === 'wave'), reload, 600)
  const all = () => [...document.querySelectorAll('main .wave header > a')]
  const move = (step) => { const links = all(); const at = links.indexOf(document.activeElement); links[Math.max(0, Math.min(links.length - 1, at < 0 ? 0 : at + step))]?.focus() }
  const items = data?.items || []
  const filtered = ask.target || ask.from || ask.to || ask.after
  return html`<div class="page"><${Head} title=${t('bell.tab.waves')} sub=${t('wave.sub')} /><${Tabs} rows=${[['j | ArrowDown', 'keys.next', () => move(1)], ['k | ArrowUp', 'keys.previous', () => move(-1)], ['r', 'keys.reload', reload]]} /><${Filters} params=${params} />
    ${error && !data ? html`<${ErrorBox} error=${error} retry=${reload} />` : !data ? html`<${Skeleton} rows=${8} />` : items.length === 0 ? html`<${Empty} icon="bell" title=${t(filtered ? 'wave.none.fits' : 'wave.none')}>${!filtered && t('wave.none.do')}<//>`
      : html`<ul class=${`letters ${busy ? 'busy' : ''}`}>${items.map((wave) => html`<${Item} key=${wave.id} wave=${wave} />`)}</ul>
        <nav class="pager" aria-label=${t('pager.label')}>${ask.after && html`<button type="button" class="button" onClick=${() => setParams({ after: null }, true)}>${t('pager.first')}</button>`}${data.next && html`<button type="button" class="button" onClick=${() => setParams({ after: data.next }, true)}>${t('pager.next')}<${Icon} name="right" /></button>`}</nav>`}</div>`
}
