// Reads protobuf's wire format: a cursor over one message, entering and leaving nested ones without copying them.

/** The bytes are not the protobuf message they are said to be. */
export class MalformedMessage extends Error {}

const VARINT = 0
const FIXED64 = 1
const LENGTH = 2
const FIXED32 = 5

/**
 * `while (r.next()) switch (r.field) { … default: r.skip() }`: every field must be consumed or skipped.
 * 64-bit numbers come as doubles: exact below 2^53, and beyond that only ever compared with what is below.
 */
export class WireReader {
  field = 0
  /** The two halves of the varint read last, for the one reader that needs all 64 bits. */
  low = 0
  high = 0
  private wire = 0
  private at = 0
  private end: number
  private readonly bytes: Buffer

  constructor(bytes: Buffer) {
    this.bytes = bytes
    this.end = bytes.length
  }

  next(): boolean {
    if (this.at >= this.end) return false
    const tag = this.varint()
    this.field = Math.floor(tag / 8)
    this.wire = tag % 8
    if (this.field === 0) throw new MalformedMessage('field number 0')
    return true
  }

  number(): number {
    this.expect(VARINT)
    return this.varint()
  }

  bool(): boolean {
    return this.number() !== 0
  }

  /** A view into the message, not a copy. */
  data(): Buffer {
    const [start, end] = this.span()
    return this.bytes.subarray(start, end)
  }

  string(): string {
    const [start, end] = this.span()
    return this.bytes.toString('utf8', start, end)
  }

  /** Steps into a nested message; give what it returns to `leave`. */
  enter(): number {
    const [start, end] = this.span()
    const outer = this.end
    this.at = start
    this.end = end
    return outer
  }

  leave(outer: number): void {
    this.at = this.end
    this.end = outer
  }

  skip(): void {
    if (this.wire === VARINT) this.varint()
    else if (this.wire === LENGTH) this.span()
    else if (this.wire === FIXED64) this.advance(8)
    else if (this.wire === FIXED32) this.advance(4)
    else throw new MalformedMessage(`wire type ${this.wire}`)
  }

  private span(): [start: number, end: number] {
    this.expect(LENGTH)
    const length = this.varint()
    const start = this.at
    this.advance(length)
    return [start, this.at]
  }

  private advance(length: number): void {
    if (length > this.end - this.at) throw new MalformedMessage('a field ends after its message')
    this.at += length
  }

  private expect(wire: number): void {
    if (this.wire !== wire) throw new MalformedMessage(`field ${this.field} has wire type ${this.wire}`)
  }

  private varint(): number {
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.at >= this.end) throw new MalformedMessage('a number is cut short')
      const byte = this.bytes[this.at++]!
      const part = byte & 0x7f
      if (shift < 28) low |= part << shift
      else if (shift === 28) {
        low |= part << 28
        high = part >>> 4
      } else high |= part << (shift - 32)
      if (byte < 0x80) {
        this.low = low >>> 0
        this.high = high >>> 0
        return this.high * 0x1_0000_0000 + this.low
      }
    }
    throw new MalformedMessage('a number is too long')
  }
}
