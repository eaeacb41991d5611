import { html, render } from './lib/ui.js'
render(html`<p>hikeshi</p>`, document.getElementById('app'))
