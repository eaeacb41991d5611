/** lib/commands: what the palette offers, and how it is found: by its name in both languages, by its reading in romaji. */
import { setLang, t } from './i18n.js'
import { can, dialog } from './store.js'
import { go } from './router.js'
import { prefs, setPrefs } from './prefs.js'
import { patch, session } from './api.js'
import { ADMIN, META, PLACES, TAKEDOWN } from '../parts/shell.js'

/** Readings and other names, by i18n key. Romaji without marks for long vowels; both Hepburn and what an IME takes. */
const READINGS = {
  'nav.cases': 'board home kanri bodo boudo anken ichiran 案件 ボード', 'nav.sightings': 'inbox jushin tore kenchi kansoku 受信 検知', 'nav.campaigns': 'kyanpen kyanpein campaign shomei certificate 証明書',
  'nav.bell': 'bell kane c2 sms smishing sumisshingu wave kanshi shirei issei soushin 鐘 一斉送信 指令 監視',
  'nav.stats': 'statistics toukei tokei gurafu chart report 統計', 'nav.system': 'system shisutemu jobu jobs system 死活', 'nav.audit': 'audit kansa rogu log 監査', 'nav.targets': 'target taagetto brand burando hyoteki 標的 対象',
  'nav.reports': 'takedown teikudaun report houkoku hokoku shonin shounin approve tsuho tsuuhou 承認 通報 報告', 'nav.letters': 'letter reply mail henshin tegami meeru 返信 メール', 'nav.channels': 'channel keiro channeru connector 経路 連携', 'nav.templates': 'template tenpureeto tenpureto bunmen hinagata 文面 雛形', 'command.approve': 'approve shonin shounin machi waiting 承認 待ち', 'command.awaiting': 'awaiting shonin shounin machi anken 承認 待ち',
  'nav.actors': 'actor akuta kougekisha kogekisha 攻撃者', 'nav.abuse': 'abuse contact renraku saki abyuzu 連絡先', 'nav.tasks': 'task tasuku sagyou sagyo template 作業', 'nav.statuses': 'status suteetasu jotai joutai 状態',
  'nav.users': 'user yuza yuuzaa riyousha riyosha 利用者', 'nav.settings': 'settings settei 設定', 'nav.account': 'account akaunto password pasuwado totp token tokun 自分',
  'board.new_case': 'new case shinki anken touroku toroku create 新規 登録', 'board.bulk': 'bulk create ikkatsu touroku toroku paste haritsuke 一括', 'board.import': 'import file inpoto torikomi yomikomi 取込', 'board.progress': 'progress bar shinchoku rireki history 進捗 履歴', 'meta.import.title': 'meta master masuta torikomi json import yomikomi 取込', 'keys.title': 'keys shortcut kiibodo shotokatto 一覧',
  'command.light': 'light theme akarui raito white 明るい', 'command.dark': 'dark theme kurai daku black night 夜 暗い', 'command.auto': 'auto theme jido', 'command.ja': 'japanese nihongo 日本語 language gengo', 'command.en': 'english eigo 英語 language gengo',
  'command.jst': 'jst tokyo time jikan nihon 時刻', 'command.utc': 'utc time jikan 時刻', 'command.mine': 'my cases jibun tantou tanto assigned 担当', 'command.overdue': 'overdue kigen chouka choka sla 期限', 'command.new': 'new cases mishori shinki 未処理', 'command.unsupported': 'unsupported mitaiou mitaio 未対応',
}

const theme = (key, value) => ({ key, icon: 'eye', run: () => setPrefs({ theme: value }) })
export async function changeLang(name) {
  await setLang(name)
  setPrefs({ lang: name })
  if (session.value) session.value = { ...session.value, user: (await patch('/me', { lang: name })).user ?? { ...session.value.user, lang: name } }
}
const find = (key, q) => ({ key, icon: 'filter', run: () => go('/cases', { q }) })

export function commands() {
  const places = [...PLACES, ...TAKEDOWN, ...META, ...ADMIN].filter(([, , , may]) => may()).map(([path, key, icon, , letter]) => ({ key, icon, keys: `g ${letter}`, run: () => go(path) }))
  return [
    ...(can.write ? [{ key: 'board.new_case', icon: 'plus', keys: 'n', run: () => { dialog.value = { name: 'new-case' } } }, { key: 'board.bulk', icon: 'bulk', run: () => go('/bulk') }, { key: 'board.import', icon: 'import', run: () => go('/import') }, { key: 'board.progress', icon: 'status', run: () => go('/intake') }] : []),
    ...(can.metaWrite ? [{ key: 'meta.import.title', icon: 'import', run: () => go('/meta/import') }] : []),
    ...places,
    ...(can.read ? [find('command.new', 'status:new'), find('command.mine', 'assignee:me is:open'), find('command.overdue', 'is:overdue'), find('command.awaiting', 'is:awaiting'), ...(can.approve ? [{ key: 'command.approve', icon: 'send', run: () => go('/reports') }] : []), find('command.unsupported', 'is:unsupported')] : []),
    { key: 'keys.title', icon: 'key', keys: '?', run: () => { dialog.value = { name: 'keys' } } },
    ...[theme('command.light', 'light'), theme('command.dark', 'dark'), theme('command.auto', 'auto')].filter((row) => !row.key.endsWith(prefs.value.theme)),
    { key: 'command.ja', icon: 'settings', run: () => changeLang('ja') }, { key: 'command.en', icon: 'settings', run: () => changeLang('en') },
    prefs.value.zone === 'utc' ? { key: 'command.jst', icon: 'status', run: () => setPrefs({ zone: 'jst' }) } : { key: 'command.utc', icon: 'status', run: () => setPrefs({ zone: 'utc' }) },
  ].map((row) => ({ ...row, label: t(row.key) }))
}

/** Katakana to hiragana, wide to narrow, small letters: so that any way of typing meets any way of writing. */
const folded = (text) => text.normalize('NFKC').toLowerCase().replace(/[\u30a1-\u30f6]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 96))
/** Every word of the text is in the command's name or readings. */
export function matches(command, text) {
  const hay = folded(`${command.label} ${READINGS[command.key] || ''}`)
  return folded(text).split(/\s+/).every((word) => hay.includes(word))
}
