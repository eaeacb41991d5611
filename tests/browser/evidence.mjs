// tests/browser/evidence: the evidence of a case on the board, in Chromium: node evidence.mjs URL LOGIN PASSWORD FIXTURE DATABASE KEY BLOBS. Started by
// tests/scenario/board-evidence.t. HK_SHOTS=DIR keeps pictures of what it looked at; HK_MANUAL=DIR takes the manual's picture (docs/board/evidence.jpg).
import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, URL_BASE, axe, browser, complaints, enter, finish, is, like, newPage, ok, settled, text, until, visit } from './lib.mjs'

const [, , , , , fixtureProgram, database, key, blobs] = process.argv
const api = new Client()
await api.login()
const page = await newPage()

/** What sites would look like: pictures of pages of our own. */
const folder = mkdtempSync(join(tmpdir(), 'hikeshi-evidence-'))
const draw = await newPage()
const shots = []
for (const [width, height, body] of [[390, 664, '<header>見本銀行</header><h2>ご本人確認</h2><p>お客様の口座が制限されています。</p><label>ご契約番号<input></label><label>ログインパスワード<input></label><button>ログイン</button>'], [1280, 720, '<h2>404 Not Found</h2><p>nginx</p>']]) {
  await draw.setViewportSize({ width, height })
  await draw.setContent(`<style>body{font:18px sans-serif;margin:0;background:#fff;color:#222}header{background:#0a4da2;color:#fff;padding:18px;font-size:24px}h2,p,label,button{margin:16px;display:block}input{display:block;width:80%;height:32px}button{background:#0a4da2;color:#fff;border:0;padding:12px 40px}</style>${body}`)
  shots.push(join(folder, `${width}.png`))
  await draw.screenshot({ path: shots.at(-1) })
}
await draw.context().close()
const fixture = (id, what) => execFileSync(fixtureProgram, [database, key, blobs, String(id), what, ...shots], { stdio: ['ignore', 'ignore', 'inherit'] })
const keep = async (name) => { if (process.env.HK_SHOTS) await page.screenshot({ path: join(process.env.HK_SHOTS, `${name}.png`), fullPage: true }) }
const panel = (name) => page.locator(`section[aria-label="${name}"]`)
const setLang = async (lang) => {
  await page.evaluate(async (to) => {
    const session = await (await fetch('/api/v1/session')).json()
    await fetch('/api/v1/me', { method: 'PATCH', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': session.csrf }, body: JSON.stringify({ lang: to, prefs: { theme: 'auto' } }) })
  }, lang)
  await page.goto(`${URL_BASE}/?${lang}${Math.random()}`)
  await settled(page)
}

const item = (await api.post('/cases', { url: 'https://www.evil.example/login' })).case
const other = (await api.post('/cases', { host: 'other.example' })).case
const bare = (await api.post('/cases', { name: '電話' })).case
await enter(page)
await settled(page)

// Nothing yet; then it fills by itself.
await visit(page, `/case/${bare.id}`)
like(await panel('証拠').innerText(), /証拠はまだありません/, 'a case without evidence says so')
like(await panel('設置場所・登録情報').innerText(), /調べるホストがありません/, 'and why nothing can be looked up')
await visit(page, `/case/${item.id}`)
like(await panel('証拠').innerText(), /取得待ち/, 'a run that waits says so')
fixture(item.id, 'done')
ok(await until(() => page.locator('.variant').count()), 'what is secured appears by itself')
is(await page.locator('.variant').count(), 3, 'every variant')
fixture(item.id, 'facts')
ok(await until(async () => /203\[\.\]0\[\.\]113\[\.\]7/.test(await panel('設置場所・登録情報').innerText())), 'and so do facts')
fixture(item.id, 'moved')
ok(await until(async () => await panel('設置場所・登録情報').locator('details summary').count()), 'what has gone is history')

// What it shows.
const said = await panel('証拠').innerText()
like(said, /訪問者ごとに内容を出し分け/, 'the verdict')
like(said, /iPhone · SMSから · direct/, 'who was sent')
like(said, /hxxps:\/\/www\[\.\]evil\[\.\]example\/login\?x=<b>/, 'where it ended, defanged')
ok(!/https:\/\/www\.evil/.test(await page.locator('main').innerText()), 'no live address anywhere')
ok(await until(() => page.locator('.detail').count()), 'the first variant is opened')
like(await text(page, '.detail'), /302[^]*転送/, 'the chain of redirects')
like(await text(page, '.form-seen'), /ご契約番号[^]*<script>alert\(3\)<\/script>/, 'forms and fields in order, as text')
await page.locator('.detail summary', { hasText: '通信' }).click()
like(await page.locator('.detail table').innerText(), /refused/, 'requests, with those that were refused')
is(await page.locator('main script, main iframe, main [onerror]').count(), 0, 'nothing of a page becomes an element')
ok(await until(() => page.evaluate(() => [...document.querySelectorAll('.variant img')].every((one) => one.complete && one.naturalWidth > 0))), 'the pictures are there')
await page.locator('.detail li', { hasText: 'dom.html' }).locator('button', { hasText: 'テキストで表示' }).click()
ok(await until(async () => /alert\(2\)[^]*‹U\+202E›/.test(await page.locator('dialog[open] pre').innerText())), 'captured HTML is shown as text, invisible marks by their names')
is((await axe(page)).join('\n'), '', 'the text of a page: no axe violations')
await page.keyboard.press('Escape')

// The slider, by keys.
await page.locator('.compare summary').click()
const slider = page.locator('.compare input[type=range]')
await slider.focus()
for (let i = 0; i < 10; i++) await page.keyboard.press('ArrowRight')
is(await slider.inputValue(), '60', 'arrow keys move the border')
if (process.env.HK_MANUAL) await panel('証拠').screenshot({ path: join(process.env.HK_MANUAL, 'evidence.jpg'), type: 'jpeg', quality: 22 })
ok(await until(async () => /60%/.test(await page.locator('.compare .over').evaluate((one) => one.style.clipPath))), 'and the picture follows')
const box = await page.locator('.compare-box').boundingBox()
ok(box.height > 200, 'the two lie over each other')

await page.locator('.variant .shot').first().click()
ok(await until(() => page.locator('dialog[open] img').count()), 'a picture can be enlarged')
await page.keyboard.press('Escape')

// Both languages, both themes, desk and phone.
for (const lang of ['ja', 'en']) {
  await setLang(lang)
  await visit(page, `/case/${item.id}`)
  await page.waitForSelector('.detail summary')
  await page.waitForSelector('.subject')
  const bad = []
  for (const width of [1366, 390]) {
    await page.setViewportSize({ width, height: 860 })
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await settled(page)
      if (!await page.locator('.compare[open]').count()) await page.locator('.compare summary').click()
      for (const line of await axe(page)) bad.push(`${width} ${colorScheme}: ${line}`)
      if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) bad.push(`${width}: wider than the screen`)
      await keep(`case-${lang}-${width}-${colorScheme}`)
    }
  }
  is(bad.join('\n'), '', `the case in ${lang}: no axe violations, no wider than the screen`)
  ok(!/(?:^|\s)(?:run|variant|detail|evidence|enrich|contacts|others|fact|plan|key|file|compare)\.[a-z_.]+/.test(await page.locator('main').innerText()), `every word is there in ${lang}`)
}
await page.emulateMedia({ colorScheme: 'light' })
await page.setViewportSize({ width: 1366, height: 860 })

