// Whether a cost grows with what is stored: the same thing, asked at several sizes.
import { failureOf, summaryOf } from './measure.ts'
import type { Row } from './measure.ts'
import { number } from './table.ts'

/** More than so much, and the rounds do not overlap: it grows. Two rounds of the same thing differ by a third on a busy machine. */
const GROWS = 1.5

/** Rows are called `thing, size`. A line for each thing that has several sizes: its medians, and whether they are flat. */
export const flatness = (rows: readonly Row[]): string[] => {
  const things = new Map<string, { size: string; row: Row }[]>()
  for (const row of rows) {
    const comma = row.what.lastIndexOf(', ')
    const thing = `${row.what.slice(0, comma)} by ${row.what.slice(comma + 2).replace(/^[\d,]+ /, '')}`
    things.set(thing, [...(things.get(thing) ?? []), { size: row.what.slice(comma + 2), row }])
  }
  return [...things].flatMap(([thing, sizes]) => (sizes.length < 2 ? [] : [`  ${thing}: ${verdict(sizes)}`]))
}

const verdict = (sizes: readonly { size: string; row: Row }[]): string => {
  if (sizes.some(({ row }) => failureOf(row) !== undefined)) return 'failed'
  const p50s = sizes.map(({ row }) => summaryOf(row).p50)
  const [first, last] = [p50s[0], p50s.at(-1)]
  if (first === undefined || last === undefined) return 'not measured'
  const times = last.median / first.median
  const costs = p50s.map(p50 => number(p50?.median)).join(' → ')
  const grows = times > GROWS && last.min > first.max
  return `${costs} ms${grows ? `, NOT FLAT: ${number(times)} times` : ', flat'}`
}
