import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { openBrowser } from './chromium.ts'
import type { PrometheusServer, RangeSeries } from './prometheus.ts'

/** A panel of a Grafana dashboard, as far as it is drawn here. */
export interface Panel {
  readonly type: string
  readonly title: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly { readonly expr: string; readonly legendFormat?: string }[]
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } }
}

/** What is drawn, of which time, and where to. */
export interface Drawing {
  readonly prometheus: PrometheusServer
  readonly panels: readonly Panel[]
  /** Seconds since 1970. */
  readonly start: number
  readonly end: number
  /** What stands for the dashboard's variables. */
  readonly variables: Readonly<Record<string, string>>
  readonly path: string
}

/** A panel with what Prometheus answered: times, and one list of values for each name in the legend. */
interface DrawnPanel {
  readonly type: string
  readonly title: string
  readonly unit: string
  readonly grid: Panel['gridPos']
  readonly times: readonly number[]
  readonly series: readonly { readonly name: string; readonly values: readonly (number | null)[] }[]
}

const UPLOT = dirname(createRequire(import.meta.url).resolve('uplot'))

const PAGE = `<!doctype html><meta charset="utf-8"><style>
body { margin: 0; background: #f4f5f5; font: 12px system-ui, sans-serif; color: #24292e }
#grid { position: relative; width: 1536px }
.panel { position: absolute; box-sizing: border-box; padding: 4px }
.panel > div { background: #fff; border: 1px solid #dcdee0; border-radius: 3px; height: 100%; box-sizing: border-box; padding: 6px 8px; overflow: hidden }
.row > div { background: none; border: 0; font-weight: 600 }
.title { font-weight: 600; margin-bottom: 2px }
.figure { font-size: 30px; text-align: center; color: #1a7f5a; line-height: 62px }
.legend { display: flex; flex-wrap: wrap; gap: 0 10px; font-size: 10.5px; height: 28px; overflow: hidden }
.legend i { display: inline-block; width: 12px; height: 3px; margin-right: 4px; vertical-align: middle }
</style><div id="grid"></div>`

/** Draws the panels with what a Prometheus has for them, by the library uPlot in a browser, and writes the picture. */
export async function drawDashboard({ panels, path, ...asked }: Drawing): Promise<void> {
  const drawn = await Promise.all(panels.map((panel) => answerOf(panel, asked)))
  const page = await openBrowser()
  const height = Math.max(...panels.map(({ gridPos }) => (gridPos.y + gridPos.h) * ROW_PX))
  await page.setViewportSize({ width: 1536, height: Math.ceil(height) })
  await page.setContent(PAGE)
  await page.addStyleTag({ path: join(UPLOT, 'uPlot.min.css') })
  await page.addScriptTag({ path: join(UPLOT, 'uPlot.iife.min.js') })
  await page.addScriptTag({ content: readFileSync(join(import.meta.dirname, 'draw-panels.js'), 'utf8') })
  await page.evaluate(`drawPanels(${JSON.stringify({ panels: drawn, rowPx: ROW_PX, columnPx: 64 })})`)
  await page.screenshot({ path, animations: 'disabled' })
}

const ROW_PX = 30

async function answerOf(
  { type, title, gridPos, targets = [], fieldConfig }: Panel,
  { prometheus, start, end, variables }: Omit<Drawing, 'panels' | 'path'>,
): Promise<DrawnPanel> {
  const answers = await Promise.all(
    targets.map(async ({ expr, legendFormat = '' }) => {
      const query = Object.entries(variables).reduce((text, [name, value]) => text.replaceAll(`$${name}`, value), expr)
      return (await prometheus.range(query, { start, end, step: 1 })).map((series) => ({ legendFormat, series }))
    }),
  )
  const times = Array.from({ length: Math.floor(end - start) + 1 }, (_, second) => start + second)
  const series = answers.flat().map((answer) => ({
    name: legendOf(answer.legendFormat, answer.series),
    values: valuesAt(times, answer.series),
  }))
  return { type, title, unit: fieldConfig?.defaults.unit ?? '', grid: gridPos, times, series }
}

function legendOf(format: string, { metric }: RangeSeries): string {
  return format.replaceAll(/\{\{(\w+)\}\}/gu, (_, label: string) => metric[label] ?? '')
}

function valuesAt(times: readonly number[], { values }: RangeSeries): readonly (number | null)[] {
  const known = new Map(values.map(([time, value]) => [Math.round(time), Number(value)]))
  return times.map((time) => {
    const value = known.get(Math.round(time))
    return value === undefined || Number.isNaN(value) ? null : value
  })
}
