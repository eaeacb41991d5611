/** views/account: what belongs to the person who is logged in: language, look, password, second factor, tokens, sessions. */
import { html, useState } from '../lib/ui.js'
import { all, del, patch, post, session } from '../lib/api.js'
import { attempt, done, user } from '../lib/store.js'
import { LANGS, lang, setLang, t, tf } from '../lib/i18n.js'
import { LIMITS, SCOPES } from '../lib/names.js'
import { prefs, setPrefs } from '../lib/prefs.js'
import { useLoad, useTitle } from '../lib/hooks.js'
import { ErrorBox, Head, Icon, Skeleton, copy } from '../parts/basics.js'
import { Dialog, FormDialog } from '../parts/dialog.js'
import { Check, Select, Text, fieldsOf } from '../parts/form.js'
import { Qr } from '../parts/qr.js'
import { Ago, Time } from '../parts/status.js'

const Panel = ({ title, hint, acts, children }) => html`<section class="panel" aria-label=${title}><header class="panel-head"><h2>${title}</h2><div class="panel-acts">${acts}</div></header>${hint && html`<p class="hint">${hint}</p>`}${children}</section>`

function Look() {
  const choose = (name, map = (value) => value) => (event) => setPrefs({ [name]: map(event.target.value) })
  const language = (event) => { setLang(event.target.value); setPrefs({ lang: event.target.value }); attempt(() => patch('/me', { lang: event.target.value })) }
  return html`<${Panel} title=${t('account.look')}><div class="form inline-form">
    <${Select} name="lang" label=${t('account.lang')} value=${lang.value} options=${LANGS.map((name) => [name, { ja: '日本語', en: 'English' }[name]])} onChange=${language} />
    <${Select} name="theme" label=${t('account.theme')} value=${prefs.value.theme} options=${['auto', 'light', 'dark'].map((name) => [name, tf('account.theme', name)])} onChange=${choose('theme')} />
    <${Select} name="zone" label=${t('account.zone')} value=${prefs.value.zone} options=${[['jst', 'JST (UTC+9)'], ['utc', 'UTC']]} onChange=${choose('zone')} />
    <${Select} name="limit" label=${t('account.limit')} value=${String(prefs.value.limit)} options=${LIMITS.map((n) => [String(n), String(n)])} onChange=${choose('limit', Number)} />
    <${Check} name="dense" label=${t('account.dense')} checked=${prefs.value.dense} onChange=${(event) => setPrefs({ dense: event.target.checked })} />
    <${Check} name="blur" label=${t('account.blur')} checked=${prefs.value.blur} onChange=${(event) => setPrefs({ blur: event.target.checked })} />
    <${Check} name="bom" label=${t('account.bom')} checked=${prefs.value.bom} onChange=${(event) => setPrefs({ bom: event.target.checked })} /></div><//>`
}

function Password() {
  const [open, setOpen] = useState(false)
  const submit = async (form) => {
    const { old, fresh, again } = fieldsOf(form)
    if (fresh !== again) throw new Error(t('account.password_differs'))
    await post('/me/password', { old, new: fresh })
    done(t('account.password_changed'))
  }
  return html`<${Panel} title=${t('account.password')} hint=${t('account.password.hint')} acts=${html`<button type="button" class="button" onClick=${() => setOpen(true)}>${t('account.password_change')}</button>`}>
    ${open && html`<${FormDialog} title=${t('account.password_change')} label=${t('save')} onClose=${() => setOpen(false)} submit=${submit}>
      <${Text} name="old" type="password" label=${t('account.password_old')} autocomplete="current-password" required first />
      <${Text} name="fresh" type="password" label=${t('account.password_new')} hint=${t('users.password.hint')} autocomplete="new-password" minlength="12" required />
      <${Text} name="again" type="password" label=${t('account.password_again')} autocomplete="new-password" minlength="12" required /><//>`}<//>`
}

function Totp() {
  const [made, setMade] = useState(null)
  const on = user.value?.totp
  const begin = () => attempt(async () => setMade(await post('/me/totp')))
  const refresh = (totp) => { session.value = { ...session.value, user: { ...session.value.user, totp } } }
  const confirm = async (form) => { await post('/me/totp/confirm', { code: fieldsOf(form).code }); refresh(true); done(t('account.totp_on')) }
  const [removing, setRemoving] = useState(false)
  const remove = async (form) => { await del('/me/totp', { body: { code: fieldsOf(form).code } }); refresh(false); done(t('account.totp_off')) }
  return html`<${Panel} title=${t('account.totp')} hint=${t('account.totp.hint')} acts=${on ? html`<button type="button" class="button danger" onClick=${() => setRemoving(true)}>${t('account.totp_remove')}</button>` : html`<button type="button" class="button" onClick=${begin}>${t('account.totp_add')}</button>`}>
    <p>${on ? t('account.totp_is_on') : t('account.totp_is_off')}</p>
    ${removing && html`<${FormDialog} title=${t('account.totp_remove')} label=${t('account.totp_remove')} danger onClose=${() => setRemoving(false)} submit=${remove}><${Text} name="code" label=${t('login.code')} inputmode="numeric" autocomplete="one-time-code" required first maxlength="12" /><//>`}
    ${made && html`<${FormDialog} title=${t('account.totp_add')} label=${t('account.totp_confirm')} onClose=${() => setMade(null)} submit=${confirm}>
      <p class="wide">${t('account.totp_how')}</p><${Qr} text=${made.uri} /><div class="field wide"><span class="label">${t('account.totp_secret')}</span><code class="secret">${String(made.secret).replace(/(.{4})/g, '$1 ').trim()}</code>
        <button type="button" class="button small" onClick=${() => copy(made.uri || made.secret, () => done(t('copied')))}><${Icon} name="copy" />${t('account.totp_copy')}</button></div>
      <${Text} name="code" label=${t('login.code')} inputmode="numeric" autocomplete="one-time-code" required first maxlength="12" /><//>`}<//>`
}

