// `GET /v1/poll`: the frames after a cursor, as soon as there is one.
import { isRefusal, type Refusal } from '../../domain/index.ts'
import type { Position } from '../../eventstore/index.ts'
import { getsTo } from '../socket/ahead.ts'
import { answer } from '../socket/frames.ts'
import type { Outgoing } from '../socket/outbox.ts'
import { missed } from './missed.ts'
import type { PollParts } from './parts.ts'
import { type Place, type Places, shortId, type ToldUpTo } from './place.ts'
import type { PollSession } from './session.ts'

export interface Asked {
  readonly cursor: string | undefined
  readonly waitMs: number
  /** Aborted where nobody waits for the answer any more. */
  readonly gone: AbortSignal
}

export interface Answer {
  readonly frames: readonly Outgoing[]
  readonly cursor: string
  /** There may be more already. */
  readonly more?: boolean
  /** Another poll of the device has taken this one's place. */
  readonly replaced?: boolean
}

export async function poll(
  parts: PollParts,
  places: Places,
  session: PollSession,
  asked: Asked,
): Promise<Answer | Refusal> {
  const base = await session.ready
  const turn = session.takeTurn()
  if (asked.cursor === undefined) return begin(parts, places, session)
  const start = await startOf(parts, places, asked.cursor)
  if (typeof start === 'string') return begin(parts, places, session, start)

  const greeting = isGreeted(session, start) ? [] : [welcome(parts, session, base)]
  session.told.forget(arrived(session, start))
  const end = parts.timers.now() + asked.waitMs
  asked.gone.addEventListener('abort', () => turn.wake(), { once: true })
  for (let place: Omit<Place, 'told'> = start; ;) {
    turn.listen()
    const piece = await missed(parts, session, place)
    if (isRefusal(piece)) return piece
    if (turn.replaced) return { frames: [], cursor: asked.cursor, replaced: true }
    place = piece.next
    const frames = [...greeting, ...piece.frames, ...session.told.frames]
    const left = end - parts.timers.now()
    if (frames.length > 0 || (!piece.more && (left <= 0 || session.over || asked.gone.aborted))) {
      const upTo = session.told.last
      await Promise.all(frames.flatMap(({ opened }) => opened ?? []))
      session.welcomed = true
      session.given = upTo
      const told = [...start.told.filter(one => !isOf(session, one)), { session: shortId(session.session), upTo }]
      return { frames, cursor: places.of({ ...place, told }), ...(piece.more ? { more: true } : {}) }
    }
    if (!piece.more) await turn.sleep(left)
  }
}

/** It does not resume: what comes first is what is unacknowledged, then what is after the present place. */
function begin(parts: PollParts, places: Places, session: PollSession, reset?: 'epoch' | 'unknown-cursor'): Answer {
  const position = Math.max(session.held.floor, Math.min(parts.projections.position(), parts.fanout.position()))
  const frames = reset && session.welcomed ? [] : [welcome(parts, session, position)]
  if (reset) frames.push(answer({ type: 'reset', reason: reset }))
  session.welcomed = true
  const told = [{ session: shortId(session.session), upTo: 0 }]
  return { frames, cursor: places.of({ position, unacknowledged: { after: -1 }, told }) }
}

const isOf = ({ session }: PollSession, told: ToldUpTo): boolean => told.session === shortId(session)

/** Whether the client knows this session: its cursor says so, or is a frame's, and it has been welcomed before. */
const isGreeted = (session: PollSession, { told }: Place): boolean =>
  told.length > 0 ? told.some(one => isOf(session, one)) : session.welcomed

/** Up to which number the client has what was told. An answer that was lost is given again. */
const arrived = (session: PollSession, { told }: Place): number =>
  told.length > 0 ? (told.find(one => isOf(session, one))?.upTo ?? 0) : session.given

function welcome({ epoch, cursors, settings }: PollParts, session: PollSession, at: Position): Outgoing {
  const { user, device, box } = session
  const { limits } = settings
  const cursor = cursors.of(at)
  return answer({ type: 'welcome', user, session: session.session, device, box, epoch, cursor, limits })
}

async function startOf({ fanout, timers }: PollParts, places: Places, cursor: string) {
  const place = places.parse(cursor)
  if (typeof place === 'string' || place.position <= fanout.position()) return place
  return (await getsTo(place.position, fanout, timers)) ? place : 'unknown-cursor'
}
