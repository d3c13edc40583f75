// All appends travel in one call, BatchAppend: those of a tick in one write, and each is answered by its number.
import { ANY, jsonEvent, NO_STREAM } from '@eventstore/db-client'
import { StoreUnavailable, type Appended, type ExpectedRevision, type NewEvent } from '../port.ts'
import { CallFailed, status, type Call } from './call.ts'
import type { Connections } from './connection.ts'
import { appendAnswer } from './append-answer.ts'
import { appendFrames, paths } from './encode.ts'
import { appendFailure, appendRefusal } from './failure.ts'
import type { Official } from './official.ts'

export interface Append {
  readonly stream: string
  readonly expected: ExpectedRevision
  readonly events: readonly NewEvent[]
  /** The events as they travel: made once, however often they are sent. */
  readonly proposed: readonly Buffer[]
}

export interface Appends {
  /** Appends once. Rejects with WrongRevision, StoreUnavailable (the outcome is unknown), or an Error for what is refused. */
  attempt(append: Append): Promise<Appended>
  readonly closed: boolean
  close(): void
}

/** The call has no deadline: a node that hangs would not be noticed. How often is looked for who waits too long. */
const attemptMs = 5_000
const lookMs = 500
/** What the store is told, as the official client does. */
const deadlineMs = 10_000

interface Asked {
  readonly n: number
  readonly append: Append
  readonly at: number
  resolve(appended: Appended): void
  reject(error: Error): void
}

/**
 * `before` is called before an answer is heard: to events that came before it. Who appended what another box had appended
 * already is told by the feed, and has to know that when the answer says that it is so.
 */
export function openAppends(official: Official, connections: Connections, before: () => void): Appends {
  /** Not answered yet, the oldest first. */
  const asked = new Map<number, Asked>()
  /** Of these, what was not sent yet. */
  let waiting: Asked[] = []
  let n = 0
  let scheduled = false
  let opening = false
  let closed = false
  let call: Call | undefined

  const fail = ({ n, append, reject }: Asked, thrown: Error) => {
    if (asked.delete(n)) reject(appendFailure(append.stream, append.expected, thrown))
  }
  const failAll = (thrown: Error) => {
    waiting = []
    for (const one of asked.values()) fail(one, thrown)
  }

  const answered = (message: Buffer) => {
    const { n, outcome } = appendAnswer(message)
    const one = asked.get(n)
    if (!one) return // waited for too long
    asked.delete(n)
    before()
    if ('appended' in outcome) one.resolve(outcome.appended)
    else one.reject(appendRefusal(one.append.stream, one.append.expected, outcome.refused))
  }

  const open = async () => {
    opening = true
    try {
      const connection = await connections.current()
      if (await official.supports(paths.append))
        call = connection.call(paths.append, {
          message: answered,
          over: error => {
            call = undefined
            failAll(error ?? new CallFailed(status.unavailable, 'the event store ended the call'))
          },
        })
      else for (const one of waiting.splice(0)) byItself(one)
    } catch (error) {
      failAll(error as Error)
    }
    opening = false
    if (waiting.length > 0) flush()
  }

  /** A server from before 21.10 has no BatchAppend: the official client has another way. */
  const byItself = (one: Asked) => {
    const { stream, expected, events } = one.append
    const expectedRevision = expected === 'any' ? ANY : expected === 'none' ? NO_STREAM : BigInt(expected)
    const told = events.map(({ id, type, data, metadata }) =>
      jsonEvent({ id, type, data: data as Record<string, unknown>, metadata: { ...metadata } }),
    )
    official.client.appendToStream(stream, told, { expectedRevision }).then(
      ({ nextExpectedRevision, position }) => {
        asked.delete(one.n)
        one.resolve({ revision: Number(nextExpectedRevision), position: Number(position?.commit ?? 0n) })
      },
      (error: Error) => fail(one, error),
    )
  }

  const flush = () => {
    scheduled = false
    if (!call) {
      if (!opening) void open()
      return
    }
    const deadline = Math.floor((Date.now() + deadlineMs) / 1000)
    const parts: Buffer[] = []
    for (const { n, append } of waiting)
      if (asked.has(n)) parts.push(...appendFrames(n, append.stream, append.expected, deadline, append.proposed))
    waiting = []
    call.write(Buffer.concat(parts))
  }

  const look = setInterval(() => {
    const late = Date.now() - attemptMs
    for (const one of asked.values()) {
      if (one.at > late) break
      fail(one, new CallFailed(status.unavailable, `no answer from the event store in ${attemptMs} ms`))
    }
  }, lookMs)

  return {
    attempt: append =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new StoreUnavailable('the event store connection is closed'))
        const one = { n: ++n, append, at: Date.now(), resolve, reject }
        asked.set(one.n, one)
        waiting.push(one)
        if (scheduled) return
        scheduled = true
        setImmediate(flush)
      }),
    get closed() {
      return closed
    },
    close: () => {
      closed = true
      clearInterval(look)
      failAll(new CallFailed(status.unavailable, 'the event store connection is closed'))
    },
  }
}