function Tokens() {
  const { data, error, reload } = useLoad(() => all('/me/tokens'), [])
  const [open, setOpen] = useState(false)
  const [made, setMade] = useState(null)
  const submit = async (form) => {
    const { name, days } = fieldsOf(form)
    const token = await post('/me/tokens', { name, scopes: new FormData(form).getAll('scope'), days: Number(days) })
    setMade(token)
    reload()
  }
  const revoke = (token) => attempt(async () => { await del(`/me/tokens/${token.id}`); done(t('account.token_revoked', { name: token.name })); reload() })
  return html`<${Panel} title=${t('account.tokens')} hint=${t('account.tokens.hint')} acts=${html`<button type="button" class="button" onClick=${() => setOpen(true)}><${Icon} name="plus" />${t('account.token_new')}</button>`}>
    ${error ? html`<${ErrorBox} error=${error} retry=${reload} />` : !data ? html`<${Skeleton} rows=${2} />` : data.length === 0 ? html`<p class="dim">${t('account.no_tokens')}</p>`
      : html`<div class="table-scroll" tabindex="0" role="group" aria-label=${t('account.tokens')}><table class="table"><thead><tr>${['name', 'scopes', 'created', 'expires', 'used'].map((name) => html`<th scope="col">${t(`account.token.${name}`)}</th>`)}<td></td></tr></thead>
        <tbody>${data.map((token) => html`<tr key=${token.id} class=${token.revoked ? 'retired' : ''}><th scope="row">${token.name}</th><td>${(Array.isArray(token.scopes) ? token.scopes : String(token.scopes).split(' ')).map((scope) => tf('scope', scope)).join(', ')}</td>
          <td><${Time} at=${token.created} shape="day" /></td><td><${Time} at=${token.expires} shape="day" /></td><td>${token.used ? html`<${Ago} at=${token.used} />` : '–'}</td>
          <td>${token.revoked ? t('account.token_is_revoked') : html`<button type="button" class="button small danger" onClick=${() => revoke(token)}>${t('account.token_revoke')}</button>`}</td></tr>`)}</tbody></table></div>`}
    ${open && html`<${FormDialog} title=${t('account.token_new')} label=${t('account.token_make')} onClose=${() => setOpen(false)} submit=${submit}>
      <${Text} name="name" label=${t('account.token.name')} required first maxlength="100" /><${Select} name="days" label=${t('account.token.life')} value="90" options=${['7', '30', '90', '365'].map((n) => [n, t('account.days', { n })])} />
      <fieldset class="wide"><legend>${t('account.token.scopes')}</legend>${SCOPES.map((scope) => html`<${Check} key=${scope} name="scope" value=${scope} checked=${scope === 'read'} label=${tf('scope', scope)} />`)}</fieldset><//>`}
    ${made && html`<${Dialog} title=${t('account.token_made')} onClose=${() => setMade(null)}><div class="dialog-body"><p>${t('account.token_once')}</p><code class="secret">${made.token || made.secret}</code></div>
      <footer class="dialog-foot"><button type="button" class="button primary" data-first onClick=${() => copy(made.token || made.secret, () => done(t('copied')))}><${Icon} name="copy" />${t('copy')}</button><button type="button" class="button" onClick=${() => setMade(null)}>${t('close')}</button></footer><//>`}<//>`
}

function Sessions() {
  const { data, error, reload } = useLoad(() => all('/me/sessions'), [])
  const end = () => attempt(async () => { await del('/me/sessions'); done(t('account.sessions_ended')); reload() })
  return html`<${Panel} title=${t('account.sessions')} hint=${t('account.sessions.hint')} acts=${html`<button type="button" class="button danger" onClick=${end}>${t('account.sessions_end')}</button>`}>
    ${error ? html`<${ErrorBox} error=${error} retry=${reload} />` : !data ? html`<${Skeleton} rows=${2} />` : html`<div class="table-scroll" tabindex="0" role="group" aria-label=${t('account.sessions')}><table class="table">
      <thead><tr>${['address', 'agent', 'created', 'seen'].map((name) => html`<th scope="col">${t(`account.session.${name}`)}</th>`)}</tr></thead>
      <tbody>${data.map((one) => html`<tr key=${one.id || one.created}><th scope="row" class="mono">${one.address}${(one.current || one.this) && html` <span class="tag">${t('account.session_this')}</span>`}</th><td class="wrap">${one.agent}</td><td><${Time} at=${one.created} /></td><td><${Ago} at=${one.seen} /></td></tr>`)}</tbody></table></div>`}<//>`
}

export default function Account() {
  useTitle(t('account.page'))
  const who = user.value
  return html`<${Head} title=${t('account.page')} sub=${who && `${who.name} (${who.login}) · ${who.roles.map((role) => tf('role', role)).join(', ')}`} />
    <div class="panels"><${Look} /><${Password} /><${Totp} /><${Tokens} /><${Sessions} /></div>`
}
