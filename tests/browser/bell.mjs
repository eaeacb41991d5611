// tests/browser/bell: the bell on the board, in Chromium: node bell.mjs URL LOGIN PASSWORD FIXTURE DATABASE KEY BLOBS. Started by tests/scenario/board-bell.t.
// HK_SHOTS=DIR keeps pictures of what it looked at; HK_MANUAL=DIR takes the manual's (docs/board/bell.jpg, wave.jpg, bell-record.jpg, bell-stats.jpg).
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { Client, PASSWORD, URL_BASE, axe, browser, complaints, enter, finish, is, like, newPage, ok, settled, text, until, visit } from './lib.mjs'

const [, , , , , fixtureProgram, database, key, blobs] = process.argv
const api = new Client()
await api.login()
const page = await newPage()
const fixture = (what) => execFileSync(fixtureProgram, [database, key, blobs, what, 'mihon', '40'], { stdio: ['ignore', 'ignore', 'inherit'] })
const keep = async (name) => { if (process.env.HK_SHOTS) await page.screenshot({ path: join(process.env.HK_SHOTS, `${name}.png`), fullPage: true }) }
const manual = async (name) => { if (process.env.HK_MANUAL) await page.screenshot({ path: join(process.env.HK_MANUAL, `${name}.jpg`), type: 'jpeg', quality: 22 }) }
const panel = (name) => page.locator(`section[aria-label="${name}"]`)
const main = () => page.locator('main').innerText()
const setLang = async (lang) => {
  await page.evaluate(async (to) => {
    const session = await (await fetch('/api/v1/session')).json()
    await fetch('/api/v1/me', { method: 'PATCH', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': session.csrf }, body: JSON.stringify({ lang: to, prefs: { theme: 'auto' } }) })
  }, lang)
  await page.goto(`${URL_BASE}/?${lang}${Math.random()}`)
  await settled(page)
}

/** Both themes, desk and phone: axe, width, words that are missing, a picture. */
async function everywhere(name, path, lang, wait) {
  const bad = []
  await visit(page, path)
  for (const width of [1366, 390]) {
    await page.setViewportSize({ width, height: 860 })
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await settled(page)
      await page.waitForSelector(wait)
      for (const line of await axe(page)) bad.push(`${width} ${colorScheme}: ${line}`)
      if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) bad.push(`${width}: wider than the screen`)
      await keep(`${name}-${lang}-${width}-${colorScheme}`)
    }
  }
  await page.setViewportSize({ width: 1366, height: 860 })
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
  is(bad.join('\n'), '', `${name} in ${lang}: no axe violations, no wider than the screen`)
  const said = await main()
  ok(!/(?:^|\s)(?:bell|wave|wstats|record|c2|weekday|nav|stats|keys|case|did)\.[a-z_.]+/.test(said), `${name}: every word is there in ${lang}`, said.match(/\S*(?:bell|wave|wstats|record|c2|weekday)\.[a-z_.]+/)?.[0])
}

await api.post('/targets', { key: 'mihon', name: 'みほん銀行', name_en: 'Mihon Bank', own: true }).catch(() => {})
await enter(page)
await settled(page)

// Nothing yet: how to switch it on.
for (const lang of ['ja', 'en']) {
  await setLang(lang)
  await everywhere('empty', '/bell', lang, '.empty')
  like(await main(), /conf\/c2\/keepspy\.conf[^]*hikeshi c2 observe/, `an empty bell says how it is switched on (${lang})`)
  await everywhere('no-waves', '/bell/waves', lang, '.empty')
}
await setLang('ja')
await visit(page, '/bell')

