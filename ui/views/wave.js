/** views/wave: one wave: its text, when which port said it, where its links lead and led, to how many numbers of which regions, its day, its case. */
import { html } from '../lib/ui.js'
import { get } from '../lib/api.js'
import { lang, t, tf } from '../lib/i18n.js'
import { duration, number, time } from '../lib/format.js'
import { href } from '../lib/router.js'
import { useLive, useLoad, useTitle } from '../lib/hooks.js'
import { useKeys } from '../lib/keys.js'
import { defangText } from '../lib/defang.js'
import { ErrorBox, Head, Icon, Skeleton } from '../parts/basics.js'
import { Disjoint, LinkState, Verb } from '../parts/bell.js'
import { Bars } from '../parts/chart.js'
import { Exact, HostName, Prose, UrlText } from '../parts/host-name.js'
import { State, Target, Time } from '../parts/status.js'

const LANE = 24
const Panel = ({ title, count, children }) => html`<section class="panel" aria-label=${title}><header><h2>${title}${count !== undefined && html` <span class="dim num">${count}</span>`}</h2></header><div class="panel-body">${children}</div></section>`
const exact = (at) => time(at, 'second').slice(11)

/** A line a port, a dot a command. */
function Dots({ commands, ports }) {
  const times = commands.map((row) => +new Date(row.at))
  const [from, to] = [Math.min(...times), Math.max(...times)]
  const x = (at) => `${to > from ? 2 + (96 * (at - from)) / (to - from) : 50}%`
  const height = ports.length * LANE + 20
  return html`<div class="wave-dots" aria-hidden="true"><div class="wave-ports">${ports.map((port) => html`<span key=${port} class="num">${port}</span>`)}</div><svg class="lanes" width="100%" height=${height}>
    ${ports.map((port, lane) => html`<g key=${port}><line class="lane-tick" x1="0" x2="100%" y1=${lane * LANE + LANE / 2} y2=${lane * LANE + LANE / 2} />${commands.filter((row) => row.port === port).map((row) => html`<circle key=${row.id} class=${`fill-${(lane % 8) + 1}`} cx=${x(+new Date(row.at))} cy=${lane * LANE + LANE / 2} r="5.5"><title>${`${port} ${exact(row.at)}`}</title></circle>`)}</g>`)}
    <text class="lane-label" x="0" y=${height - 4}>${exact(commands[0].at)}</text>${to > from && html`<text class="lane-label" x="100%" y=${height - 4} text-anchor="end">${exact(commands.at(-1).at)}</text>`}</svg></div>`
}

function Commands({ wave }) {
  const commands = wave.command_list
  if (commands.length === 0) return null
  const first = +new Date(commands[0].at)
  return html`<${Panel} title=${t('wave.timeline')} count=${number(wave.commands)}><${Dots} commands=${commands} ports=${wave.ports} />
    <div class="table-scroll" tabindex="0" role="group" aria-label=${t('wave.timeline')}><table class="table numbers"><thead><tr><th scope="col">${t('record.at')}</th><th scope="col">${t('wave.after')}</th><th scope="col">${t('wstats.column.port')}</th><th scope="col">${t('bell.command.short')}</th>${['numbers', 'masked', 'odd', 'doubles'].map((key) => html`<th scope="col" class="num">${t(`wave.column.${key}`)}</th>`)}</tr></thead>
      <tbody>${commands.map((row) => html`<tr key=${row.id}><th scope="row"><${Time} at=${row.at} shape="second" /></th><td class="num">+${duration(+new Date(row.at) - first)}</td><td class="num"><a href=${href(`/bell/session/${row.session_id}`)} title=${t('bell.records.of', { n: row.port })}>${row.port}</a></td><td><${Verb} command=${row} /></td>${['numbers', 'masked', 'odd', 'doubles'].map((key) => html`<td class="num">${number(row[key])}</td>`)}</tr>`)}</tbody></table></div><//>`
}

const Hops = ({ hops }) => html`<ol class="hops">${(Array.isArray(hops) ? hops : []).slice(0, 20).map((hop, i) => html`<li key=${i}>${hop.status ? html`<span class="num dim">${String(hop.status).slice(0, 4)}</span> ` : ''}<${UrlText} url=${String(hop.url ?? '').slice(0, 500)} /></li>`)}</ol>`

function Link({ link }) {
  const before = link.landings.filter((row, i) => i > 0 || row.landing !== link.landing)
  return html`<li class="wave-link"><p><b><${UrlText} url=${link.url} /></b><${Exact} text=${link.url} label=${t('copy.url')} /> <span class="dim">${t('wave.link.times', { n: link.times })}${link.short ? '' : ` · ${t('wave.link.direct')}`}</span></p>
    <p><${LinkState} state=${link.state} /> ${link.landing && html`<span aria-hidden="true">→</span> <span class="sr">${t('wave.landing')}</span><b><${UrlText} url=${link.landing} /></b><${Exact} text=${link.landing} label=${t('copy.url')} />`}</p>
    ${link.why && html`<p class="dim">${defangText(link.why).slice(0, 300)}</p>`}
    ${link.short && link.last && html`<p class="dim">${t('wave.link.checked', { n: number(link.checks) })} <${Time} at=${link.last} />${link.due ? html` · ${t('wave.link.next')} <${Time} at=${link.due} />` : ''}</p>`}
    ${link.hops?.length > 1 && html`<details><summary>${t('wave.link.hops')} <span class="num dim">${link.hops.length}</span></summary><${Hops} hops=${link.hops} /></details>`}
    ${before.length > 0 && html`<h3>${t('wave.link.history')}</h3><ul class="rows">${before.map((row, i) => html`<li key=${i}><span class="grow"><${UrlText} url=${row.landing} /></span><span class="dim"><${Time} at=${row.first} /> – <${Time} at=${row.last} /></span></li>`)}</ul>`}</li>`
}

