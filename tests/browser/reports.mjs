// tests/browser/reports: the takedown on the board, in Chromium: node reports.mjs URL LOGIN PASSWORD FIXTURES DATABASE KEY BLOBS. Started by
// tests/scenario/board-reports.t. HK_SHOTS=DIR keeps pictures of what it looked at; HK_MANUAL=DIR takes the manual's (docs/board/takedown*.jpg ...).
import { execFileSync } from 'node:child_process'
import { mkdtempSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, PASSWORD, URL_BASE, axe, browser, complaints, enter, finish, is, like, newPage, ok, settled, text, until, visit } from './lib.mjs'

const [, , , , , fixtures, database, key, blobs] = process.argv
const api = new Client()
await api.login()
const folder = mkdtempSync(join(tmpdir(), 'hikeshi-reports-'))
const pixel = join(folder, 'pixel.png')
writeFileSync(pixel, Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64'))
const run = (program, id, ...more) => execFileSync(join(fixtures, program), [database, key, blobs, String(id), ...more], { stdio: ['ignore', 'ignore', 'inherit'] })
const page = await newPage()
const keep = async (name) => { if (process.env.HK_SHOTS) await page.screenshot({ path: join(process.env.HK_SHOTS, `${name}.png`), fullPage: true }) }
const manual = async (name, full) => {
  if (!process.env.HK_MANUAL) return
  const path = join(process.env.HK_MANUAL, `${name}.jpg`)
  const { width, height } = page.viewportSize()
  for (const [quality, part] of [[80, 1], [65, 1], [50, 1], [40, 1], [34, 1], [28, 0.9], [24, 0.75]]) {
    await page.screenshot({ path, type: 'jpeg', quality, clip: { x: 0, y: 0, width, height: Math.round(height * part) } })
    if (statSync(path).size <= 60000) return
  }
}
const panel = (name) => page.locator(`section[aria-label="${name}"]`)
const setLang = async (lang) => {
  await page.evaluate(async (to) => {
    const session = await (await fetch('/api/v1/session')).json()
    await fetch('/api/v1/me', { method: 'PATCH', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': session.csrf }, body: JSON.stringify({ lang: to, prefs: { theme: 'auto' } }) })
  }, lang)
  await page.goto(`${URL_BASE}/?${lang}${Math.random()}`)
  await settled(page)
}
const rows = () => page.locator('.report-row')
const undoBar = page.locator('.undo-bar')
const inside = () => page.locator('main').innerText()

const fresh = async (url) => {
  const made = (await api.post('/cases', { url, target: 'mihon-bank' })).case
  run('evidence_fixture', made.id, 'done', pixel, pixel)
  const item = await api.get(`/cases/${made.id}`)
  return api.call('POST', `/cases/${made.id}/acts`, { act: 'confirm' }, { 'If-Match': `"${item.version}"` })
}
// How a mail is read, and what differs between two texts: without a browser.
const { readMail, decodeWords } = await import(join(process.env.HK_SRC, 'ui/lib/mail.js'))
const { diffLines, folded } = await import(join(process.env.HK_SRC, 'ui/lib/diff.js'))
is(decodeWords('=?UTF-8?B?6KaL5pys?= =?utf-8?q?=E9=8A=80=E8=A1=8C_CSIRT?= <a@b.example>'), '見本銀行 CSIRT <a@b.example>', 'encoded words, of both kinds, beside each other')
is(decodeWords('=?nosuch?B?QUI=?= =?UTF-8?B?!!?='), 'AB', 'an unknown charset, broken base64: what there is')
const nested = readMail('Subject: a\r\n folded\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\npreamble\r\n--o\r\nContent-Type: multipart/alternative; boundary="i"\r\n\r\n--i\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\ncaf=E9 so=\r\nft\r\n--i\r\nContent-Type: text/html\r\n\r\n<script>1</script>\r\n--i--\r\n--o\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename*=UTF-8\'\'%E8%A8%BC.txt\r\n\r\nproof\r\n--o--\r\nepilogue')
is(JSON.stringify([nested.headers[0], nested.text.trim(), nested.files]), JSON.stringify([['Subject', 'a folded'], 'café soft', [{ name: '', type: 'text/html', bytes: 18 }, { name: '証.txt', type: 'text/plain', bytes: 5 }]]), 'parts in parts; HTML is a file, not a text')
is(JSON.stringify(nested.contents), JSON.stringify(['<script>1</script>', 'proof']), 'and what the files hold')
is(JSON.stringify(readMail('').files), '[]', 'nothing at all')
is(readMail('Content-Type: multipart/mixed; boundary=x\n\n--x\n\nno end').text, 'no end', 'a multipart without its end')
is(readMail(`Content-Type: multipart/mixed; boundary=x\n\n${'--x\nContent-Type: multipart/mixed; boundary=x\n\n'.repeat(500)}`).text, '', 'parts without end are cut off')
is(folded(diffLines('a\nb\nc\nd\ne', 'a\nB\nc\nd\ne\nf')).map((line) => line === null ? '…' : `${line.how[0]}${line.text}`).join(' '), 'sa ob iB sc … se if', 'what differs, and one line around it')
is(diffLines('x\n'.repeat(2000), 'y'), 'null', 'too long to compare')

const item = await fresh('https://www.evil.example/login')
const second = await fresh('https://pay.mihon-bank-login.example/auth')
await enter(page)
await settled(page)

// Nothing yet.
await visit(page, '/reports')
like(await inside(), /承認待ちはありません/, 'nothing waits, and it says so')
is((await axe(page)).join('\n'), '', 'an empty list: no axe violations')
await visit(page, '/letters')
like(await inside(), /未紐付けの返信はありません/, 'no letters')
await visit(page, `/case/${item.id}`)
like(await panel('テイクダウン').innerText(), /まだ誰にも報告していません/, 'nobody was told of the case')
await panel('テイクダウン').locator('button', { hasText: '報告を下書き' }).click()
ok(await until(async () => /依頼しました/.test(await page.locator('.notices').innerText())), 'drafts are asked for')

// They come by themselves.
await visit(page, '/reports')
run('report_fixture', item.id, 'drafts', 'taro', 'hanako')
ok(await until(async () => (await rows().count()) === 4), 'drafts appear by themselves, the own one apart')
ok(await until(async () => /報告・承認\s*4/.test(await page.locator('.nav').innerText())), 'and are counted in the navigation')
const list = await inside()
like(list, /初めての宛先|この宛先には初めての送信です/, 'what stands against them')
like(list, /www\[\.\]evil\[\.\]example/, 'addresses are defanged')
ok(!/https:\/\/www\.evil/.test(list), 'no live address anywhere')
is((await axe(page)).join('\n'), '', 'the list: no axe violations')
await keep('list')

// By keys: move, choose, look at what many would do.
await page.keyboard.press('j')
await page.keyboard.press('j')
is(await page.evaluate(() => [...document.querySelectorAll('[data-row]')].indexOf(document.activeElement)), '1', 'j moves the focus')
await page.keyboard.press('Shift+A')
ok(await until(async () => /4\s*件選択中|4.*選択/.test(await page.locator('.bulk-bar').innerText())), 'all are chosen')
await page.keyboard.press('a')
await page.waitForSelector('dialog[open] .approve-group')
const said = await page.locator('dialog[open]').innerText()
like(said, /4件・宛先4件/, 'so many to so many')
like(said, /初めての宛先/, 'new recipients are marked')
like(said, /hxxps:\/\/www\[\.\]evil\[\.\]example\/login/, 'the sites, defanged')
is(await page.locator('dialog[open] button[type=submit]').getAttribute('aria-disabled'), 'true', 'not before it is agreed to')
await page.locator('dialog[open] .approve-one summary').first().click()
ok(await until(async () => /停止をお願いいたします/.test(await page.locator('dialog[open] .letter-text').first().innerText())), 'the letter as it reads')
like(await page.locator('dialog[open] .content').first().innerText(), /iphone-viewport\.png[^]*xarf\.json/, 'and what is attached')
is((await axe(page)).join('\n'), '', 'the dialog: no axe violations')
await page.locator('dialog[open] .approve-one').filter({ hasText: '差分と全文' }).first().locator('summary').first().click()
ok(await until(async () => /abuse@hosting\[\.\]example[^]*abuse@registrar\[\.\]example/.test(await page.locator('dialog[open] .difference').innerText())), 'of the next one only what differs')
ok(!/停止をお願いいたします/.test(await page.locator('dialog[open] .difference').innerText()), 'and not what is the same')
is((await axe(page)).join('\n'), '', 'the difference: no axe violations')
await keep('approve')
await manual('takedown-approve')
await page.locator('dialog[open] .approve-line input').last().uncheck()
like(await page.locator('dialog[open] .about').innerText(), /3件・宛先3件/, 'one is left out')
await page.locator('dialog[open] .approve-line input').last().check()
await page.locator('dialog[open] .agree input').first().check()
await page.locator('dialog[open] button[type=submit]').click()
ok(await until(async () => /4件を承認しました/.test(await undoBar.innerText())), 'approved, with the time that is left')
ok(await until(async () => (await rows().count()) === 0), 'nothing waits any more')
is((await axe(page)).join('\n'), '', 'the undo bar: no axe violations')
await keep('undo')
await page.keyboard.press('u')
ok(await until(async () => (await rows().count()) === 4), 'u takes it all back')

// The own proposal is not for the own hand.
await visit(page, '/reports?tab=drafted')
ok(await until(async () => (await rows().count()) === 5), 'all drafts')
const own = (await api.get('/reports?recipient=abuse%40dns.example')).items[0]
await visit(page, `/report/${own.id}`)
like(await inside(), /起案者本人は承認できません/, 'four eyes')
is(await page.locator('.verdict-acts button', { hasText: '承認' }).count(), 0, 'and no button for it')

// One report, byte by byte.
const mailed = (await api.get('/reports?kind=registrar')).items[0]
await visit(page, `/report/${mailed.id}`)
await page.waitForSelector('.letter-text')
const shown = await inside()
like(shown, /フィッシングサイトの停止のお願い/, 'its subject, decoded')
like(shown, /<img src=x onerror=alert\(6\)>[^]*‹U\+202E›/, 'markup is text, marks have names')
ok(!/https:\/\/www\.evil/.test(shown), 'no live address')
await page.locator('.content .segments button', { hasText: '生データ' }).click()
like(await page.locator('.letter-raw').innerText(), /Subject: =\?UTF-8\?B\?[^]*--cut--/, 'the bytes as they leave')
await page.locator('.content-bar button', { hasText: 'そのままコピー' }).click()
like(await until(() => page.evaluate(() => navigator.clipboard.readText())), /^From: =\?UTF-8[^]*"https:\/\/www\.evil\.example\/login"/, 'copying is exact')
is(await page.locator('main script, main iframe, main img[onerror]').count(), 0, 'nothing of it becomes an element')
await page.keyboard.press('a')
await page.waitForSelector('dialog[open] .approve-group')
for (const box of await page.locator('dialog[open] .agree input').all()) await box.check()
await page.locator('dialog[open] button[type=submit]').click()
ok(await until(async () => /承認済/.test(await text(page, '.report-page .verdict'))), 'approved by a key and a click')
like(await panel('操作の履歴').innerText(), /報告を承認/, 'and the history says who')
await page.keyboard.press('u')
ok(await until(async () => /下書き/.test(await text(page, '.report-page .verdict'))), 'and taken back')

// Other words make somebody else the proposer.
await page.locator('.verdict-acts button', { hasText: '文面を修正' }).click()
await page.waitForSelector('dialog[open] [name=text]')
like(await page.locator('dialog[open] [name=text]').inputValue(), /ご担当者様/, 'the text as it is now')
await page.locator('dialog[open] [name=subject]').fill('緊急')
is((await axe(page)).join('\n'), '', 'the editor of a draft: no axe violations')
await page.locator('dialog[open] button[type=submit]').click()
ok(await until(async () => /文面が未作成です/.test(await inside())), 'it is being written anew')

// Handed in by a person.
const hand = (await api.get('/reports?channel=smartform')).items[0]
await visit(page, `/report/${hand.id}`)
await page.locator('button', { hasText: '1〜2件目をコピー' }).click()
is(await until(() => page.evaluate(() => navigator.clipboard.readText().then((all) => all.startsWith('https://www.evil.example/login\n') && all))), 'https://www.evil.example/login\nhttps://www.evil.example/a?x=<b>', 'tens are copied as live addresses, one a line')
await page.keyboard.press('a')
await page.waitForSelector('dialog[open] .approve-group')
await page.locator('dialog[open] button[type=submit]').click()
await page.locator('.verdict-acts button', { hasText: '提出済みとする' }).click()
await page.locator('dialog[open] [name=note]').fill('GSB-77')
is((await axe(page)).join('\n'), '', 'the form of an act: no axe violations')
await page.locator('dialog[open] button[type=submit]').click()
ok(await until(async () => /GSB-77/.test(await panel('概要').innerText().catch(() => inside()))), 'handed in, with their number')

// All that can become of one; the case's lanes; letters.
run('report_fixture', second.id, 'states', 'taro')
run('report_fixture', second.id, 'drafts', 'taro')
run('report_fixture', second.id, 'sample')
run('report_fixture', second.id, 'letters')
await visit(page, `/case/${second.id}`)
await page.waitForSelector('.lane')
like(await panel('テイクダウン').innerText(), /送信まで[^]*対応済/, 'lanes with their clocks')
const acted = (await api.get('/reports?state=actioned')).items[0]
await visit(page, `/report/${acted.id}`)
like(await inside(), /対応済[^]*put on hold/, 'what they wrote')
ok(!/https:\/\/www\.evil/.test(await inside()), 'defanged, too')
const unsure = (await api.get('/reports?state=unsure')).items[0]
await visit(page, `/report/${unsure.id}`)
like(await page.locator('.verdict-acts').innerText(), /送信済みとする[^]*再送する/, 'of an unsure one a person decides')
const drawn = (await api.get('/reports?sample=1')).items[0]
await visit(page, `/report/${drawn.id}`)
like(await panel('自動承認の点検').innerText(), /vendors/, 'one that a policy let through')
is((await axe(page)).join('\n'), '', 'a review: no axe violations')
await page.locator('.sample button', { hasText: '問題あり' }).click()
await page.locator('dialog[open] button[type=submit]').click()
ok(await until(async () => (await api.get('/settings')).items.find((one) => one.key === 'takedown').value.policies.some((one) => one.stopped)), 'a bad one stops its policy')
await visit(page, '/letters')
ok(await until(async () => (await page.locator('.letter').count()) === 2), 'letters that nobody could match')
is(await page.locator('main script, main img[onerror]').count(), 0, 'letters are text')
await page.locator('.letter button', { hasText: '報告に紐付け' }).last().click()
await page.waitForSelector('dialog[open] .choices input')
is((await axe(page)).join('\n'), '', 'matching: no axe violations')
await keep('match')
const asked = (await api.get('/reports?state=sent')).items.find((one) => one.case.id === second.id)
await page.locator('dialog[open] .choice').filter({ has: page.locator('.num', { hasText: new RegExp(`^${asked.id}$`) }) }).click()
is(await page.locator('dialog[open] [name=report]').inputValue(), String(asked.id), 'a likely one fills the number')
await page.locator('dialog[open] button[type=submit]').click()
ok(await until(async () => (await page.locator('.letter').count()) === 1), 'one is matched by hand')
is((await api.get(`/reports/${asked.id}`)).state, 'actioned', 'and its report moves')

// Channels.
await visit(page, '/channels')
await page.locator('tr', { hasText: 'netcraft2' }).locator('button', { hasText: '停止' }).click()
ok(await until(async () => (await api.get('/channels')).items.find((one) => one.name === 'netcraft2').state === 'off'), 'a channel is stopped')
ok(await until(async () => (await page.locator('tr', { hasText: 'netcraft2' }).locator('button', { hasText: '再開' }).count()) === 1), 'and can be opened')

// What is wrong with the house: of three roles this one runs only web, and a channel was stopped just now.
await visit(page, '/system')
const wrong = (await api.get('/troubles'))
const rowOf = (words) => page.locator('.trouble', { hasText: words })
is(wrong.troubles.filter((one) => one.kind === 'role').map((one) => `${one.subject} ${one.severity}`).sort().join(), 'watch grave,work grave', 'the server says which roles are silent')
ok(await until(async () => (await page.locator('.trouble').count()) === wrong.troubles.length), 'the page has a row for each trouble')
is(await rowOf('ロールが応答していません').count(), 2, 'two roles are silent')
like(await rowOf('経路が手動で停止されています').innerText(), /netcraft2[^]*「報告経路」で再開/, 'the stopped channel is named, with what to do')
is(await page.locator('.trouble').first().getAttribute('class'), 'trouble trouble-grave', 'a grave one comes first')
ok(await until(async () => (await text(page, '.nav .place[href="#/system"] .place-count')) === String(wrong.grave)), 'their number stands in the navigation')
await rowOf('経路が手動で停止されています').locator('a').click()
ok(await until(() => page.evaluate(() => location.hash === '#/channels')), 'and a link leads to where it is mended')

// Templates: a mistake has its place, the preview follows.
await visit(page, '/templates/registrar/en')
const area = page.locator('textarea.template-text')
await area.waitFor()
ok(await until(async () => (await page.locator('.template-preview pre').innerText()).length > 100), 'a template is seen filled in')
const words = await area.inputValue()
await area.fill('Dear all\nnot {{so')
ok(await until(async () => /2行/.test(await page.locator('.faults').innerText())), 'what is wrong has its line')
is(await page.locator('.template-grid button[type=submit]').getAttribute('aria-disabled'), 'true', 'and cannot be kept')
is((await axe(page)).join('\n'), '', 'a fault: no axe violations')
await area.fill(`${words}\nOur own line.`)
ok(await until(async () => /Our own line/.test(await page.locator('.template-preview pre').innerText())), 'the preview follows the typing')
await page.locator('.template-grid button[type=submit]').click()
ok(await until(async () => (await api.get('/templates')).items.find((one) => one.kind === 'registrar' && one.lang === 'en').changed), 'kept')
await page.locator('button', { hasText: '標準に戻す' }).click()
ok(await until(async () => !(await api.get('/templates')).items.find((one) => one.kind === 'registrar' && one.lang === 'en').changed), "and back to hikeshi's own")

// The settings.
await visit(page, '/settings')
const setting = panel('テイクダウン')
await setting.getByLabel('取り消し可能時間').fill('120')
await setting.locator('button', { hasText: 'ポリシーを追加' }).click()
await setting.getByLabel('名前').last().fill('own-brand')
await setting.getByLabel('宛先の種別').last().fill('registrar, hosting')
await setting.locator('button[type=submit]').click()
ok(await until(async () => { const value = (await api.get('/settings')).items.find((one) => one.key === 'takedown').value; return value.undo_s === 120 && value.policies.some((one) => one.name === 'own-brand' && String(one.recipients) === 'registrar,hosting') }), 'the setting is kept')
is((await axe(page)).join('\n'), '', 'settings: no axe violations')
await keep('settings')

// Both languages, both themes, desk and phone.
const pages = [['list', '/reports?tab=all'], ['report', `/report/${mailed.id}`], ['acted', `/report/${acted.id}`], ['unsure', `/report/${unsure.id}`], ['case', `/case/${second.id}`], ['letters', '/letters?all=1'], ['channels', '/channels'], ['templates', '/templates/registrar/ja'], ['system', '/system']]
for (const lang of ['ja', 'en']) {
  await page.setViewportSize({ width: 1366, height: 860 })
  await setLang(lang)
  for (const [name, path] of pages) {
    const bad = []
    await visit(page, path)
    for (const width of [1366, 390]) {
      await page.setViewportSize({ width, height: 860 })
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        await settled(page)
        for (const line of await axe(page)) bad.push(`${width} ${colorScheme}: ${line}`)
        if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) bad.push(`${width}: wider than the screen`)
        await keep(`${name}-${lang}-${width}-${colorScheme}`)
      }
    }
    is(bad.join('\n'), '', `${name} in ${lang}: no axe violations, no wider than the screen`)
    const gaps = (await inside()).match(/(?:^|\s)(?:report|step|hold|stop|approve|against|content|assisted|letter|receipt|sample|takedown|lane|channel|template|contact|did|clock|system|troubles?|nav)\.[a-z_.]+(?=\s|$)/g) || []
    is(gaps.join(' '), '', `${name}: every word is there in ${lang}`)
    await page.setViewportSize({ width: 1366, height: 860 })
    await page.emulateMedia({ colorScheme: 'light' })
  }
}

// On the telephone: one report a screen, a big button, agree, undo.
await setLang('ja')
await page.setViewportSize({ width: 390, height: 760 })
await visit(page, '/reports')
ok(await until(async () => (await rows().count()) > 0), 'the queue on the phone')
await keep('phone-list')
await manual('takedown-phone-list')
const before = (await api.get('/reports?waiting=1')).items.length
await rows().first().locator('a[data-row]').click()
await settled(page)
await page.waitForSelector('.letter-text')
const big = page.locator('.report-bar .button.primary')
const box = await big.boundingBox()
ok(box.height >= 48 && box.width > 150 && box.y + box.height <= 760, 'the button is big, and in sight')
await keep('phone-report')
await manual('takedown-phone')
await big.click()
await page.waitForSelector('dialog[open] .approve-group')
for (const box of await page.locator('dialog[open] .agree input').all()) await box.check()
await keep('phone-approve')
is((await axe(page)).join('\n'), '', 'the dialog on the phone: no axe violations')
await page.locator('dialog[open] button[type=submit]').click()
ok(await until(async () => /承認しました/.test(await undoBar.innerText())), 'approved on the phone')
await keep('phone-undo')
is((await axe(page)).join('\n'), '', 'undo on the phone: no axe violations')
is((await api.get('/reports?waiting=1')).items.length, before - 1, 'one fewer waits')
await undoBar.locator('button.primary').click()
ok(await until(async () => (await api.get('/reports?waiting=1')).items.length === before), 'and taken back by a thumb')
await page.setViewportSize({ width: 1240, height: 780 })

// The palette, and the board's filter.
await visit(page, '/cases')
await page.keyboard.press('Control+k')
await page.locator('[role=combobox]').fill('shonin')
ok(await until(async () => /承認待ち/.test(await page.locator('[role=listbox]').innerText())), 'the palette knows approvals, in romaji, too')
await page.keyboard.press('Escape')
await visit(page, '/cases?q=is:awaiting')
ok(await until(async () => (await page.locator('table.cases tbody tr').count()) === 2), 'cases that wait for approval')
await page.keyboard.press('g')
await page.keyboard.press('d')
ok(await until(() => page.evaluate(() => location.hash.startsWith('#/reports'))), 'g d leads to the takedowns')

// Pictures of the manual.
for (const [name, path] of [['takedown', '/reports?tab=all'], ['takedown-report', `/report/${acted.id}`], ['takedown-case', `/case/${second.id}`], ['letters', '/letters?all=1'], ['channels', '/channels'], ['templates', '/templates/registrar/ja']]) {
  await visit(page, path)
  await manual(name)
}

// Who may only read sees no button; who may not approve has no such tab.
const reader = await newPage()
await enter(reader, 'mieko', PASSWORD)
await settled(reader)
await visit(reader, `/report/${mailed.id}`)
is(await reader.locator('.verdict-acts button').count(), 0, 'a viewer sees no acts')
await visit(reader, '/reports')
is(await reader.locator('.report-row input').count(), 0, 'and chooses nothing')
await reader.context().close()
const analyst = await newPage()
await enter(analyst, 'taro', PASSWORD)
await settled(analyst)
await visit(analyst, '/reports')
is(await analyst.locator('.tab', { hasText: '自分の承認待ち' }).count(), 0, 'an analyst has no queue of approvals')
await analyst.context().close()
is(complaints.join('\n'), '', 'no script error, no dialog, no violation of the content security policy')
await browser.close()
finish()