// It fills by itself.
fixture('bell')
ok(await until(() => page.locator('.bell-tile').count()), 'what is heard appears by itself')
ok(await until(async () => (await page.locator('.bell-tile').count()) === 5), 'a tile a port')
const tile = (port) => page.locator('.bell-tile', { has: page.locator(`h4:has-text("${port}")`) })
like(await tile(7777).innerText(), /接続中[^]*最終ハートビート[^]*秒前[^]*send-sms|SMSを送る|发信息/, 'its state in words, its heartbeat and its last command')
like(await text(page, 'p.bell-quiet'), /5セッション/, 'nothing is the matter, and it says so')
is(await page.locator('.place[href="#/bell"] .place-count').count(), 0, 'no number in the menu')
const drops = panel('keepspy')
like(await drops.locator('.drops').innerText(), /hxxp:\/\/djedia\[\.\]drop\[\.\]example[^]*削除済[^]*拒否（403）[^]*接続先を公開中[^]*192\[\.\]0\[\.\]2\[\.\]61:7775/, 'drops with their states, defanged')
ok(await until(async () => (await panel('A→B 接続先の履歴').locator('svg rect').count()) === 4), 'the history as a picture')
is(await panel('A→B 接続先の履歴').locator('tbody tr').count(), 4, 'and as a table')
ok(!/https?:\/\//.test(await main()), 'no live address anywhere')
is(await page.locator('main script, main iframe, main [onerror], main b:has-text("OK")').count(), 0, 'nothing that was heard becomes an element')

// By keys.
await page.keyboard.press('j')
await page.keyboard.press('j')
is(await page.evaluate(() => document.activeElement?.textContent), 'ポート 7776', 'j moves from tile to tile')
await page.keyboard.press('2')
ok(await until(async () => /#\/bell\/waves$/.test(page.url())), '2 leads to the waves')
await page.keyboard.press('3')
ok(await until(async () => /#\/bell\/stats$/.test(page.url())), '3 to the statistics')
await page.keyboard.press('g')
await page.keyboard.press('n')
ok(await until(async () => /#\/bell$/.test(page.url())), 'g n to the bell')

// Alarms, live.
await settled(page)
fixture('silence')
ok(await until(() => page.locator('.bell-alarm').count()), 'trouble rings by itself')
like(await text(page, '.bell-alarm'), /2件[^]*:7776[^]*ハートビートに応答なし[^]*:7777[^]*拒否[^]*403 Forbidden[^]*特徴が変化[^]*AS64500[^]*AS64501/, 'who, what, why; and what looks otherwise')
is(await page.locator('.bell-alarm').getAttribute('role'), 'alert', 'as an alert')
ok(await until(async () => (await text(page, '.place[href="#/bell"] .place-count')) === '2'), 'the menu counts them')
ok(await tile(7776).evaluate((one) => one.className.includes('bell-tile-bad')), 'and the tile shows it')
await manual('bell')
for (const lang of ['ja', 'en']) {
  await setLang(lang)
  await everywhere('bell', '/bell', lang, '.bell-tile')
}
fixture('back')
ok(await until(async () => !(await page.locator('.bell-tile-bad').count())), 'and it passes by itself')

// Records.
const sessions = (await api.get('/c2')).families[0].sessions
const bearer = sessions.find((one) => one.port === 7779)
await setLang('ja')
await visit(page, `/bell/session/${sessions[0].id}`)
like(await main(), /1時間ごとに確定/, 'a session without a record says why')
await visit(page, '/bell')
await tile(7779).locator('h4 a').click()
await page.waitForSelector('.record-lines tbody tr')
const lines = page.locator('.record-lines')
like(await lines.innerText(), /→ 送信[^]*定型の送受信 219行/, 'heartbeats are folded')
like(await page.locator('.evidence-line').innerText(), /SHA-256 [0-9a-f]{64}[^]*タイムスタンプ未付与[^]*abcd0{60}[^]*暗号化保管中/, 'the record as evidence')
like(await lines.innerText(), /090-5500-\*\*\*\*[^]*hxxps:\/\/s\[\.\]example[^]*<img src=x onerror=alert\(2\)>‹U\+202E›[^]*非表示[^]*解読できません/, 'a command masked and defanged; hostile text as text; what is hidden and what cannot be read say so')
await manual('bell-record')
await page.keyboard.press('f')
ok(await until(async () => (await lines.locator('tbody tr').count()) === 200), 'f unfolds them')
await page.keyboard.press(']')
ok(await until(async () => /发信息/.test(await lines.innerText()) && (await lines.locator('tbody tr').count()) === 24), '] leads to the next page')
const at = `/bell/session/${bearer.id}`
for (const lang of ['ja', 'en']) {
  await setLang(lang)
  await everywhere('record', at, lang, '.record-lines tbody tr')
}

// Waves.
await setLang('ja')
await visit(page, '/bell/waves')
ok(await until(async () => (await page.locator('.wave').count()) === 30), 'a page of waves')
await page.locator('.pager button').last().click()
ok(await until(async () => (await page.locator('.wave').count()) === 11), 'and the rest')
await visit(page, '/bell/waves')
const newest = page.locator('.wave').first()
like(await newest.innerText(), /みほん銀行[^]*7775[^]*7779[^]*規制しています。<b>ご確認<\/b>‹U\+202E›[^]*命令 5件[^]*宛先 28件[^]*重複する宛先 2件[^]*hxxps:\/\/ysl2\[\.\]example[^]*案件/, 'a wave: target, ports, text, numbers, landing, case')
fixture('wave')
ok(await until(async () => /新しい波です/.test(await newest.innerText())), 'a new one appears by itself')
await page.locator('.bell-filters select').selectOption('mihon')
ok(await until(async () => (await page.locator('.wave').count()) === 30), 'by target')
await visit(page, '/bell/waves?from=2020-01-01&to=2020-01-02')
like(await main(), /該当する一斉送信はありません/, 'a day without any says so')
for (const lang of ['ja', 'en']) {
  await setLang(lang)
  await everywhere('waves', '/bell/waves', lang, '.wave')
}

// One wave.
const wave = (await api.get('/waves')).items.find((one) => one.landing?.includes('ysl2'))
await setLang('ja')
await visit(page, `/bell/wave/${wave.id}`)
is(await panel('ポート別の命令').locator('svg circle').count(), 5, 'a dot a command')
is(await panel('ポート別の命令').locator('tbody tr').count(), 5, 'and the same as a table')
like(await panel('リンク').innerText(), /hxxps:\/\/s\[\.\]example\/1kgW8Huk6K[^]*hxxps:\/\/ysl\[\.\]example[^]*命令 3件に記載[^]*ysl2\[\.\]example\/login\?<b>[^]*以前の遷移先[^]*ysl\[\.\]example/, 'links, where they lead, where they led')
await panel('リンク').locator('summary').first().click()
ok(await until(async () => /301[^]*hop\[\.\]example[^]*200/.test(await panel('リンク').locator('.hops').first().innerText())), 'hop by hop')
like(await panel('宛先の地域別件数').innerText(), /0905500…[^]*重複する宛先 2件[^]*共通の宛先なし/, 'numbers by region; overlap')
like(await main(), new RegExp(`${'日月火水木金土'[new Date(+new Date(wave.first) + 9 * 3600000).getUTCDay()]}曜日[^]*時台（JST）`), 'its day')
ok(!/(?:\+81|0)90-?\d{4}-?\d{4}/.test(await main()), 'no number in clear')
await manual('wave')
fixture('landing')
ok(await until(async () => /moved\[\.\]example/.test(await panel('リンク').innerText())), 'a landing that moves is seen by itself')
for (const lang of ['ja', 'en']) {
  await setLang(lang)
  await everywhere('wave', `/bell/wave/${wave.id}`, lang, '.wave-link')
}
await visit(page, '/bell/wave/999999')
ok(await until(() => page.locator('main .errorbox').count()), 'a wave that is none says so')
await setLang('ja')
const last = (await api.get(`/waves/${wave.id}`)).case.id
await visit(page, `/case/${last}`)
like(await panel('基本情報').or(page.locator('.facts').first()).first().innerText(), /./, 'the case stands')
ok(await until(() => page.locator(`main a[href="#/bell/wave/${wave.id}"]`).count()), 'its case leads to it')
for (const line of await axe(page)) ok(false, line)
if (last !== wave.case.id) await visit(page, `/case/${wave.case.id}`)
ok(await until(() => page.locator(`main a[href="#/bell/wave/${wave.id}"]`).count()), 'and so does the one that had its first landing')
is((await axe(page)).join('\n'), '', 'the case: no axe violations')

// Statistics.
await visit(page, '/bell/stats')
ok(await until(async () => (await page.locator('.stats-grid .stats-panel').count()) === 4), 'four pictures')
await panel('時間帯別の命令数').locator('button').click()
is(await panel('時間帯別の命令数').locator('tbody tr').count(), 24, 'and their numbers, hour by hour')
const hours = (await api.get('/waves/stats')).hours
is((await panel('時間帯別の命令数').locator('tbody tr').nth(6).innerText()).trim().split(/\s+/).join(' '), `6 ${hours[6].work} ${hours[6].off}`, 'as the API has them')
ok(hours[6].work > 0 && hours[14].off > 0, 'mornings of working days, afternoons of days off')
await manual('bell-stats')
for (const lang of ['ja', 'en']) {
  await setLang(lang)
  await everywhere('stats', '/bell/stats', lang, '.stats-grid .stats-panel')
}

// Who may not.
const other = await newPage()
await enter(other, 'keiko', PASSWORD)
is(await other.locator('.place[href="#/bell"]').count(), 0, 'who may not read cases has no bell in the menu')
await other.evaluate(() => { location.hash = '#/bell' })
ok(await until(async () => /開く権限がありません|closed to you/.test(await other.locator('main').innerText()) || (await other.locator('main .empty').count())), 'and is told so')
is(complaints.join('\n'), '', 'no script error, no dialog, no violation of the content security policy')
await browser.close()
finish()
