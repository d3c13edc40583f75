// The resume cursor: epoch and commit position, opaque to clients. It never expires; one of another log, or none at all,
// is told apart so that `reset` can say why.
import type { Position } from '../../eventstore/index.ts'

/** What a poll's cursor also has (poll/place.ts), and is of no use here. */
const ofPolls = /(\.[0-9a-f]{8}\.\d{1,9}){0,8}$/

export interface Cursors {
  /** The cursor of a position in this log. */
  of(position: Position): string
  /** The position again, or why there is none: made by another log, or by nobody. */
  parse(cursor: string): Position | 'epoch' | 'unknown-cursor'
}

/** `epoch` names the log: an id written once at its first boot. Before the first event the position is -1. */
export function createCursors(epoch: string): Cursors {
  const of = (position: Position): string => Buffer.from(`${position} ${epoch}`, 'latin1').toString('base64url')
  return {
    of,
    parse(given) {
      const cursor = given.replace(ofPolls, '')
      const text = Buffer.from(cursor, 'base64url').toString('latin1')
      const [, digits, where] = /^(-1|0|[1-9]\d{0,15}) (.+)$/s.exec(text) ?? []
      const position = Number(digits)
      if (where === undefined || !Number.isSafeInteger(position)) return 'unknown-cursor'
      if (Buffer.from(text, 'latin1').toString('base64url') !== cursor) return 'unknown-cursor' // base64 is lenient, we are not
      return where === epoch ? position : 'epoch'
    },
  }
}
