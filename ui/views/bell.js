/** views/bell: the bell: are the command channels heard, what did they say last, where are they named; and the ways to the waves, records and statistics. */
import { html, useEffect } from '../lib/ui.js'
import { get } from '../lib/api.js'
import { t, tf } from '../lib/i18n.js'
import { number } from '../lib/format.js'
import { href } from '../lib/router.js'
import { can } from '../lib/store.js'
import { useLive, useLoad, useTitle } from '../lib/hooks.js'
import { useKeys } from '../lib/keys.js'
import { defangText } from '../lib/defang.js'
import { Empty, ErrorBox, Head, Icon, Refused, Skeleton } from '../parts/basics.js'
import { Address, Age, DropState, SessionState, Since, Tabs, Verb, tabKeys } from '../parts/bell.js'
import { History } from '../parts/bell-history.js'
import { HostName, UrlText } from '../parts/host-name.js'
import { lazy } from '../parts/lazy.js'
import { Ago, Time } from '../parts/status.js'

const Waves = lazy(() => import('./waves.js'))
const Wave = lazy(() => import('./wave.js'))
const Stats = lazy(() => import('./bell-stats.js'))
const Record = lazy(() => import('./record.js'))

/** Heartbeats are told to nobody: they are asked for. */
const AGAIN_MS = 10000
/** A change of what a server looks like stays in the banner for a day. */
const PRINT_MS = 86400000

const fresh = (session) => session.printed && Date.now() - new Date(session.printed.at) < PRINT_MS
const print = (json) => { try { return typeof json === 'string' ? JSON.parse(json) : json } catch { return null } }
const Print = ({ of }) => { const data = print(of); return data ? html`<bdi>${defangText(Object.values(data).filter((one) => one !== null && one !== '').join(' · ')).slice(0, 300)}</bdi>` : html`<span class="dim">–</span>` }

function Alarm({ data }) {
  const sessions = data.families.flatMap((family) => family.sessions.map((session) => ({ ...session, family: family.family })))
  const bad = sessions.filter((session) => session.trouble)
  const printed = sessions.filter(fresh)
  if (bad.length + printed.length === 0) {
    const open = sessions.filter((session) => session.state !== 'over').length
    return html`<p class="bell-quiet" role="status">${open ? t('bell.quiet', { n: open }) : t('bell.idle')}</p>`
  }
  return html`<div class="errorbox bell-alarm" role="alert">${bad.length > 0 && html`<p><strong><${Icon} name="bell" /> ${t('bell.alarm', { n: bad.length })}</strong></p>
      <ul>${bad.map((session) => html`<li key=${session.id}><${HostName} host=${session.host} /><span class="num">:${session.port}</span> · ${tf('c2.trouble', session.trouble)}${session.why ? html` <span class="dim">${defangText(session.why).slice(0, 200)}</span>` : ''}</li>`)}</ul>`}
    ${printed.length > 0 && html`<p><strong>${t('bell.alarm.print')}</strong></p><ul>${printed.map((session) => html`<li key=${session.id}><${HostName} host=${session.host} /><span class="num">:${session.port}</span> · <${Time} at=${session.printed.at} /><br />
      <span class="dim">${t('bell.print.was')}</span> <${Print} of=${session.printed.change?.from} /><br /><span class="dim">${t('bell.print.now')}</span> <${Print} of=${session.printed.change?.to} /></li>`)}</ul>`}</div>`
}

function Tile({ session }) {
  const command = session.command
  return html`<li class=${`bell-tile ${session.trouble ? 'bell-tile-bad' : ''} ${session.state === 'over' ? 'bell-tile-over' : ''}`}>
    <h4><a href=${href(`/bell/session/${session.id}`)} title=${t('bell.records.of', { n: session.port })}>${t('bell.port', { n: session.port })}</a></h4>
    <p><${SessionState} session=${session} /> <${Since} at=${session.since} /></p>
    ${session.trouble && html`<p class="bell-tile-trouble">${tf('c2.trouble', session.trouble)}</p>`}
    <dl class="facts"><dt>${t('bell.beat')}</dt><dd>${session.beat ? html`<${Age} at=${session.beat} />` : t('bell.beat.never')}</dd>
      <dt>${t('bell.command')}</dt><dd>${command ? html`<${Verb} command=${command} /><br /><${Ago} at=${command.at} />${command.wave_id && html` · <a href=${href(`/bell/wave/${command.wave_id}`)}>${t('bell.wave')}</a>`}` : t('bell.command.never')}</dd></dl>
    <details><summary>${t('bell.commands')} ${number(session.commands)} · ${t('bell.connects')} ${number(session.connects)}</summary><dl class="facts">
      <dt>${t('bell.failed')}</dt><dd class="num">${number(session.failed)}</dd><dt>${t('bell.print')}</dt><dd><${Print} of=${session.print} />${session.printed && html`<br /><span class="dim">${t('bell.print.changed')}</span> <${Time} at=${session.printed.at} />`}</dd>
      ${session.why && html`<dt>${t('bell.why')}</dt><dd>${defangText(session.why).slice(0, 300)}</dd>`}</dl></details></li>`
}

