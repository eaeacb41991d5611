/** parts/timeline: everything that happened to a case, newest first: what people wrote (the survey log), who did what, what was seen. */
import { html, useState } from '../lib/ui.js'
import { del, get, patch, post } from '../lib/api.js'
import { named, t, tf } from '../lib/i18n.js'
import { href } from '../lib/router.js'
import { attempt, can, done, list, user } from '../lib/store.js'
import { useLoad } from '../lib/hooks.js'
import { defangText, defangUrl } from '../lib/defang.js'
import { sourceName, stateName, Time, Who } from './status.js'
import { ErrorBox, Skeleton } from './basics.js'
import { Menu } from './menu.js'
import { Prose } from './host-name.js'

const SHOWN = 60
const URLISH = /^(?:https?|ftp):\/\//i

function value(name, given) {
  if (given === null || given === undefined || given === '') return '–'
  if (name === 'state' || name === 'from' || name === 'to') return typeof given === 'string' ? stateName(given) : JSON.stringify(given)
  if (name === 'target') { const row = list('targets').find((one) => one.key === given); if (row) return named(row) }
  if (name === 'kind') { const said = tf('kind', given); return said === given ? tf('fact', given) : said }
  if (name === 'source' || name === 'verdict' || name === 'plan') return tf({ source: 'source', verdict: 'run.verdict', plan: 'plan' }[name], given)
  if (name === 'digest') return `${String(given).slice(0, 12)}…`
  if (typeof given === 'object') return defangText(JSON.stringify(given)).slice(0, 400)
  return URLISH.test(given) ? defangUrl(given) : defangText(String(given)).slice(0, 400)
}
/** What an act changed: old and new values where the record has them. */
function Change({ data }) {
  const rows = Object.entries(data || {})
  if (!rows.length) return null
  if ('from' in data && 'to' in data && rows.length <= 3) return html`<p class="entry-data">${value('from', data.from)} → ${value('to', data.to)}${data.note ? html`: ${value('', data.note)}` : ''}</p>`
  return html`<p class="entry-data">${rows.slice(0, 8).map(([name, given], i) => html`${i > 0 && ' · '}${tf('field', name)}: ${Array.isArray(given) && given.length === 2 ? html`${value(name, given[0])} → ${value(name, given[1])}` : value(name, given)}`)}</p>`
}

function Comment({ entry, id, onChange }) {
  const [editing, edit] = useState(false)
  const [text, setText] = useState(entry.text)
  const mine = can.write && entry.who === user.value?.login
  if (editing) {
    return html`<form class="composer" onSubmit=${(event) => { event.preventDefault(); attempt(async () => { await patch(`/comments/${entry.id}`, { text }); edit(false); onChange() }) }}><textarea aria-label=${t('comment.label')} rows="3" value=${text} onInput=${(event) => setText(event.target.value)}></textarea>
      <div class="row"><button type="button" class="button small" onClick=${() => edit(false)}>${t('cancel')}</button><button type="submit" class="button small primary">${t('save')}</button></div></form>`
  }
  return html`<div class="comment"><${Prose} text=${entry.text} />${entry.edited && html` <span class="dim">${t('comment.edited')}</span>`}
    ${mine && html` <${Menu} class="icon-button" icon="more" title=${t('comment.menu')} right items=${[{ label: t('act.edit'), run: () => edit(true) }, { label: t('act.delete'), danger: true, run: () => attempt(async () => { await del(`/comments/${entry.id}`); done(t('comment.deleted'), { label: t('undo'), run: async () => { await post(`/cases/${id}/comments`, { text: entry.text }); onChange() } }); onChange() }) }]} />`}</div>`
}

const Entry = ({ entry, id, onChange }) => html`<li><span class=${`knot knot-${entry.kind}`} aria-hidden="true"></span><div>
  <div class="entry-head"><b><${Who} login=${entry.who ?? sourceName(entry.source)} /></b><span>${entry.kind === 'comment' ? t('timeline.wrote') : entry.kind === 'sighting' ? t('timeline.saw') : tf('did', entry.act)}</span>${entry.via && entry.via !== 'web' && html`<span class="via">${entry.via}</span>`}<${Time} at=${entry.at} shape="second" /></div>
  ${entry.kind === 'comment' ? html`<${Comment} entry=${entry} id=${id} onChange=${onChange} />` : entry.kind === 'sighting' ? html`<p class="entry-data"><a href=${href(`/sighting/${entry.id ?? entry.sighting_id ?? entry.data?.id}`)}>${defangText(entry.title || entry.data?.title || t('nav.sightings')).slice(0, 400)}</a></p>` : html`<${Change} data=${entry.data} />`}</div></li>`

/** @param {{ id: number, seen: number, onChange: () => void }} props */
export function Timeline({ id, seen, onChange }) {
  const [only, setOnly] = useState('all')
  const [text, setText] = useState('')
  const [more, setMore] = useState(1)
  const { data, error, reload } = useLoad(async (signal) => {
    const items = []
    let after
    for (let page = 0; page < 10; page++) {
      const part = await get(`/cases/${id}/timeline`, { after, limit: 200 }, signal)
      items.push(...part.items)
      after = part.next
      if (!after) break
    }
    return items.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : (b.seq || 0) - (a.seq || 0)))
  }, [id, seen])
  const write = (event) => {
    event.preventDefault()
    if (text.trim()) attempt(async () => { await post(`/cases/${id}/comments`, { text: text.trim() }); setText(''); onChange() })
  }
  // An entry of the log stands for the audit row that says it was written.
  const kept = (data || []).filter((entry) => only === 'all' ? entry.act !== 'case.comment' : entry.kind === only)
  return html`<section class="panel" aria-label=${t('timeline.title')}><header><h2>${t('timeline.title')}</h2><div class="acts"><div class="segments" role="group" aria-label=${t('timeline.only')}>${[['all', 'timeline.all'], ['comment', 'timeline.survey'], ['event', 'timeline.acts'], ['sighting', 'nav.sightings']].map(([name, key]) => html`<button type="button" aria-pressed=${only === name} onClick=${() => setOnly(name)}>${t(key)}</button>`)}</div></div></header>
    <div class="panel-body">${can.write && html`<form class="composer" onSubmit=${write}><textarea name="comment" rows="2" aria-label=${t('comment.label')} placeholder=${t('comment.placeholder')} value=${text} maxlength="20000" onInput=${(event) => setText(event.target.value)}
        onKeyDown=${(event) => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) write(event); if (event.key === 'Escape') event.target.blur() }}></textarea>${text && html`<div class="row"><span class="hint">${t('comment.hint')}</span><button type="submit" class="button primary">${t('comment.add')}</button></div>`}</form>`}
      ${error ? html`<${ErrorBox} error=${error} retry=${reload} />` : !data ? html`<${Skeleton} rows=${4} />` : html`<ol class="timeline">${kept.slice(0, SHOWN * more).map((entry, i) => html`<${Entry} key=${`${entry.kind} ${entry.seq ?? entry.id ?? i}`} entry=${entry} id=${id} onChange=${onChange} />`)}</ol>
        ${kept.length > SHOWN * more && html`<button type="button" class="button" onClick=${() => setMore(more + 1)}>${t('more', { n: kept.length - SHOWN * more })}</button>`}${kept.length === 0 && html`<p class="dim">${t('timeline.none')}</p>`}`}</div></section>`
}
