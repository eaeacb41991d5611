/** views/users: who may do what. For system administrators. */
import { html, useState } from '../lib/ui.js'
import { all, del, patch, post } from '../lib/api.js'
import { attempt, can, done, user } from '../lib/store.js'
import { t, tf } from '../lib/i18n.js'
import { ROLES } from '../lib/names.js'
import { useLoad, useTitle } from '../lib/hooks.js'
import { ErrorBox, Head, Icon, Refused, Skeleton } from '../parts/basics.js'
import { FormDialog } from '../parts/dialog.js'
import { Check, Text, fieldsOf } from '../parts/form.js'
import { Ago } from '../parts/status.js'

const Roles = ({ chosen = [] }) => html`<fieldset class="wide"><legend>${t('users.roles')}</legend>${ROLES.map((role) => html`<${Check} key=${role} name="role" value=${role} checked=${chosen.includes(role)} label=${tf('role', role)} hint=${tf('role.hint', role)} />`)}</fieldset>`
const rolesOf = (form) => new FormData(form).getAll('role')

function NewUser({ onClose, reload }) {
  const submit = async (form) => {
    const { login, name, mail, password, sso } = fieldsOf(form)
    await post('/users', { login, name, mail, password: password || undefined, sso: Boolean(sso), roles: rolesOf(form) })
    done(t('users.made', { login }))
    reload()
  }
  return html`<${FormDialog} title=${t('users.new')} label=${t('users.make')} onClose=${onClose} submit=${submit}>
    <${Text} name="login" label=${t('users.login')} required first maxlength="64" /><${Text} name="name" label=${t('users.name')} required maxlength="100" />
    <${Text} name="mail" type="email" label=${t('users.mail')} /><${Text} name="password" type="password" label=${t('users.password')} hint=${t('users.password.hint')} autocomplete="new-password" minlength="12" />
    <${Check} name="sso" label=${t('users.sso')} hint=${t('users.sso.hint')} />
    <${Roles} chosen=${['viewer']} /><//>`
}

function EditUser({ one, onClose, reload }) {
  const submit = async (form) => {
    await patch(`/users/${one.id}`, { name: fieldsOf(form).name, roles: rolesOf(form) }, { version: one.version })
    done(t('users.changed', { login: one.login }))
    reload()
  }
  return html`<${FormDialog} title=${one.login} label=${t('save')} onClose=${onClose} submit=${submit}><${Text} name="name" label=${t('users.name')} value=${one.name} required first maxlength="100" /><${Roles} chosen=${one.roles} /><//>`
}

function Password({ one, onClose }) {
  const submit = async (form) => { await post(`/users/${one.id}/password`, { password: fieldsOf(form).password }); done(t('users.password_set', { login: one.login })) }
  return html`<${FormDialog} title=${t('users.set_password', { login: one.login })} label=${t('save')} onClose=${onClose} submit=${submit}>
    <${Text} name="password" type="password" label=${t('users.password')} hint=${t('users.password.hint')} autocomplete="new-password" minlength="12" required first /><//>`
}

function Row({ one, open, reload }) {
  const act = (run, say) => attempt(async () => { await run(); done(say); reload() })
  const self = one.id === user.value?.id
  const disabled = one.state === 'disabled'
  return html`<tr class=${disabled ? 'retired' : ''}><th scope="row">${one.login}${self && html` <span class="tag">${t('users.you')}</span>`}</th><td>${one.name}</td>
    <td>${one.roles.map((role) => html`<span class="tag" key=${role}>${tf('role', role)}</span> `)}</td>
    <td>${one.totp ? t('yes') : t('no')}</td><td>${disabled ? t('users.disabled') : one.locked ? t('users.locked') : t('users.active')}</td><td>${one.last_seen ? html`<${Ago} at=${one.last_seen} />` : '–'}</td>
    <td class="row-acts"><button type="button" class="button small" onClick=${() => open({ name: 'edit', one })}>${t('edit')}</button>
      <button type="button" class="button small" onClick=${() => open({ name: 'password', one })}>${t('users.password')}</button>
      ${one.totp && html`<button type="button" class="button small" onClick=${() => act(() => del(`/users/${one.id}/totp`), t('users.totp_gone', { login: one.login }))}>${t('users.totp_remove')}</button>`}
      <button type="button" class="button small" onClick=${() => act(() => del(`/users/${one.id}/sessions`), t('users.sessions_gone', { login: one.login }))}>${t('users.log_out')}</button>
      ${!self && html`<button type="button" class=${`button small ${disabled ? '' : 'danger'}`} onClick=${() => act(() => patch(`/users/${one.id}`, { state: disabled ? 'active' : 'disabled' }, { version: one.version }), t(disabled ? 'users.enabled_now' : 'users.disabled_now', { login: one.login }))}>${t(disabled ? 'users.enable' : 'users.disable')}</button>`}</td></tr>`
}

export default function Users() {
  useTitle(t('users.page'))
  const { data, error, reload } = useLoad(() => all('/users'), [])
  const [dialog, open] = useState(null)
  const close = () => open(null)
  if (!can.admin) return html`<${Refused} icon="users" title=${t('users.page')} />`
  return html`<${Head} title=${t('users.page')} count=${data?.length} sub=${t('users.sub')}><button type="button" class="button primary" onClick=${() => open({ name: 'new' })}><${Icon} name="plus" />${t('users.new')}</button><//>
    ${error ? html`<${ErrorBox} error=${error} retry=${reload} />` : !data ? html`<${Skeleton} /> ` : html`<div class="table-scroll" tabindex="0" role="group" aria-label=${t('users.page')}><table class="table">
      <thead><tr>${['login', 'name', 'roles', 'totp', 'state', 'last_seen'].map((name) => html`<th scope="col">${t(`users.${name}`)}</th>`)}<td></td></tr></thead>
      <tbody>${data.map((one) => html`<${Row} key=${one.id} one=${one} open=${open} reload=${reload} />`)}</tbody></table></div>`}
    ${dialog?.name === 'new' && html`<${NewUser} onClose=${close} reload=${reload} />`}${dialog?.name === 'edit' && html`<${EditUser} one=${dialog.one} onClose=${close} reload=${reload} />`}
    ${dialog?.name === 'password' && html`<${Password} one=${dialog.one} onClose=${close} />`}`
}
