/** parts/bell: what the screens of the bell share: tabs, states that are readable without their colour, ages, names of orders. */
import { html } from '../lib/ui.js'
import { t, tf } from '../lib/i18n.js'
import { ago, bothZones, now, number, time } from '../lib/format.js'
import { go, href, route } from '../lib/router.js'
import { useKeys } from '../lib/keys.js'
import { defangText } from '../lib/defang.js'
import { HostName } from './host-name.js'

const TABS = [['now', '/bell'], ['waves', '/bell/waves'], ['stats', '/bell/stats']]

/** 1, 2 and 3 lead to the views of the bell, while one is loading, too. */
export const tabKeys = TABS.map(([name, path], i) => [String(i + 1), `bell.tab.${name}`, () => go(path)])

/** The three views of the bell. `rows`: keys of the one that is shown. */
export function Tabs({ rows = [] }) {
  useKeys('keys.bell', rows)
  const at = route.value.path
  return html`<nav class="tabs" aria-label=${t('bell.tabs')}>${TABS.map(([name, path]) => html`<a key=${name} class="tab" href=${href(path)} aria-current=${at === path ? 'page' : undefined}>${t(`bell.tab.${name}`)}</a>`)}</nav>`
}

/** How old something is, to the second at first. */
export const Age = ({ at }) => {
  const seconds = Math.max(0, Math.round((now.value - new Date(at)) / 1000))
  return html`<time datetime=${at} title=${bothZones(at)}>${seconds < 100 ? t('bell.age.s', { n: seconds }) : ago(at)}</time>`
}

const WEEK_MS = 604800000
/** From when on. What is long ago is told by its date. */
export const Since = ({ at, exact }) => html`<time class="dim" datetime=${at} title=${bothZones(at)}>${t('bell.since', { at: exact || Date.now() - new Date(at) > WEEK_MS ? time(at) : ago(at) })}</time>`

/** What a colour says the word says, too. kind: good | bad | quiet | none */
export const Mark = ({ kind, children }) => html`<span class=${`bell-state bell-${kind}`}><span class="mark" aria-hidden="true"></span>${children}</span>`
export const SessionState = ({ session }) => html`<${Mark} kind=${session.trouble ? 'bad' : session.state === 'open' ? 'good' : session.state === 'over' ? 'none' : 'quiet'}>${tf('c2.session', session.state)}<//>`
export const DropState = ({ state }) => html`<${Mark} kind=${state === 'naming' ? 'good' : ['unreadable', 'refused', 'gone'].includes(state) ? 'bad' : 'quiet'}>${tf('c2.drop', state)}<//>`
export const LinkState = ({ state }) => html`<${Mark} kind=${state === 'leads' ? 'good' : state === 'dead' ? 'none' : 'quiet'}>${tf('c2.link', state)}<//>`

/** An order as the family's table names it, and as it was written. */
export const Verb = ({ command }) => html`<span>${command.verb ? tf('c2.verb', command.verb) : ''} <bdi class="dim nowrap" lang="zh">${defangText(command.word).slice(0, 60)}</bdi></span>`

/** "192.0.2.61:7775", or several of them. */
export const Address = ({ text }) => String(text || '').split(' ').filter(Boolean).map((one, i) => { const [, host, port] = /^(.*?)(?::(\d+))?$/.exec(one); return html`${i > 0 && ', '}<span class="nowrap"><${HostName} host=${host} />${port && html`<span class="num">:${port}</span>`}</span>` })

/** A wave of a list. */
export const Disjoint = ({ wave }) => wave.numbers === 0 ? null : wave.repeated === 0 ? html`<span class="dim">${t('wave.disjoint')}</span>` : html`<span>${t('wave.repeated', { n: number(wave.repeated) })}</span>`
