/** lib/ui: the only file that knows the libraries of vendor/. Everything else imports from here. */
import { h, render, Component, Fragment } from '../vendor/preact.js'
import htm from '../vendor/htm.js'

export { render, Component, Fragment, h }
export { useState, useEffect, useLayoutEffect, useRef, useMemo, useCallback, useId } from '../vendor/hooks.js'
export { signal, computed, effect, batch, useSignal, useComputed } from '../vendor/signals.js'

/** Template strings that make elements: html`<b>${text}</b>`. Text is always text: nothing here can make markup of a string. */
export const html = htm.bind(h)
