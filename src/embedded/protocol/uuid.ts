// Event ids on the wire: a string, or two signed 64-bit halves ("structured"); inside the store always the string.
import { MalformedMessage } from '../../wire/reader.ts'
import type { WireReader } from '../../wire/reader.ts'
import { int64Field, messageField } from '../../wire/writer.ts'

const SHAPE = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

const hyphened = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`

/** Reads a `UUID` message that the reader stands on; throws where it is none. */
export const readUuid = (r: WireReader): string => {
  let id = ''
  const outer = r.enter()
  while (r.next()) {
    if (r.field === 1) id = readStructured(r)
    else if (r.field === 2) id = r.string()
    else r.skip()
  }
  r.leave(outer)
  if (SHAPE.test(id)) return id
  const lower = id.toLowerCase()
  if (SHAPE.test(lower)) return lower
  throw new MalformedMessage(`'${id.slice(0, 40)}' is not a UUID`)
}

const readStructured = (r: WireReader): string => {
  const halves = ['0'.repeat(16), '0'.repeat(16)]
  const outer = r.enter()
  while (r.next()) {
    if (r.field !== 1 && r.field !== 2) {
      r.skip()
      continue
    }
    r.number()
    halves[r.field - 1] = r.high.toString(16).padStart(8, '0') + r.low.toString(16).padStart(8, '0')
  }
  r.leave(outer)
  return hyphened(halves.join(''))
}

/** The `UUID` message's content with the id as two numbers. */
export const structuredUuid = (id: string): Buffer => {
  const bytes = Buffer.from(id.replaceAll('-', ''), 'hex')
  return messageField(1, int64Field(1, bytes.readBigInt64BE(0)), int64Field(2, bytes.readBigInt64BE(8)))
}
