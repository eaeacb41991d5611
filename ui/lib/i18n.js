/** lib/i18n: the board's words in Japanese and English. Keys are flat; both files have the same (tests/lint/ui.t). */
import { signal } from './ui.js'

export const LANGS = ['ja', 'en']
const words = {}
/** The language that is shown. Reading it in a component makes the component follow a change. */
export const lang = signal('')

/** @param {'ja'|'en'} name */
export async function setLang(name) {
  if (!words[name]) words[name] = await (await fetch(new URL(`../i18n/${name}.json`, import.meta.url))).json()
  lang.value = name
  document.documentElement.lang = name
}

export const guessLang = () => (navigator.languages || []).some((name) => name.startsWith('ja')) ? 'ja' : 'en'

/**
 * The text of a key; `{name}` in it is replaced. For one thing, "key.one" is taken when there is such a key and vars.n is 1.
 * @param {string} key @param {Record<string, any>} [vars]
 */
export function t(key, vars) {
  const table = words[lang.value] || {}
  const text = (vars?.n === 1 && table[`${key}.one`]) || table[key] || key
  return vars ? text.replace(/\{(\w+)\}/g, (all, name) => vars[name] ?? all) : text
}

/** A word of a family ("state", "confirmed"); a word that the server has and we don't know is shown as it is. */
export const tf = (family, word) => (words[lang.value] || {})[`${family}.${word}`] ?? String(word ?? '')

/** A thing that has a Japanese and an English name (targets, statuses). */
export const named = (thing) => !thing ? '' : lang.value === 'en' ? thing.name_en || thing.name : thing.name || thing.name_en
