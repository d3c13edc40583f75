// Writes protobuf's wire format: small functions that make one field each, and the varint both they and the hot paths use.

/** The highest 64-bit number EventStoreDB uses as a revision (a tombstone's), as the double that stands for it here. */
export const LONG_MAX = 2 ** 63

export const varintSize = (value: number): number => {
  let size = 1
  for (let rest = value; rest >= 0x80 && size < 9; rest /= 128) size++
  return size
}

/** Writes a whole number below 2^53, or LONG_MAX; returns where the next byte goes. */
export const putVarint = (into: Buffer, at: number, value: number): number => {
  if (value === LONG_MAX) {
    into.fill(0xff, at, at + 8)
    into[at + 8] = 0x7f
    return at + 9
  }
  let rest = value
  while (rest > 0x7fff_ffff) {
    into[at++] = (rest % 128) | 0x80
    rest = Math.floor(rest / 128)
  }
  while (rest > 0x7f) {
    into[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  into[at++] = rest
  return at
}

// each field is one allocation of its exact size: these make every acknowledgement

export const numberField = (field: number, value: number): Buffer => {
  const tag = field * 8
  const out = Buffer.allocUnsafe(varintSize(tag) + varintSize(value))
  putVarint(out, putVarint(out, 0, tag), value)
  return out
}

/** A signed 64-bit field: protobuf's int64 is the two's complement, ten bytes where negative. */
export const int64Field = (field: number, value: bigint): Buffer => {
  const parts: number[] = []
  let rest = BigInt.asUintN(64, value)
  for (; rest > 0x7fn; rest >>= 7n) parts.push(Number(rest & 0x7fn) | 0x80)
  parts.push(Number(rest))
  return Buffer.concat([numberField(field, 0).subarray(0, -1), Buffer.from(parts)])
}

export const messageField = (field: number, ...parts: Buffer[]): Buffer => {
  const tag = field * 8 + 2
  const length = lengthOf(parts)
  const out = Buffer.allocUnsafe(varintSize(tag) + varintSize(length) + length)
  copyAll(parts, out, putVarint(out, putVarint(out, 0, tag), length))
  return out
}

export const bytesField = (field: number, value: Buffer): Buffer => messageField(field, value)

export const stringField = (field: number, value: string): Buffer => bytesField(field, Buffer.from(value))

export const emptyField = (field: number): Buffer => messageField(field)

export const lengthOf = (parts: readonly Buffer[]): number => {
  let length = 0
  for (const part of parts) length += part.length
  return length
}

export const copyAll = (parts: readonly Buffer[], into: Buffer, at: number): void => {
  for (const part of parts) at += part.copy(into, at)
}
