/** views/new-case: the form of S37, all of its fields; nothing but one of name, URL, FQDN is needed. */
import { html, useState } from '../lib/ui.js'
import { get, once, post } from '../lib/api.js'
import { t, tf } from '../lib/i18n.js'
import { fromInput } from '../lib/format.js'
import { go, href } from '../lib/router.js'
import { done, loadCounters, notice } from '../lib/store.js'
import { GSB, TICKETS, WANTS } from '../lib/names.js'
import { useLoad, useSettled } from '../lib/hooks.js'
import { FormDialog } from '../parts/dialog.js'
import { ActorSelect, Area, AssigneeField, Check, KindSelect, Select, TargetAndService, Text, fieldsOf } from '../parts/form.js'
import { State } from '../parts/status.js'

/** What people paste: hxxps://a[.]b/c, with brackets and blanks; the server refangs as well and has the last word. */
export const refang = (text) => text.normalize('NFKC').trim().replace(/^h\w{2}p(s?):/i, 'http$1:').replace(/\[(\.|dot|:\/\/|:)\]|\((\.|dot)\)/gi, (all, a, b) => (a || b).toLowerCase() === 'dot' ? '.' : a || b).replace(/\s+/g, '')
const hostOf = (text) => { try { return new URL(/^\w+:\/\//.test(text) ? text : `http://${text}`).hostname } catch { return '' } } // nocheck: only to read its host

/** @param {{ preset?: object, onClose: () => void }} props */
export default function NewCase({ preset = {}, onClose }) {
  const [key] = useState(once)
  const [url, setUrl] = useState(preset.url || '')
  const [name, setName] = useState(preset.host || '')
  const [domain, setDomain] = useState('')
  const host = hostOf(refang(useSettled(url, 300)))
  // Before it is sent: is it here already?
  const known = useLoad((signal) => host.includes('.') ? get('/cases', { q: `host:${host}`, limit: 3 }, signal) : Promise.resolve(null), [host]).data
  // What is to be fetched needs something to fetch it from: a URL has a host, a host has a domain.
  const wants = (names, from) => names.map((want) => html`<${Check} name="wants" value=${want} label=${tf('want', want)} checked=${preset.wants?.includes(want)} disabled=${!from.trim()} />`)
  const submit = async (form) => {
    const fields = fieldsOf(form)
    const body = { ...fields, first_seen: fromInput(fields.first_seen) || undefined, wants: new FormData(form).getAll('wants'), labels: fields.labels?.split(/[\s,、]+/).filter(Boolean).map((label) => label.toLowerCase()) }
    if (!body.wants.length) delete body.wants
    const answer = await post('/cases', body, { key })
    loadCounters()
    const text = t(`intake.how.${answer.how}.long`, { id: answer.case.id })
    const open = { label: t('open'), run: () => go(`/case/${answer.case.id}`) }
    if (answer.how === 'opened') done(text, open)
    else notice('note', text, { act: open })
    go(`/case/${answer.case.id}`)
  }
  return html`<${FormDialog} title=${t('board.new_case')} label=${t('new.create')} wide onClose=${onClose} submit=${submit}><div class="grid">
    <${Text} name="name" label=${t('case.name')} hint=${t('new.name.hint')} first wide maxlength="300" required=${!(url + name + domain).trim()} value=${preset.name} />
    <div class="wide"><${Text} name="url" label=${t('case.url')} hint=${t('new.url.hint')} value=${preset.url} onInput=${(event) => setUrl(event.target.value)} inputmode="url" maxlength="8000" />${wants(WANTS.url, url)}
      ${known?.items.length > 0 && html`<p class="about" role="status">${t('new.known')} ${known.items.map((item) => html`<a href=${href(`/case/${item.id}`)} onClick=${onClose}>${item.id}</a> <${State} state=${item.state} /> `)}</p>`}</div>
    <div><${Text} name="host" label=${t('case.host')} value=${preset.host} onInput=${(event) => setName(event.target.value)} maxlength="255" />${wants(WANTS.host, url + name)}</div>
    <div><${Text} name="domain" label=${t('case.domain')} onInput=${(event) => setDomain(event.target.value)} maxlength="255" />${wants(WANTS.domain, url + name + domain)}</div>
    <${Text} name="first_seen" type="datetime-local" label=${t('case.first_seen')} hint=${t('new.first_seen.hint')} /><${KindSelect} value=${preset.kind} />
    <${TargetAndService} target=${preset.target} /><${ActorSelect} /><${AssigneeField} />
    <${Select} name="gsb_type" label=${t('case.gsb')} none=${t('form.none')} options=${GSB.map((word) => [word, tf('gsb', word)])} />
    <${Select} name="ticket_type" label=${t('case.ticket')} hint=${t('new.ticket.hint')} none=${t('ticket.none')} options=${TICKETS.map((word) => [word, tf('gsb', word)])} />
    <${Text} name="labels" label=${t('case.labels')} wide maxlength="400" /><${Area} name="note" label=${t('case.survey')} rows=${4} maxlength="20000" value=${preset.note} /></div><//>`
}
