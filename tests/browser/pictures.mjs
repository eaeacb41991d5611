// tests/browser/pictures: the manual's pictures (docs/board/*.jpg), taken by the tests so that they are never old. Each at most 60 kB.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { settled, sleep, visit } from './lib.mjs'

const MAX = 60000

export async function pictures(page, { directory, item, related }) {
  const take = async (name) => {
    const { width, height } = page.viewportSize()
    // Text needs its edges: rather the upper part only than all of it blurred.
    for (const [quality, part] of [[80, 1], [65, 1], [50, 1], [40, 1], [40, 0.8], [34, 0.7]]) {
      const path = join(directory, `${name}.jpg`)
      await page.screenshot({ path, type: 'jpeg', quality, clip: { x: 0, y: 0, width, height: Math.round(height * part) } })
      if (statSync(path).size <= MAX) return
    }
  }
  const lang = async (to) => {
    await page.evaluate(async (name) => {
      const session = await (await fetch('/api/v1/session')).json()
      await fetch('/api/v1/me', { method: 'PATCH', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': session.csrf }, body: JSON.stringify({ lang: name, prefs: { theme: 'auto' } }) })
    }, to)
    await page.reload()
    await settled(page)
  }
  await page.setViewportSize({ width: 1240, height: 780 })
  await lang('ja')
  for (const [name, path] of [['board', '/cases'], ['case', `/case/${item.id}`], ['bulk', '/bulk'], ['import', '/import'], ['intake', '/intake/1'], ['sightings', '/sightings'], ...(related ? [['campaign', `/campaign/${related.id}`]] : []), ['stats', '/stats'], ['system', '/system'], ['audit', '/audit'], ['targets', '/meta/targets'], ['users', '/users'], ['settings', '/settings'], ['account', '/account']]) {
    await visit(page, path)
    await sleep(500)
    await take(name)
  }
  await visit(page, '/meta/import')
  await page.setInputFiles('#meta-file', { name: 'hikeshi-meta.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify({ hikeshi_meta: 1, targets: [{ key: 'mihon-card', name: '見本カード株式会社', domains: ['mihon-card.example', 'mihon-pay.example'] }, { key: 'tsubaki', name: 'つばき銀行', name_en: 'Tsubaki Bank', domains: ['tsubaki.example'] }, { key: 'Yamabuki Bank', name: 'やまぶき銀行' }], contacts: [{ key: 'registrar-b', kind: 'registrar', name: '例レジストラ', mail: 'abuse' }] })) })
  await page.waitForSelector('table.plan')
  await take('meta-import')
  await visit(page, '/cases')
  await page.keyboard.press('n')
  await page.waitForSelector('dialog[open] form')
  await sleep(200)
  await take('new-case')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+k')
  await page.waitForSelector('[role=option]')
  await take('palette')
  await page.keyboard.press('Escape')
  await page.emulateMedia({ colorScheme: 'dark' })
  await lang('en')
  await take('board-dark')
  await page.setViewportSize({ width: 390, height: 760 })
  await sleep(300)
  await take('board-phone')
  await visit(page, `/case/${item.id}`)
  await take('case-phone')
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize({ width: 1366, height: 860 })
  await lang('ja')
}
