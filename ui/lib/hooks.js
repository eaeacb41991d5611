/** lib/hooks: loading with abort, and what screens have in common. */
import { useEffect, useRef, useState, signal } from './ui.js'
import { failed } from './store.js'
import { onLive } from './live.js'

/**
 * Loads; again when a dependency changes or reload() is called. The old data stays while the new is under way; it goes when the new cannot be had.
 * @template T @param {(signal: AbortSignal) => Promise<T>} load @param {any[]} needs
 * @returns {{ data: T|undefined, error: any, busy: boolean, reload: () => void, set: (data: T) => void }}
 */
export function useLoad(load, needs) {
  const [state, setState] = useState({ data: undefined, error: null, busy: true })
  const [again, setAgain] = useState(0)
  const key = JSON.stringify(needs)
  const lastKey = useRef(key)
  useEffect(() => {
    const abort = new AbortController()
    setState((old) => ({ ...old, busy: true }))
    load(abort.signal).then(
      (data) => { if (!abort.signal.aborted) { lastKey.current = key; setState({ data, error: null, busy: false }) } },
      (error) => {
        if (abort.signal.aborted || error?.name === 'AbortError') return
        // What is there answers this question still, or another one: then it would be a wrong answer.
        const same = lastKey.current === key
        setState((old) => ({ data: same ? old.data : undefined, error, busy: false }))
        if (same && again) failed(error)
      })
    return () => abort.abort()
  }, [key, again])
  return { ...state, reload: () => setAgain((n) => n + 1), set: (data) => setState({ data, error: null, busy: false }) }
}

/** Calls `fn` for what others do; several at once are one call (a burst of a hundred cases is one reload). */
export function useLive(wanted, fn, wait = 400) {
  const latest = useRef(fn)
  const want = useRef(wanted)
  latest.current = fn
  want.current = wanted
  useEffect(() => {
    let timer = null
    let events = []
    const stop = onLive((event) => {
      if (event.type !== 'again' && !want.current(event)) return
      events.push(event)
      timer ??= setTimeout(() => { timer = null; const all = events; events = []; latest.current(all) }, wait)
    })
    return () => { clearTimeout(timer); stop() }
  }, [])
}

export function useTitle(text) {
  useEffect(() => { document.title = text ? `${text} · hikeshi` : 'hikeshi' }, [text])
}

const media = matchMedia('(max-width: 760px)')
/** Whether this is a phone's width. */
export const narrow = signal(media.matches)
media.addEventListener('change', () => { narrow.value = media.matches })

/** The value, when it has not changed for `wait` ms. */
export function useSettled(value, wait = 200) {
  const [settled, set] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => set(value), wait)
    return () => clearTimeout(timer)
  }, [value, wait])
  return settled
}
