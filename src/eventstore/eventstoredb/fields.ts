// Of a protobuf message inside another that a reader stands on: one field. And numbers that must be exact.
import type { WireReader } from '../../wire/reader.ts'

/** A position or revision. Past 2^53 it would not be exact, and is refused rather than rounded. */
export function exact(value: number): number {
  if (value > Number.MAX_SAFE_INTEGER)
    throw new Error(`position ${value} is past 2^53, where this version's numbers end`)
  return value
}

/** The string with this number; empty where it has none. */
export function textIn(r: WireReader, field: number): string {
  let text = ''
  const outer = r.enter()
  while (r.next())
    if (r.field === field) text = r.string()
    else r.skip()
  r.leave(outer)
  return text
}

/** The whole number with this number; undefined where it has none. */
export function numberIn(r: WireReader, field: number): number | undefined {
  let value: number | undefined
  const outer = r.enter()
  while (r.next())
    if (r.field === field) value = exact(r.number())
    else r.skip()
  r.leave(outer)
  return value
}