function Regions({ wave }) {
  const rows = wave.regions.slice(0, 20)
  const more = wave.region_count - rows.length
  return html`<${Panel} title=${t('wave.regions')} count=${number(wave.numbers)}><p class="hint">${t('wave.regions.hint')}</p>
    ${rows.length === 0 ? html`<p class="dim">${t('wave.regions.none')}</p>` : html`<${Bars} rows=${rows.map((row) => ({ label: html`<span class="num">${row.region}…</span>`, values: [row.numbers] }))} />
      <div class="sr"><table><caption>${t('wave.regions')}</caption><thead><tr><th scope="col">${t('wave.region')}</th><th scope="col">${t('wave.column.numbers')}</th></tr></thead><tbody>${rows.map((row) => html`<tr key=${row.region}><th scope="row">${row.region}</th><td>${number(row.numbers)}</td></tr>`)}</tbody></table></div>
      ${more > 0 && html`<p class="dim">${t('wave.regions.more', { n: number(more) })}</p>`}
      <h3>${t('wave.overlap')}</h3><ul class="plain"><li><${Disjoint} wave=${wave} /></li><li>${wave.shared > 0 ? t('wave.shared', { n: number(wave.shared) }) : html`<span class="dim">${t('wave.shared.none')}</span>`}</li></ul>
      ${wave.others.length > 0 && html`<h3>${t('wave.others')}</h3><ul class="rows">${wave.others.map((row) => html`<li key=${row.id}><a class="grow" href=${href(`/bell/wave/${row.id}`)}>${defangText(row.text).slice(0, 80)}</a><span class="num">${number(row.numbers)}</span><${Time} at=${row.first} /></li>`)}</ul>`}`}<//>`
}

function Facts({ wave }) {
  const { day } = wave
  const kind = day.holiday ? 'holiday' : day.off ? 'off' : 'work'
  const { china } = day
  const inChina = china.name ? (lang.value === 'en' ? china.name : china.name_zh) : t(china.worked ? 'wave.china.worked' : china.off ? 'wave.day.off' : 'wave.day.work')
  const rows = [
    ['wave.target', html`<${Target} target=${wave.target} />`], ['wave.brands', wave.brands.length ? defangText(wave.brands.join(' · ')).slice(0, 300) : '–'], ['wave.family', wave.family],
    ['wave.first', html`<${Time} at=${wave.first} shape="second" />`], ['wave.last', html`<${Time} at=${wave.last} shape="second" />`], ['wave.span', duration(new Date(wave.last) - new Date(wave.first))],
    ['wave.day', html`${day.date} ${tf('weekday', day.weekday)} <span class="tag">${t(`wave.day.${kind}`)}</span> ${t('wave.hour', { h: day.hour })}`], ['wave.china', html`${inChina}${china.known ? '' : html` <span class="dim">${t('wave.china.unknown')}</span>`}`], ['wave.ports', wave.ports.join(', ')],
    ['wave.case', wave.case ? html`<a href=${href(`/case/${wave.case.id}`)}>${wave.case.id}</a> <${HostName} host=${wave.case.host || wave.case.name} domain=${wave.case.domain} /> <${State} state=${wave.case.state} />` : html`<span class="dim">${t('wave.case.none')}</span>`],
  ]
  return html`<dl class="facts">${rows.map(([key, value]) => html`<dt>${t(key)}</dt><dd>${value}</dd>`)}</dl>`
}

export default function Wave({ id }) {
  const { data: wave, error, reload } = useLoad((signal) => get(`/waves/${id}`, {}, signal), [id])
  const title = t('wave.title', { id })
  useTitle(title)
  useLive((event) => event.type === 'c2' || (event.type === 'change' && event.data.object === 'wave' && String(event.data.object_id) === String(id)), reload, 500)
  useKeys('keys.bell', [['u', 'keys.back', () => history.back()], ['r', 'keys.reload', reload]])
  const back = html`<a class="button" href=${href('/bell/waves')}><${Icon} name="left" />${t('bell.tab.waves')}</a>`
  if (error && !wave) return html`<div class="page"><${Head} title=${title}>${back}<//><${ErrorBox} error=${error} retry=${reload}>${error.status === 404 && back}<//></div>`
  if (!wave) return html`<div class="page"><${Head} title=${title} /><${Skeleton} rows=${12} /></div>`
  return html`<div class="page"><${Head} title=${title} sub=${t('wave.text')}>${back}<//>
    <blockquote class="panel wave-whole"><${Prose} text=${wave.text} max=${4000} /></blockquote>
    <div class="case-grid"><div class="column"><${Commands} wave=${wave} /><${Panel} title=${t('wave.links')} count=${wave.links.length}>${wave.links.length === 0 ? html`<p class="dim">${t('wave.links.none')}</p>` : html`<ul class="wave-links">${wave.links.map((link) => html`<${Link} key=${link.id} link=${link} />`)}</ul>`}<//></div>
      <div class="column"><${Panel} title=${t('case.facts')}><${Facts} wave=${wave} /><//><${Regions} wave=${wave} /></div></div></div>`
}
