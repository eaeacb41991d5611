/** lib/reports: acts on reports that several screens have, each with its notice. */
import { get, once, post } from './api.js'
import { t } from './i18n.js'
import { attempt, done, failed, loadReportCounters, undoable } from './store.js'

/** @param {{ id: number, digest: string }[]} reports @param {string[]} agree   names of stops that somebody has agreed to */
export async function approve(reports, agree) {
  const answer = await post('/reports/approve', { reports: reports.map(({ id, digest }) => ({ id, digest })), agree }, { key: once() })
  if (answer.approved.length) {
    const earlier = (undoable.value || []).filter((one) => one.send > Date.now())
    undoable.value = [...earlier, ...answer.approved.map(({ id, send }) => ({ id, send: +new Date(send) }))]
  }
  loadReportCounters()
  return answer
}

/** Takes approvals back as long as nothing has left. */
export async function undo(reports, after) {
  let back = 0
  for (const { id } of reports) {
    try {
      const now = await get(`/reports/${id}`)
      if (!now.may.includes('undo')) continue
      await post(`/reports/${id}/acts`, { act: 'undo' }, { version: now.version, key: once() })
      back++
    } catch (error) { failed(error) }
  }
  if (back) done(t('report.undone', { n: back }))
  else done(t('report.too_late'))
  loadReportCounters()
  after?.()
}

export const actOn = (item, act, note) => post(`/reports/${item.id}/acts`, { act, ...(note ? { note } : {}) }, { version: item.version, key: once() })

export const draft = (id) => attempt(async () => { await post(`/cases/${id}/reports`, {}, { key: once() }); done(t('takedown.asked')) })

/** Numbers of the reports of the list that was looked at last: the way to the next one. */
export const queue = { ids: [] }
