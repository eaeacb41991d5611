/** app: starts the board: language, session, live line; then the shell with the screen that the address names. */
import { html, render, Component, useEffect, useState, effect } from './lib/ui.js'
import { get, session } from './lib/api.js'
import { guessLang, lang, setLang, t } from './lib/i18n.js'
import { adopt, prefs } from './lib/prefs.js'
import { route } from './lib/router.js'
import { can, draft, explain, loadCounters, loadReportCounters, loadTroubles, loadViews, undoable } from './lib/store.js'
import { startLive, stopLive } from './lib/live.js'
import { Shell } from './parts/shell.js'
import { Notices } from './parts/notices.js'
import { Skeleton, ErrorBox, Empty, Head } from './parts/basics.js'
import Board from './views/board.js'

// A screen is loaded when it is first wanted; the board comes with the shell.
const SCREENS = {
  cases: () => ({ default: Board }),
  case: () => import('./views/case.js'),
  bulk: () => import('./views/bulk.js'),
  import: () => import('./views/import.js'),
  intake: () => import('./views/intake.js'),
  sightings: () => import('./views/sightings.js'),
  sighting: () => import('./views/sighting.js'),
  campaigns: () => import('./views/campaigns.js'),
  campaign: () => import('./views/campaign.js'),
  reports: () => import('./views/reports.js'),
  report: () => import('./views/report.js'),
  letters: () => import('./views/letters.js'),
  channels: () => import('./views/channels.js'),
  templates: () => import('./views/templates.js'),
  bell: () => import('./views/bell.js'),
  stats: () => import('./views/stats.js'),
  system: () => import('./views/system.js'),
  audit: () => import('./views/audit.js'),
  meta: () => import('./views/meta.js'),
  users: () => import('./views/users.js'),
  settings: () => import('./views/settings.js'),
  account: () => import('./views/account.js'),
}
const loaded = { cases: Board }

/** Where somebody begins who has opened the bare address: depends on what the roles let see. */
const home = () => can.read ? 'cases' : can.system ? 'system' : can.audit ? 'audit' : 'account'

class Boundary extends Component {
  componentDidCatch(error) { console.error(error); this.setState({ error }) }
  componentDidUpdate(before) { if (before.at !== this.props.at && this.state.error) this.setState({ error: null }) }
  render({ children }, { error }) { return error ? html`<main id="main"><${ErrorBox} error=${error} retry=${() => location.reload()} /></main>` : children }
}

function Screen() {
  const { parts, path } = route.value
  // A house may demand a second factor: until there is one, only the page that makes one.
  const must = session.value?.totp_required && !session.value.user.totp
  const name = must ? 'account' : parts[0] || home()
  const [, redraw] = useState(0)
  const [error, setError] = useState(null)
  const View = loaded[name]
  useEffect(() => {
    setError(null)
    if (View || !SCREENS[name]) return
    SCREENS[name]().then((module) => { loaded[name] = module.default; redraw((n) => n + 1) }, setError)
  }, [name])
  useEffect(() => { scrollTo(0, 0) }, [path])
  if (!SCREENS[name]) return html`<main id="main" class="page"><${Head} title=${t('nowhere.title')} /><${Empty} title=${t('nowhere.do')}><a class="button" href="#/">${t('nowhere.back')}</a><//></main>`
  if (error) return html`<main id="main"><${ErrorBox} error=${error} retry=${() => location.reload()} /></main>`
  return html`<main id="main">${must && html`<p class="errorbox must" role="status">${t('account.totp_must')}</p>`}<${Boundary} at=${path}>${View ? html`<${View} key=${['case', 'campaign', 'intake', 'sighting', 'meta', 'report'].includes(name) ? path : name} id=${parts[1]} parts=${parts} />` : html`<${Skeleton} />`}<//></main>`
}

function App() {
  const who = session.value
  const [Login, setLogin] = useState(null)
  const inside = who && who.stage === 'full'
  useEffect(() => { if (who !== undefined && !inside && !Login) import('./views/login.js').then((module) => setLogin(() => module.default)) }, [who, inside])
  if (!lang.value || who === undefined) return html`<main class="starting"><${Skeleton} rows=${6} label="…" /></main>`
  if (!inside) return html`<${Notices} />${Login ? html`<${Login} />` : html`<main></main>`}`
  return html`<${Shell}><${Screen} /><//><${Notices} />`
}

/** What a session brings with it: language, preferences, numbers, the live line. */
let lastUser = null
effect(() => {
  const who = session.value
  const id = who?.stage === 'full' ? who.user.id : null
  if (id === lastUser) return
  lastUser = id
  draft.text = ''
  undoable.value = null
  if (id === null) { stopLive(); return }
  adopt({ ...prefs.peek(), ...who.user.prefs })
  setLang(who.user.lang === 'en' ? 'en' : 'ja').catch(() => {})
  queueMicrotask(() => { loadCounters(); loadReportCounters(); loadTroubles(); loadViews(); startLive() })
})

addEventListener('unhandledrejection', (event) => console.error(explain(event.reason).text, event.reason))

const first = setLang(prefs.value.lang || guessLang())
get('/session').then(async (who) => { await first; session.value = who }, async (error) => {
  await first
  session.value = null
  if (error.status !== 401) console.error(error)
})
render(html`<${App} />`, document.getElementById('app'))
