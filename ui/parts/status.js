/** parts/status: states, scores and clocks, readable without their colour. */
import { html, computed, useMemo } from '../lib/ui.js'
import { named, t, tf } from '../lib/i18n.js'
import { ago, bothZones, duration, now, percent, shortTime, time } from '../lib/format.js'
import { list } from '../lib/store.js'
import { defangText } from '../lib/defang.js'
import { readReason } from '../lib/reasons.js'

/** The name of a state as the Status page sets it. */
export function stateName(state) {
  const row = list('statuses').find((row) => row.key === state)
  return row ? named(row) : tf('state', state)
}
export const State = ({ state }) => html`<span class=${`state state-${state}`}><span class="mark" aria-hidden="true"></span>${stateName(state)}</span>`

export const level = (score) => score >= 0.8 ? 'high' : score >= 0.5 ? 'middle' : 'low'
export const Score = ({ score }) => !score ? html`<span class="dim" title=${t('score.none')}>–</span>` : html`<span class=${`score score-${level(score)}`} title=${t('score.title', { n: percent(score) })}>
  <span class="score-bar" aria-hidden="true"><span style=${{ width: `${percent(score)}%` }}></span></span><span class="num">${percent(score)}</span></span>`

/** A point in time; both zones and the distance in its title. */
export const Time = ({ at, shape }) => at ? html`<time datetime=${at} title=${`${bothZones(at)} (${ago(at)})`}>${shape === 'short' ? shortTime(at) : time(at, shape)}</time>` : html`<span class="dim">–</span>`
export const Ago = ({ at }) => at ? html`<time datetime=${at} title=${bothZones(at)}>${ago(at)}</time>` : html`<span class="dim">–</span>`

/** The clock that runs against us: down to zero, then up in red. */
export function Due({ at, clock, breached }) {
  const end = at ? +new Date(at) : 0
  const text = useMemo(() => computed(() => end ? `${now.value > end ? '+' : ''}${duration(end - now.value)}` : ''), [end])
  if (!at) return breached ? html`<span class="due due-broken" title=${t('due.breached')}>${t('due.was')}</span>` : html`<span class="dim">–</span>`
  const left = end - now.peek()
  const kind = left < 0 ? 'over' : left < 30 * 60000 ? 'soon' : 'fine'
  return html`<span class=${`due due-${kind}`} title=${`${tf('clock', clock)} ${time(at)}`}><span class="due-what">${tf('clock.short', clock)}</span> <span class="num">${text}</span></span>`
}

/** Time from `from` until `to`, or until now. */
export function Elapsed({ from, to }) {
  const text = useMemo(() => computed(() => duration((to ? +new Date(to) : now.value) - +new Date(from))), [from, to])
  return html`<span class="num">${text}</span>`
}
export const Kind = ({ kind }) => html`<span class="tag">${tf('kind', kind)}</span>`
export const Target = ({ target }) => target ? html`<span class="target" title=${target.key}>${named(target)}</span>` : html`<span class="dim">–</span>`
/** A source: those that the program brings with it are called by their keys, in words of the language. */
export const sourceName = (source) => !source ? '–' : !source.name || source.name === source.key ? tf('source', source.key) : source.name
/** A reason of a score as text to be shown: translated where we can, always defanged. */
export function reasonText(reason) {
  const said = typeof reason === 'string' ? reason : reason?.text || JSON.stringify(reason)
  const read = readReason(said)
  return defangText(read ? t(...read) : said)
}
export const Who = ({ login }) => login === 'auto' || !login ? html`<span class="auto">auto</span>` : html`<span>${login}</span>`
