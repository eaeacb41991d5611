import { html } from '../lib/ui.js'
export default () => html`<p></p>`
