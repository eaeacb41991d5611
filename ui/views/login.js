/** views/login: password, then the code of the second factor when there is one; or the bank's own sign-on. */
import { html, useState } from '../lib/ui.js'
import { BASE, get, post, session, del } from '../lib/api.js'
import { LANGS, lang, setLang, t } from '../lib/i18n.js'
import { setPrefs } from '../lib/prefs.js'
import { explain } from '../lib/store.js'
import { useLoad, useTitle } from '../lib/hooks.js'
import { Text } from '../parts/form.js'

export default function Login() {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState(null)
  const options = useLoad((signal) => get('/login-options', {}, signal), []).data
  const code = session.value?.stage === 'totp'
  useTitle(t('login.title'))
  const submit = async (event) => {
    event.preventDefault()
    if (busy) return
    setBusy(true)
    setError(null)
    const form = new FormData(event.target)
    try {
      session.value = code ? await post('/session/totp', { code: form.get('code').replaceAll(/\s/g, '').normalize('NFKC') })
        : await post('/session', { login: form.get('login').trim(), password: form.get('password') })
    } catch (caught) { setError(caught) }
    setBusy(false)
  }
  const said = error && (error.status === 401 || error.status === 403 ? { text: t(code ? 'login.wrong_code' : 'login.wrong'), remedy: t(code ? 'login.wrong_code.remedy' : 'login.wrong.remedy') } : explain(error))
  return html`<main class="login" id="main"><div class="login-card">
    <h1><svg width="40" height="40" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="7" class="brand-back"/><path class="brand-flame" d="M16 4c1 5-6 8-6 14a6 6 0 0 0 12 0c0-3-2-4-2-7-2 1-3 3-2.500 5C15 14 17 8 16 4z"/><path class="brand-line" d="M8 26h16"/></svg> 火消 <b>hikeshi</b></h1>
    <p class="sub">${t('login.sub')}</p>
    <form class="form" onSubmit=${submit} key=${code ? 'code' : 'password'}>
      ${code ? html`<${Text} name="code" label=${t('login.code')} hint=${t('login.code.hint')} inputmode="numeric" autocomplete="one-time-code" required autofocus maxlength="12" />`
        : (options?.local ?? true) && html`<${Text} name="login" label=${t('login.login')} autocomplete="username" autocapitalize="none" required autofocus /><${Text} name="password" type="password" label=${t('login.password')} autocomplete="current-password" required />`}
      ${said && html`<div class="errorbox" role="alert"><p><strong>${said.text}</strong></p>${said.remedy && html`<p>${said.remedy}</p>`}</div>`}
      ${(code || (options?.local ?? true)) && html`<button type="submit" class="button primary big" aria-disabled=${busy}>${t(code ? 'login.confirm' : 'login.enter')}</button>`}
      ${code && html`<button type="button" class="button big" onClick=${() => { del('/session').catch(() => {}); session.value = null }}>${t('login.back')}</button>`}
      ${!code && options?.oidc && html`<a class="button big" href=${`${BASE}/oidc/start`}>${t('login.oidc', { name: options.oidc.name })}</a>`}
    </form>
    <p class="login-langs">${LANGS.map((name) => html`<button type="button" class="link" lang=${name} aria-pressed=${lang.value === name} onClick=${() => { setLang(name); setPrefs({ lang: name }) }}>${{ ja: '日本語', en: 'English' }[name]}</button>`)}</p>
  </div></main>`
}
