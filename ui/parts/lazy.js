/** parts/lazy: a part that is loaded when it is first shown; nothing stands in its place until then. */
import { html, useEffect, useState } from '../lib/ui.js'
import { failed } from '../lib/store.js'

/** @param {() => Promise<any>} load   a module; `pick` chooses what of it */
export function lazy(load, pick = (module) => module.default) {
  let part = null
  return function Lazy(props) {
    const [, redraw] = useState(0)
    useEffect(() => { if (!part) load().then((module) => { part = pick(module); redraw(1) }, failed) }, [])
    return part && html`<${part} ...${props} />`
  }
}
