// The figures as a picture (SVG 1.1, no scripts, no fonts of its own): bars for rates, marks for latencies. Axes are logarithmic,
// since rooms and logins are orders of magnitude apart.
import { failureOf, summaryOf } from './measure.ts'
import type { Row, Spread } from './measure.ts'
import { number } from './table.ts'

export interface Measured {
  scenario: string
  title: string
  rows: Row[]
}

const WIDTH = 960
const LABELS = 360
const RIGHT = 110
const LINE = 22
const HEAD = 44

interface Bar {
  label: string
  text: string
  /** Where its marks are: median, and what it reached from and to. */
  at: Spread
}

export const chart = (measured: readonly Measured[], caption: string): string => {
  const rates = bars(measured, 'rate')
  const latencies = bars(measured, 'latency')
  const panels = [
    { title: 'Per second: median, and the least and most of the rounds', unit: '/s', bars: rates },
    { title: 'Latency in ms: p50 to p99, medians of the rounds', unit: ' ms', bars: latencies },
  ].filter(({ bars }) => bars.length > 0)
  let top = 40
  const drawn = panels.map(({ title, unit, bars }) => {
    const text = panel(title, unit, bars, top)
    top += HEAD + bars.length * LINE + 30
    return text
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${top}" viewBox="0 0 ${WIDTH} ${top}"
  font-family="system-ui, sans-serif" font-size="12" fill="#222">
<rect width="100%" height="100%" fill="#fff"/>
<text x="12" y="24" font-size="13">${escaped(caption)}</text>
${drawn.join('\n')}
</svg>
`
}

/** What failed has no bar. */
const bars = (measured: readonly Measured[], kind: 'rate' | 'latency'): Bar[] =>
  measured.flatMap(({ scenario, rows }) =>
    rows.flatMap(row => {
      if (failureOf(row) !== undefined) return []
      const { value, p50, p99 } = summaryOf(row)
      const label = `${scenario} · ${row.what}`
      if (kind === 'rate')
        return value && row.unit.endsWith('/s')
          ? [{ label, text: `${number(value.median)} ${row.unit}`, at: value }]
          : []
      if (!p50 || !p99) return []
      const at = { median: p50.median, min: p50.median, max: p99.median }
      return [{ label, text: `${number(p50.median)} – ${number(p99.median)}`, at }]
    }),
  )

const panel = (title: string, unit: string, bars: readonly Bar[], top: number): string => {
  const values = bars.flatMap(({ at }) => [at.min, at.max]).filter(value => value > 0)
  const from = Math.floor(Math.log10(Math.min(...values)))
  const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(...values))))
  const x = (value: number): number => {
    const share = (Math.log10(Math.max(value, 10 ** from)) - from) / (to - from)
    return round(LABELS + share * (WIDTH - LABELS - RIGHT))
  }
  const bottom = top + HEAD + bars.length * LINE
  const grid = Array.from({ length: to - from + 1 }, (_, index) => 10 ** (from + index)).map(
    tick =>
      `<line x1="${x(tick)}" x2="${x(tick)}" y1="${top + HEAD - 6}" y2="${bottom}" stroke="#ddd"/>` +
      `<text x="${x(tick)}" y="${top + HEAD - 10}" text-anchor="middle" fill="#777">${number(tick)}${unit}</text>`,
  )
  const lines = bars.map(({ label, text, at }, index) => {
    const y = top + HEAD + index * LINE + 8
    const width = Math.max(2, round(x(at.max) - x(at.min)))
    return (
      `<text x="${LABELS - 10}" y="${y + 4}" text-anchor="end">${escaped(label)}</text>` +
      `<rect x="${x(at.min)}" y="${y - 4}" width="${width}" height="8" rx="2" fill="#9db8d9"/>` +
      `<circle cx="${x(at.median)}" cy="${y}" r="5" fill="#27548a"/>` +
      `<text x="${round(x(at.max) + 9)}" y="${y + 4}" fill="#555">${escaped(text)}</text>`
    )
  })
  return [`<text x="12" y="${top + 14}" font-weight="bold">${escaped(title)}</text>`, ...grid, ...lines].join('\n')
}

const round = (value: number): number => Math.round(value * 10) / 10

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, character => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[character]!)