// To ask for more; what failed; to find others.
await visit(page, `/case/${item.id}`)
await panel('Evidence').locator('button', { hasText: 'Secure again' }).click()
await page.locator('[role=menuitem]', { hasText: 'Quick' }).click()
ok(await until(async () => (await api.get(`/cases/${item.id}/runs`)).items.some((one) => one.plan === 'quick')), 'a plan is chosen, and asked for')
ok(await until(async () => /Waiting for the browser/.test(await panel('Evidence').innerText())), 'and is seen to wait')
await panel('Where it lies').locator('button', { hasText: 'Enrich' }).click()
ok(await until(async () => (await api.get(`/cases/${item.id}/timeline?limit=50`)).items.some((one) => one.act === 'case.enrich')), 'enrichment is asked for')
fixture(other.id, 'failed')
fixture(other.id, 'facts')
await visit(page, `/case/${other.id}`)
await panel('Evidence').locator('.run', { hasText: 'Failed' }).click()
ok(await until(async () => /did not start/.test(await text(page, '.evidence-panel .errorbox'))), 'what failed says why')
is((await axe(page)).join('\n'), '', 'a failed run: no axe violations')
await panel('Evidence').locator('.errorbox button').click()
ok(await until(async () => (await api.get(`/cases/${other.id}/runs`)).items[0].state === 'waiting'), 'and is tried again by a button')
await panel('Where it lies').locator('li', { hasText: 'Mihon Registrar' }).locator('a').click()
await settled(page)
ok(await until(async () => (await page.locator('table.cases tbody tr').count()) === 2), 'find others: the two cases of a registrar')
like(await page.inputValue('[type=search]'), /^key:"registrar=/, 'by a query that can be read')

// The board: a small picture; blurred, if somebody wants that.
await visit(page, `/cases?q=${encodeURIComponent(`id:${item.id}`)}`)
const thumb = page.locator('table.cases .capture img')
ok(await until(() => thumb.evaluate((one) => one.complete && one.naturalWidth > 0)), 'the board shows the picture of a case')
is(await thumb.evaluate((one) => getComputedStyle(one).filter), 'none', 'as it is')
await keep('board')
await visit(page, '/account')
await page.getByLabel('Blur pictures').check()
await visit(page, `/cases?q=${encodeURIComponent(`id:${item.id}`)}`)
like(await until(() => thumb.evaluate((one) => getComputedStyle(one).filter)), /blur/, 'or blurred')
await page.setViewportSize({ width: 390, height: 860 })
ok(await until(() => page.locator('.card .capture img').count()), 'so does the phone')
is((await axe(page)).join('\n'), '', 'the phone: no axe violations')
await keep('board-phone')
await page.setViewportSize({ width: 1366, height: 860 })

// The setting.
await visit(page, '/settings')
const setting = panel('Evidence')
await setting.locator('select').selectOption('full')
await setting.getByLabel('Sites seen within').fill('14')
await setting.locator('button[type=submit]').click()
ok(await until(async () => (await api.get('/settings')).items.find((one) => one.key === 'evidence')?.value.plan === 'full'), 'the setting is kept')
const waves = panel('Waves of messages')
await waves.locator('input[type=checkbox]').uncheck()
await waves.locator('button[type=submit]').click()
ok(await until(async () => (await api.get('/settings')).items.find((one) => one.key === 'waves')?.value.confirm === false), 'whether waves confirm their cases is kept')
is((await axe(page)).join('\n'), '', 'settings: no axe violations')
await keep('settings')
is(complaints.join('\n'), '', 'no script error, no dialog, no violation of the content security policy')
await browser.close()
finish()
