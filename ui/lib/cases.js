/** lib/cases: acts on cases that several screens have, each with its notice and, where it can be, its way back. */
import { call, del, get, once, post, patch, put } from './api.js'
import { t, tf } from './i18n.js'
import { attempt, done, forget } from './store.js'
import { go } from './router.js'

/** One act for the cases of a selection: { ids } or { q, count }. */
export async function bulk(select, act, more = {}) {
  const answer = await post('/cases/bulk', { select, act, ...more }, { key: once() })
  return answer
}
/** Says what a bulk act has done, with a way back if `back` is given. */
export function sayBulk(answer, act, back) {
  const refused = answer.refused?.length || 0
  const text = t('bulk.did', { n: answer.done, act: tf('act', act) }) + (refused ? ` ${t('bulk.refused', { n: refused })}` : '')
  done(text, back && answer.done ? { label: t('undo'), run: back } : undefined)
}

/** Soft delete with undo. `after` is called after either. */
export async function remove(ids, after) {
  const answer = await attempt(() => bulk({ ids }, 'delete'))
  if (!answer) return
  after?.()
  sayBulk(answer, 'delete', async () => { await bulk({ ids }, 'restore'); done(t('bulk.restored', { n: ids.length })); after?.() })
}

export async function merge(from, into, after) {
  const answer = await attempt(() => post(`/cases/${from.id}/merge`, { into: into.id }, { version: from.version, key: once() }))
  if (!answer) return
  after?.()
  const id = answer.merge?.id ?? answer.merge
  done(t('merge.did', { from: from.id, into: into.id }), id ? { label: t('undo'), run: async () => { await post(`/merges/${id}/undo`); done(t('merge.undone')); after?.() } } : undefined)
}

/**
 * A decision is about the case as it was seen. Where only the program has been at it meanwhile (evidence came in, a registrar was found), it holds for the case as it is now;
 * where a person has changed what it hangs on, the caller is told (412).
 */
export async function act(item, name, note) {
  const ask = (version) => post(`/cases/${item.id}/acts`, { act: name, ...(note ? { note } : {}) }, { version })
  const basis = (one) => [one.state, one.kind, one.target?.key, one.assignee?.login, one.deleted].join()
  try { return await ask(item.version) } catch (caught) {
    if (caught.status !== 412) throw caught
    const now = await get(`/cases/${item.id}`)
    if (basis(now) !== basis(item)) throw caught
    return ask(now.version)
  }
}
/** Says what an act has done; where the case can be taken up again, with the button for it. `answer`: the case as it is now. */
export function didAct(answer, item, name, after) {
  const back = name !== 'reopen' && answer?.may?.includes('reopen')
  done(t('act.did', { id: item.id, act: tf('act', name) }), back ? { label: tf('act', 'reopen'), run: async () => { await act(answer, 'reopen'); done(t('act.did', { id: item.id, act: tf('act', 'reopen') })); after?.() } } : undefined)
}
export const edit = (item, fields) => patch(`/cases/${item.id}`, fields, { version: item.version })
export const label = (item, name, on) => call(on ? 'PUT' : 'DELETE', `/cases/${item.id}/labels/${encodeURIComponent(name)}`, { version: item.version })

/** Keeps what is looked at as a view of the sidebar. */
export async function keepView(name, query, sort, columns, shared) {
  const view = await post('/views', { name, query, sort, columns, shared })
  return view
}
export { del, put, go, forget }
