// Who polls here: one session for each device of a person, made by the first request and kept by those that follow.
import { isRefusal, refuse, type Refusal, type SessionEnd } from '../../domain/index.ts'
import { faulted } from '../asking.ts'
import type { Devices } from '../devices.ts'
import type { Identity } from '../http/auth.ts'
import type { Admission } from '../load/admission.ts'
import type { Outgoing } from '../socket/outbox.ts'
import { framesIn, take } from './frames.ts'
import type { PollParts } from './parts.ts'
import { createPlaces } from './place.ts'
import { poll, type Answer, type Asked } from './poll.ts'
import { PollSession } from './session.ts'

export interface Polls {
  poll(who: Identity, asked: Asked): Promise<Answer | Refusal>
  /** `body`: JSON, one frame or an array of them. */
  frames(who: Identity, body: Uint8Array): Promise<readonly Outgoing[] | Refusal>
  /** The device says goodbye. Resolves when the log has been told. */
  close(who: Identity): Promise<void>
  sessions(): number
  /** Bytes that wait to be fetched. */
  waiting(): number
  /** All sessions are over; who comes is on this box. */
  startAnew(box: string): void
  /** Answers all who wait, and resolves when the log has been told of each session's end. */
  stop(): Promise<void>
}

const isStopping = refuse('busy', 'this box is stopping; another one takes you', 1000)

export function createPolls(parts: PollParts, devices: Devices, admission: Admission): Polls {
  const { load } = parts
  const places = createPlaces(parts.cursors)
  const sessions = new Map<string, PollSession>()
  /** Sessions whose end the log is being told of. */
  const ending = new Set<Promise<void>>()
  let current = parts
  let stopping = false

  load.onChange(() => {
    for (const session of sessions.values()) session.tell(load.frame())
  })

  const signingOut = devices.signedOut.subscribe(device => {
    const session = sessions.get(keyOf(device))
    if (!session) return
    if (devices.refusalOf(session.bearer)) session.end('signed-out')
    else void devices.admit(session.bearer) // it came with a newer token, before this box knew of the signing out
  })

  // ids have no spaces
  const keyOf = ({ user, device }: { user: string; device: string }) => `${user} ${device}`

  const over = (session: PollSession): void => {
    if (sessions.get(keyOf(session)) === session) sessions.delete(keyOf(session))
    ending.add(session.ended)
    void session.ended.then(() => ending.delete(session.ended))
  }

  const sessionOf = (who: Identity): PollSession => {
    const known = sessions.get(keyOf(who))
    if (known) return known
    const session = new PollSession(current, who, over)
    sessions.set(keyOf(who), session)
    if (load.level() > 0) session.tell(load.frame())
    return session
  }

  /** Waits for its turn where it begins a session; who comes meanwhile with the same device shares it. */
  const admitted = async (who: Identity): Promise<PollSession | Refusal> => {
    if (sessions.has(keyOf(who))) return sessionOf(who)
    const refusal = await admission.enter()
    if (stopping) return isStopping
    return refusal ?? devices.refusalOf(who) ?? sessionOf(who) // it may have been signed out while it waited
  }

  const during = async <T>(who: Identity, what: string, call: (session: PollSession) => Promise<T | Refusal>) => {
    if (stopping) return isStopping
    const session = await admitted(who)
    if (isRefusal(session)) return session
    try {
      return await session.during(who, async () => {
        await session.ready
        return call(session)
      })
    } catch (error) {
      session.end('closed-by-server')
      return faulted(error, what, parts.log)
    }
  }

  const endAll = (why: SessionEnd): void => {
    for (const session of [...sessions.values()]) session.end(why)
  }

  return {
    poll: (who, asked) => during(who, 'poll', session => poll(current, places, session, asked)),

    async frames(who, body) {
      const texts = framesIn(body, parts.settings.limits.framesPerRequest)
      return isRefusal(texts) ? texts : during(who, 'frames', session => take(parts, session, texts))
    },

    async close(who) {
      const session = sessions.get(keyOf(who))
      session?.end('closed-by-client')
      await session?.ended
    },

    sessions: () => sessions.size,
    waiting: () => {
      let bytes = 0
      for (const { held } of sessions.values()) bytes += held.bytes
      return bytes
    },

    startAnew(box) {
      current = { ...parts, box }
      endAll('box-lost')
    },

    async stop() {
      stopping = true
      endAll('box-stopped')
      signingOut.unsubscribe()
      await Promise.all(ending)
    },
  }
}
