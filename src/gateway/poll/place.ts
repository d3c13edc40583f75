// A poll's cursor: how far its client is. What a socket keeps in its session stands here in the cursor, so that a poll can be
// repeated, and go on at another box, with nothing kept for it. The cursors of frames are good here too.
import type { Position } from '../../eventstore/index.ts'
import type { Cursors } from '../socket/cursor.ts'

export interface Place {
  /** All that is not after this has been told. */
  readonly position: Position
  /** The sessions the client knows, the latest last. Boxes may take turns, and each has one. */
  readonly told: readonly ToldUpTo[]
  /** Of what is unacknowledged up to `position`, all that is not after `after` has been told. */
  readonly unacknowledged?: { readonly after: Position }
}

/** Of a session, by the beginning of its id: its frames without a place in the log have arrived up to this number. */
export interface ToldUpTo {
  readonly session: string
  readonly upTo: number
}

export interface Places {
  of(place: Place): string
  parse(cursor: string): Place | 'epoch' | 'unknown-cursor'
}

export const shortId = (session: string): string => session.slice(0, 8)

/** `<cursor of the position>[~<after>](.<session>.<told>)*`; without the middle part a socket resumes from it too. */
const form = /^([\w-]+)(?:~(-1|\d{1,15}))?((?:\.[0-9a-f]{8}\.\d{1,9}){0,8})$/
const most = 8

export const createPlaces = (cursors: Cursors): Places => ({
  of({ position, told, unacknowledged }) {
    const waiting = unacknowledged ? `~${unacknowledged.after}` : ''
    const known = told.slice(-most).map(({ session, upTo }) => `.${session}.${upTo}`)
    return `${cursors.of(position)}${waiting}${known.join('')}`
  },

  parse(cursor) {
    const [, plain, after, known] = form.exec(cursor) ?? []
    if (plain === undefined) return 'unknown-cursor'
    const position = cursors.parse(plain)
    if (typeof position === 'string') return position
    return {
      position,
      told: [...known!.matchAll(/\.(\w+)\.(\d+)/g)].map(([, session, upTo]) => ({
        session: session!,
        upTo: Number(upTo),
      })),
      ...(after === undefined ? {} : { unacknowledged: { after: Number(after) } }),
    }
  },
})