function Sessions({ sessions }) {
  const hosts = [...new Set(sessions.map((session) => session.host))].map((host) => [host, sessions.filter((session) => session.host === host)])
  // Those that are listened to before those that were.
  const live = ([, rows]) => rows.some((row) => row.state !== 'over') ? 0 : 1
  hosts.sort((a, b) => live(a) - live(b) || a[0].localeCompare(b[0]))
  if (hosts.length === 0) return html`<p class="dim">${t('bell.no_sessions')}</p>`
  return hosts.map(([host, rows]) => html`<div key=${host} class="bell-host"><h3><${HostName} host=${host} /></h3><ul class="bell-tiles">${rows.map((session) => html`<${Tile} key=${session.id} session=${session} />`)}</ul></div>`)
}

function Drops({ drops }) {
  if (drops.length === 0) return html`<p class="dim">${t('bell.no_drops')}</p>`
  return html`<div class="table-scroll" tabindex="0" role="group" aria-label=${t('bell.drops')}><table class="table drops"><thead><tr>${['url', 'state', 'names', 'last', 'answer'].map((key) => html`<th scope="col">${t(`bell.drop.${key}`)}</th>`)}</tr></thead>
    <tbody>${drops.map((drop) => html`<tr key=${drop.id}><th scope="row"><${UrlText} url=${drop.url} /></th><td><${DropState} state=${drop.state} /><br /><${Since} at=${drop.since} /></td>
      <td data-label=${t('bell.drop.names')}>${drop.named ? html`<${Address} text=${drop.named.address} /><br /><${Since} at=${drop.named.first} exact />` : '–'}</td><td data-label=${t('bell.drop.last')}><${Ago} at=${drop.last} /><br /><span class="dim">${t('bell.drop.checks', { n: drop.checks })}</span></td>
      <td class="wrap" data-label=${t('bell.drop.answer')}><span class="num">${drop.status || t('bell.drop.answer.none')}</span>${drop.etag && html` <code>${defangText(drop.etag).slice(0, 60)}</code>`}${drop.why && html`<br /><span class="dim">${defangText(drop.why).slice(0, 200)}</span>`}</td></tr>`)}</tbody></table></div>`
}

const Off = () => html`<${Empty} icon="bell" title=${t('bell.none')}><p>${t('bell.none.do')}</p><ol class="steps">${[1, 2, 3].map((n) => html`<li>${t(`bell.none.${n}`)}</li>`)}</ol><//>`

function Now() {
  const { data, error, busy, reload } = useLoad((signal) => get('/c2', {}, signal), [])
  const history = useLoad((signal) => get('/c2/history', { limit: 200 }, signal), [])
  useTitle(t('nav.bell'))
  useLive((event) => event.type === 'c2' || /^(?:c2|wave)\./.test(event.data?.act || ''), (events) => {
    reload()
    if (events.some((event) => event.type === 'again' || /^c2\.(?:named|drop)$/.test(event.data?.act || ''))) history.reload()
  }, 500)
  useEffect(() => {
    const timer = setInterval(() => { if (!document.hidden) reload() }, AGAIN_MS)
    return () => clearInterval(timer)
  }, [])
  const links = () => [...document.querySelectorAll('main .bell-tile h4 a')]
  const move = (step) => { const list = links(); const at = list.indexOf(document.activeElement); list[Math.max(0, Math.min(list.length - 1, at < 0 ? 0 : at + step))]?.focus() }
  return html`<div class="page"><${Head} title=${t('bell.page')} sub=${t('bell.sub')} /><${Tabs} rows=${[['j | ArrowDown', 'keys.next', () => move(1)], ['k | ArrowUp', 'keys.previous', () => move(-1)], ['r', 'keys.reload', reload]]} />
    ${error && !data ? html`<${ErrorBox} error=${error} retry=${reload} />` : !data ? html`<${Skeleton} rows=${10} />` : data.families.length === 0 ? html`<${Off} />`
      : html`<${Alarm} data=${data} />${data.families.map((family) => html`<section key=${family.family} class="panel bell-family" aria-label=${family.family}><header><h2>${family.family}</h2></header>
        <div class="panel-body"><h3 class="sr">${t('bell.sessions')}</h3><${Sessions} sessions=${family.sessions} /><h3>${t('bell.drops')}</h3><${Drops} drops=${family.drops} /></div></section>`)}
        <${History} data=${history.data} error=${history.error} reload=${history.reload} />`}
    ${busy && !data && html`<span class="sr" role="status">${t('loading')}</span>`}</div>`
}

const SCREENS = { waves: Waves, wave: Wave, stats: Stats, session: Record }

export default function Bell({ parts }) {
  useKeys('keys.bell', can.read ? tabKeys : [])
  if (!can.read) return html`<${Refused} icon="bell" title=${t('bell.page')} />`
  const Screen = SCREENS[parts[1]] || Now
  return html`<${Screen} key=${parts.join('/')} id=${parts[2]} />`
}
