// Runs in the page that drawDashboard opens: draws each panel at its place in the grid.
/* global uPlot */
const COLORS = [
  '#1f78c1',
  '#e0752d',
  '#508642',
  '#bf1b00',
  '#705da0',
  '#cca300',
  '#0a8a8a',
  '#962d82',
  '#6d1f62',
  '#58140c',
]

const written = (value, unit) => {
  if (value === null || value === undefined) return ''
  const short = (number) => (Math.abs(number) >= 100 ? number.toFixed(0) : String(Number(number.toPrecision(2))))
  if (unit === 'bytes') return `${short(value / 1024 / 1024)} MiB`
  if (unit === 's') return `${short(value)} s`
  if (unit === 'percentunit') return `${short(value * 100)} %`
  return unit === 'reqps' || unit === 'ops' ? `${short(value)}/s` : short(value)
}

const element = (className, text = '') => Object.assign(document.createElement('div'), { className, textContent: text })

function drawSeries(box, { times, series, unit, grid }, { rowPx, columnPx }) {
  const lines = series.map(({ name }, at) => ({
    label: name,
    stroke: COLORS[at % COLORS.length],
    fill: `${COLORS[at % COLORS.length]}1a`,
    width: 1.5,
    points: { show: false },
  }))
  const options = {
    width: grid.w * columnPx - 28,
    height: grid.h * rowPx - 72,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_, _low, high) => [0, high > 0 ? high * 1.1 : 1] } },
    axes: [{ size: 26 }, { size: 62, values: (_, ticks) => ticks.map((tick) => written(tick, unit)) }],
    series: [{}, ...lines],
  }
  const chart = new uPlot(options, [times, ...series.map(({ values }) => values)], box)
  const legend = chart.root.parentElement.appendChild(element('legend'))
  for (const { label, stroke } of lines) {
    const entry = legend.appendChild(document.createElement('span'))
    entry.appendChild(document.createElement('i')).style.background = stroke
    entry.append(label)
  }
}

globalThis.drawPanels = ({ panels, ...sizes }) => {
  for (const panel of panels) {
    const { x, y, w, h } = panel.grid
    const place = document.querySelector('#grid').appendChild(element(`panel ${panel.type}`))
    const [left, top, width, height] = [x * sizes.columnPx, y * sizes.rowPx, w * sizes.columnPx, h * sizes.rowPx]
    place.style.cssText = `left:${left}px;top:${top}px;width:${width}px;height:${height}px`
    const box = place.appendChild(document.createElement('div'))
    box.appendChild(element('title', panel.title))
    const last = panel.series.map(({ values }) =>
      written(
        values.findLast((value) => value !== null),
        panel.unit,
      ),
    )
    if (panel.type === 'stat') box.appendChild(element('figure', last[0] ?? ''))
    if (panel.type === 'timeseries') drawSeries(box, panel, sizes)
  }
}
