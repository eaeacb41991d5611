/** parts/chart: numbers as pictures. The table beside each picture says the same; so the pictures are hidden from screen readers. */
import { html, useEffect, useRef } from '../lib/ui.js'
import { number } from '../lib/format.js'
import { prefs } from '../lib/prefs.js'

/** How many colours the tokens have (--chart-1 ...); more series become "others" before they come here. */
export const SERIES_MAX = 8

/**
 * Horizontal bars, one a row; several numbers a row lie end to end.
 * @param {{ rows: { label: any, values: number[] }[], names?: string[] }} props
 */
export function Bars({ rows, names = [] }) {
  const most = Math.max(1, ...rows.map((row) => row.values.reduce((sum, n) => sum + n, 0)))
  return html`<div class="bars" aria-hidden="true">${rows.map((row) => html`<div class="bars-row"><span class="bars-label">${row.label}</span>
    <span class="bars-line">${row.values.map((n, i) => n > 0 && html`<span class=${`bar series-${i + 1}`} style=${{ width: `${(100 * n) / most}%` }} title=${`${names[i] || ''} ${number(n)}`}></span>`)}</span>
    <span class="bars-number num">${number(row.values.reduce((sum, n) => sum + n, 0))}</span></div>`)}</div>`
}

/**
 * Upright bars side by side (hours of the day).
 * @param {{ labels: string[], series: { name: string, values: number[] }[] }} props
 */
export function Columns({ labels, series }) {
  const most = Math.max(1, ...series.flatMap((one) => one.values))
  return html`<div class="columns-chart" aria-hidden="true">${labels.map((label, i) => html`<div class="columns-group"><div class="columns-bars">
      ${series.map((one, k) => html`<span class=${`bar series-${k + 1}`} style=${{ height: `${(100 * (one.values[i] || 0)) / most}%` }} title=${`${label} ${one.name}: ${number(one.values[i] || 0)}`}></span>`)}</div>
    <span class="columns-label num">${label}</span></div>`)}</div>`
}

/** What the colours mean. */
export const Legend = ({ names }) => html`<ul class="legend" aria-hidden="true">${names.map((name, i) => html`<li><span class=${`bar series-${i + 1}`}></span>${name}</li>`)}</ul>`

let library
/** uPlot is 40 kB: only this page loads it. Its style sheet comes with it. */
function uplot() {
  library ??= import('../vendor/uplot.js').then((module) => {
    const sheet = document.createElement('link')
    sheet.rel = 'stylesheet'
    sheet.href = new URL('../vendor/uplot.css', import.meta.url).href
    document.head.append(sheet)
    return module.default
  })
  return library
}

/** The value of a curve of steps at a time; null before its first point when it has none. */
function at(points, time, column) {
  let value = column === 1 ? 1 : null
  for (const point of points) { if (point[0] > time) break; value = point[column] }
  return value
}

/**
 * Curves of steps that go down from 1 over time (Kaplan-Meier); the first one with its band.
 * @param {{ series: { name: string, points: number[][] }[], format?: (n: number) => string }} props points: [seconds, share, low, high]
 */
export function Curve({ series, format = number }) {
  const ref = useRef(null)
  const theme = prefs.value.theme
  const key = JSON.stringify([series, theme])
  useEffect(() => {
    let plot = null
    let gone = false
    const box = ref.current
    const watch = new ResizeObserver(() => plot?.setSize({ width: box.clientWidth, height: 280 }))
    uplot().then((UPlot) => {
      if (gone) return
      const style = getComputedStyle(box)
      const colour = (name) => style.getPropertyValue(name).trim() || '#888'
      const axis = { stroke: colour('--dim'), grid: { stroke: colour('--line'), width: 1 }, ticks: { stroke: colour('--line'), width: 1 }, font: '12px system-ui' }
      const times = [0, ...new Set(series.flatMap((one) => one.points.map((point) => point[0])))].sort((a, b) => a - b)
      const paths = UPlot.paths.stepped({ align: 1 })
      const line = (one, i) => ({ label: one.name, stroke: colour(`--chart-${i + 1}`), width: 2, paths, points: { show: false } })
      const edge = { label: '', stroke: 'transparent', width: 0, paths, points: { show: false } }
      plot = new UPlot({
        width: box.clientWidth, height: 280, legend: { show: false }, cursor: { points: { size: 7 } }, scales: { x: { time: false }, y: { range: [0, 1] } },
        bands: [{ series: [series.length + 1, series.length + 2], fill: `color-mix(in srgb, ${colour('--chart-1')} 18%, transparent)` }],
        axes: [{ ...axis, values: (u, list) => list.map(format) }, { ...axis, size: 52, values: (u, list) => list.map((n) => `${Math.round(100 * n)} %`) }],
        series: [{}, ...series.map(line), edge, edge],
      }, [times, ...series.map((one) => times.map((time) => at(one.points, time, 1))), ...[3, 2].map((column) => times.map((time) => at(series[0].points, time, column)))], box)
      watch.observe(box)
    })
    return () => { gone = true; watch.disconnect(); plot?.destroy() }
  }, [key])
  return html`<div class="lines-chart" ref=${ref} aria-hidden="true"></div>`
}

/**
 * Lines over equal steps (months).
 * @param {{ labels: string[], series: { name: string, values: (number|null)[] }[], format?: (n: number) => string }} props
 */
export function Lines({ labels, series, format = number }) {
  const ref = useRef(null)
  const theme = prefs.value.theme
  const key = JSON.stringify([labels, series.map((one) => [one.name, one.values]), theme])
  useEffect(() => {
    let plot = null
    let gone = false
    const box = ref.current
    const watch = new ResizeObserver(() => plot?.setSize({ width: box.clientWidth, height: 240 }))
    uplot().then((UPlot) => {
      if (gone) return
      const style = getComputedStyle(box)
      const colour = (name) => style.getPropertyValue(name).trim() || '#888'
      const axis = { stroke: colour('--dim'), grid: { stroke: colour('--line'), width: 1 }, ticks: { stroke: colour('--line'), width: 1 }, font: '12px system-ui' }
      plot = new UPlot({
        width: box.clientWidth, height: 240, legend: { show: false }, cursor: { points: { size: 7 } },
        scales: { x: { time: false, range: (u, min, max) => [min - 0.3, max + 0.3] }, y: { range: (u, min, max) => [0, Math.max(1, max * 1.08)] } },
        axes: [{ ...axis, splits: () => labels.map((label, i) => i).filter((i) => i % Math.ceil(labels.length / Math.max(2, box.clientWidth / 80)) === 0), values: (u, at) => at.map((i) => labels[i] ?? '') },
          { ...axis, size: 64, values: (u, at) => at.map(format) }],
        series: [{}, ...series.map((one, i) => ({ label: one.name, stroke: colour(`--chart-${i + 1}`), width: 2, points: { show: labels.length < 40, size: 6 } }))],
      }, [labels.map((label, i) => i), ...series.map((one) => one.values)], box)
      watch.observe(box)
    })
    return () => { gone = true; watch.disconnect(); plot?.destroy() }
  }, [key])
  return html`<div class="lines-chart" ref=${ref} aria-hidden="true"></div>`
}
