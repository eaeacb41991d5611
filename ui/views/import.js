/** views/import: a file of the other tools: looked at first (dry run), then taken in. */
import { html, useState } from '../lib/ui.js'
import { call, once } from '../lib/api.js'
import { t } from '../lib/i18n.js'
import { bytes } from '../lib/format.js'
import { go, href } from '../lib/router.js'
import { attempt, can } from '../lib/store.js'
import { useTitle } from '../lib/hooks.js'
import { Head, Icon, Refused } from '../parts/basics.js'
import { visible } from '../lib/defang.js'
import { Select } from '../parts/form.js'
import { OptionFields, optionsOf } from './bulk.js'

const MAX = 32 << 20
const FORMATS = ['auto', 'lines', 'csv', 'tsv', 'jsonl']

export default function Import() {
  useTitle(t('board.import'))
  const [file, setFile] = useState(null)
  const [head, setHead] = useState('')
  const [over, setOver] = useState(false)
  const [busy, setBusy] = useState(false)
  if (!can.write) return html`<${Refused} icon="import" title=${t('board.import')} />`
  const take = async (chosen) => {
    if (!chosen) return
    setFile(chosen)
    // The first lines, as they are; Shift_JIS is what old Excel writes.
    const start = await chosen.slice(0, 3000).arrayBuffer()
    let text = new TextDecoder('utf-8').decode(start)
    if (text.includes('\ufffd')) text = new TextDecoder('shift_jis').decode(start)
    setHead(text.split(/\r?\n/).slice(0, 6).map((line) => visible(line.slice(0, 200))).join('\n'))
  }
  const submit = async (event) => {
    event.preventDefault()
    if (busy || !file || file.size > MAX) return
    setBusy(true)
    const kind = new FormData(event.target).get('format')
    const answer = await attempt(() => call('POST', '/intakes', { query: { kind, options: JSON.stringify(optionsOf(event.target)), dry_run: 1, name: file.name }, raw: file, type: 'application/octet-stream', key: once() }))
    setBusy(false)
    if (answer) go(`/intake/${answer.id}`)
  }
  return html`<div class="page"><${Head} title=${t('board.import')} sub=${t('import.sub')}><a class="button" href=${href('/intake')}>${t('intake.earlier')}</a><//>
    <form class="split" onSubmit=${submit}><div class="column">
      <div class=${`drop ${over ? 'over' : ''}`} onDragOver=${(event) => { event.preventDefault(); setOver(true) }} onDragLeave=${() => setOver(false)} onDrop=${(event) => { event.preventDefault(); setOver(false); take(event.dataTransfer.files[0]) }}>
        <${Icon} name="import" size=${28} /><p>${t('import.drop')}</p><label class="button"><${Icon} name="plus" />${file ? t('import.other') : t('import.choose')}<input class="sr" id="file" type="file" accept=".csv,.tsv,.txt,.jsonl,.json,text/*" onChange=${(event) => take(event.target.files[0])} /></label><p>${t('import.formats')}</p></div>
      ${file && html`<section class="panel" aria-label=${t('import.head')}><header><h2>${visible(file.name)}</h2><span class="dim num">${bytes(file.size)}</span></header><div class="panel-body"><pre class="json">${head}</pre></div></section>`}
      ${file?.size > MAX && html`<p class="errorbox" role="alert">${t('import.too_big', { n: bytes(MAX) })}</p>`}
      <div class="verdict-acts"><button type="submit" class="button primary" aria-disabled=${!file || busy || file.size > MAX}><${Icon} name="eye" />${t('import.preview')}</button><span class="dim">${t('import.preview.hint')}</span></div></div>
      <section class="panel" aria-label=${t('bulk.for_all')}><header><h2>${t('bulk.for_all')}</h2></header><div class="panel-body grid"><${Select} name="format" label=${t('import.format')} wide value="auto" options=${FORMATS.map((name) => [name, t(`import.format.${name}`)])} /><${OptionFields} /></div></section></form></div>`
}
