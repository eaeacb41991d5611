// tests/browser/duty: the board as somebody uses it at 3 a.m.: what goes wrong says so and what to do, nothing that was typed is lost, the
// keys go on working after an act, numbers agree with the lists behind them; and the import of meta data with its preview.
import { axe, enter, is, like, newPage, ok, settled, sleep, text, until, visit } from './lib.mjs'

/** @param {any} page @param {any} api @param {{ part: Function, open: Function, filter: Function, press: Function, caseOf: Function, notice: Function }} tools */
export async function duty(page, api, { part, open, filter, press, caseOf, notice }) {
  const blur = () => page.evaluate(() => document.activeElement?.blur())
  const give = (name, body) => page.setInputFiles('#meta-file', { name, mimeType: 'application/json', buffer: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) })

  await part('Counters agree with their lists', async () => {
    await open({ kind: 'investment_scam' })
    await visit(page, '/cases')
    await sleep(1800) // the counters follow a change
    for (let i = 0; i < 8; i++) {
      const link = page.locator('.counter').nth(i)
      const name = await link.locator('.counter-name').innerText()
      const q = new URLSearchParams((await link.getAttribute('href')).split('?')[1] || '').get('q') || ''
      const both = await until(async () => {
        const shown = Number((await link.locator('.counter-number').innerText()).replace(/\D/g, ''))
        const listed = (await api.get(`/cases?limit=1&q=${encodeURIComponent(q)}`)).total.count
        return shown === listed ? [shown, listed] : null
      })
      ok(both, `${name}: the number is that of the list "${q}"`)
    }
  })

  await part('A query that is wrong', async () => {
    await filter('target:mihon-bank')
    await page.fill('[type=search]', 'nosuchfield:1')
    await page.waitForSelector('main .errorbox')
    ok(!await page.locator('table.cases').count(), 'the list of the query before is not shown as its answer')
    like(await text(page, 'main .errorbox'), /nosuchfield[^]*検索欄の条件を直してください/, 'what is wrong is said, and what to do')
    is((await axe(page)).join('\n'), '', 'wrong query: no axe violations')
    await page.click('main .errorbox .button')
    await page.waitForSelector('table.cases')
    is(await page.inputValue('[type=search]'), '', 'one button brings the list back')
    const before = await page.locator('table.cases').boundingBox()
    await page.fill('[type=search]', 'board')
    await until(async () => /q=board/.test(page.url()))
    await settled(page)
    is((await page.locator('table.cases').boundingBox())?.y, before.y, 'the list does not jump when something is typed')
  })

  await part('After an act the keys go on', async () => {
    const three = [await open({}), await open({}), await open({})]
    await filter(`is:open id:${three.map((one) => one.id).join(',')}`)
    await blur()
    await press('j', 'd')
    await page.waitForSelector('dialog[open] textarea')
    await page.click('dialog[open] .quick button')
    await page.click('dialog[open] [type=submit]')
    ok(await until(async () => (await page.locator('table.cases tbody tr').count()) === 2), 'what is dismissed leaves the list of open cases')
    ok(await until(() => page.evaluate(() => document.activeElement?.hasAttribute('data-row'))), 'and the row in its place has the focus')
    await notice().locator('button', { hasText: '再開' }).click()
    ok(await until(async () => (await page.locator('table.cases tbody tr').count()) === 3), 'the notice has the way back')
  })

  await part('Merge begins at its choice', async () => {
    const two = [await open({}), await open({})]
    await filter(`id:${two.map((one) => one.id).join(',')}`)
    await blur()
    await press('j', 'x', 'j', 'x', 'm')
    await page.waitForSelector('dialog[open] [name=into]')
    is(await page.evaluate(() => document.activeElement?.getAttribute('name')), 'into', 'the focus is on what is to be chosen')
    await press('Enter')
    ok(await until(async () => (await caseOf(two[1].id)).merged_into === two[0].id), 'Enter merges')
  })

  await part('A form that is refused', async () => {
    await visit(page, '/cases')
    await blur()
    await press('n')
    await page.waitForSelector('dialog[open] form')
    await page.fill('dialog[open] [name=name]', '電話での通報')
    await page.fill('dialog[open] [name=url]', 'お客様より')
    await page.click('dialog[open] [type=submit]')
    await page.waitForSelector('dialog[open] .errorbox')
    ok(await page.evaluate(() => { const { top, bottom } = document.querySelector('dialog[open] .errorbox').getBoundingClientRect(); return top >= 0 && bottom <= innerHeight }), 'what is wrong is in sight')
    is(await page.evaluate(() => document.activeElement?.getAttribute('name')), 'url', 'and its field has the focus')
    await press('Escape')
  })

  await part('Ten URLs, one of them wrong', async () => {
    await visit(page, '/bulk')
    const lines = [...Array.from({ length: 9 }, (_, i) => `hxxps://duty${i}-${process.pid}[.]example/`), 'お客様から電話がありました']
    await page.fill('#urls', lines.join('\n'))
    await visit(page, '/cases')
    await visit(page, '/bulk')
    is((await page.inputValue('#urls')).split('\n').length, 10, 'what was pasted is still there after a look at the board')
    await page.click('.verdict-acts .primary')
    const mend = page.locator('button', { hasText: 'エラーの行を直す' })
    ok(await until(() => mend.count()), 'at the end there is a way to mend what was refused')
    const link = page.locator('a', { hasText: '登録した案件を表示' })
    const q = new URLSearchParams((await link.getAttribute('href')).split('?')[1]).get('q')
    is((await api.get(`/cases?limit=20&q=${encodeURIComponent(q)}`)).total.count, 9, 'and one to the nine cases')
    is((await axe(page)).join('\n'), '', 'finished intake: no axe violations')
    await mend.click()
    await page.waitForSelector('#urls')
    is(await page.inputValue('#urls'), lines[9], 'the line that was refused stands in the field')
    await page.fill('#urls', '')
    await visit(page, '/intake')
    ok(await page.locator('[role=progressbar]').count(), 'the list of intakes has their progress')
  })

  await part('A case that is not there', async () => {
    await page.evaluate(() => { location.hash = '#/case/999999' })
    await page.waitForSelector('main .errorbox')
    ok(await page.locator('main h1').count() === 1 && await page.locator('main .errorbox a').count() === 1, 'has a heading and a way back')
    is((await axe(page)).join('\n'), '', 'no such case: no axe violations')
  })

  await part('Why, in Japanese', async () => {
    let scored = null
    for (const item of (await api.get('/sightings?sort=-score&limit=50')).items) {
      const whole = await api.get(`/sightings/${item.id}`)
      if (whole.data?.reasons?.length) { scored = whole; break }
    }
    ok(scored, 'the log of the range has names with reasons')
    await visit(page, `/sighting/${scored.id}`)
    const reasons = await page.locator('.reasons li').allInnerTexts()
    ok(reasons.length > 0 && reasons.every((one) => /[ぁ-んァ-ヶ一-龠]/.test(one)), 'reasons are said in Japanese', `${reasons.join('\n')}\n${scored.data.reasons.join('\n')}`)
    like(await text(page, '.facts'), /CTログ/, 'and so is the source')
  })

  await part('Who may only read', async () => {
    const login = `miru${process.pid}`
    await api.post('/users', { login, name: '閲覧 太郎', password: 'correct horse battery', roles: ['viewer'] })
    const other = await newPage()
    await enter(other, login, 'correct horse battery')
    await settled(other)
    is(await other.locator('table.cases input[type=checkbox]').count(), 0, 'nothing can be chosen that nothing can be done with')
    for (const path of ['/bulk', '/meta/import', '/users', '/nowhere']) {
      await visit(other, path)
      like(await text(other, 'main'), path === '/nowhere' ? /アドレスが間違っている/ : /権限がありません。必要な場合は/, `${path} says why it is closed, and who helps`)
      is((await axe(other)).join('\n'), '', `${path}: no axe violations`)
    }
    await other.context().close()
  })

  await part('Import of meta data: the preview', async () => {
    const key = `duty-${process.pid}`
    await visit(page, '/meta/targets')
    await page.click('text=JSON取込')
    await settled(page)
    like(page.url(), /#\/meta\/import$/, 'the button leads to the preview')
    await give('broken.json', '{"hikeshi_meta":1,\n"targets":[}')
    await page.waitForSelector('main .errorbox')
    like(await text(page, 'main .errorbox'), /line 2[^]*JSON出力/, 'a file that is no JSON: where, and what to do')
    await give('mixed.json', { hikeshi_meta: 1, targets: [{ key: 'mihon-bank', name: '見本銀行（新）' }, { key, name: 'つばき銀行', domains: ['tsubaki.example'] }, { key: 'Bad Key', name: 'x' }, { key, name: 'twice' }], contacts: [{ key: 'reg', kind: 'registrar', name: '例レジストラ', mail: 'nobody' }] })
    await page.waitForSelector('table.plan')
    const lines = await page.locator('table.plan tbody tr').allInnerTexts()
    is(lines.map((line) => line.trim().split(/\s/)[0]).join(), '変更,新規,エラー,エラー,エラー', 'each line says what would become of it')
    like(lines[0], /名称[^]*→ 見本銀行（新）/, 'what would change: the old value and the new')
    like(lines[4], /通報先[^]*メールアドレスにしてください/, 'what is refused: the field and its rule')
    is(await page.getAttribute('main .button.primary', 'aria-disabled'), 'true', 'with a line that is refused nothing can be imported')
    like(await text(page, 'main .bad-text'), /3 件[^]*直して/, 'and it says so')
    is((await axe(page)).join('\n'), '', 'preview: no axe violations')
    await page.click('.tally.bad')
    is(await page.locator('table.plan tbody tr').count(), 3, 'the refused ones can be looked at alone')
    await page.evaluate(() => document.querySelector('main .button.primary').click())
    await sleep(300)
    ok(!(await api.get('/targets?limit=200')).items.some((row) => row.key === key), 'nothing is written')
    const before = (await api.get('/targets?limit=200')).items.find((row) => row.key === 'mihon-bank')
    await give('good.json', { hikeshi_meta: 1, targets: [{ key: 'mihon-bank', name: '見本銀行（新）' }, { key, name: 'つばき銀行', domains: ['tsubaki.example'] }] })
    await until(async () => (await page.locator('table.plan tbody tr').count()) === 2)
    await page.click('main .button.primary')
    const back = page.locator('button', { hasText: '元に戻す（' })
    ok(await until(() => back.count()), 'a good one is imported')
    const named = async (of) => (await api.get('/targets?limit=200')).items.find((row) => row.key === of)
    is((await named(key))?.name, 'つばき銀行', 'a row is made')
    is((await named('mihon-bank'))?.name, '見本銀行（新）', 'another is changed')
    await back.click()
    await page.waitForSelector('table.plan')
    is((await named('mihon-bank'))?.name, '見本銀行（新）', 'undo shows first what it would do')
    await page.click('main .button.primary')
    ok(await until(async () => (await named('mihon-bank'))?.name === before.name && (await named(key))?.state === 'retired'), 'then the old value is back and the new row retired')
    await give('same.json', { hikeshi_meta: 1, targets: [{ key: 'mihon-bank', name: before.name }] })
    ok(await until(async () => /取り込むものはありません/.test(await page.locator('main').innerText())), 'what is here already: nothing to import')
  })
}
