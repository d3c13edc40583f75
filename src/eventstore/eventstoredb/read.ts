// What is asked once and answered at an end: a page of a stream, and what is looked up in the log by the official client.
import { START, type EventStoreDBClient } from '@eventstore/db-client'
import type { Position, RawEvent } from '../port.ts'
import { CallFailed, status } from './call.ts'
import type { Connections } from './connection.ts'
import { readAnswer } from './read-answer.ts'
import { paths, readFrame } from './encode.ts'
import { within } from './within.ts'

/** A node that hangs would otherwise be waited for without end. */
const readMs = 10_000

/** Up to `count` events from a revision (null: the last one) on or back. Nothing for a stream that does not exist. */
export async function page(
  connections: Connections,
  stream: string,
  from: number | null,
  backwards: boolean,
  count: number,
): Promise<readonly RawEvent[]> {
  const connection = await connections.current()
  return new Promise((resolve, reject) => {
    const events: RawEvent[] = []
    const late = setTimeout(() => {
      call.cancel()
      reject(new CallFailed(status.unavailable, `no answer from the event store in ${readMs} ms`))
    }, readMs)
    const call = connection.call(paths.read, {
      message: message => {
        const answer = readAnswer(message)
        if (typeof answer === 'object' && 'event' in answer) events.push(answer.event)
      },
      over: error => {
        clearTimeout(late)
        if (error) reject(error)
        else resolve(events)
      },
    })
    call.end(readFrame(stream, from, backwards, count))
  })
}

/** A server answers UNKNOWN to a position that is none of its log's. */
export async function holds(client: EventStoreDBClient, position: Position): Promise<boolean> {
  const at = BigInt(position)
  const look = async () => {
    const found = client.readAll({ fromPosition: { commit: at, prepare: at }, maxCount: 1 })
    for await (const { event } of found) return event?.position?.commit === at
    return false
  }
  try {
    return await within(readMs, look())
  } catch (error) {
    if ((error as { code?: number }).code === status.unknown) return false
    throw error
  }
}

/** Events that are looked at to count those that somebody has not seen: enough to tell a little behind from far behind. */
const mostCounted = 1_000

export function countAfter(client: EventStoreDBClient, prefixes: readonly string[], after: Position): Promise<number> {
  const at = BigInt(after)
  const fromPosition = after < 0 ? START : { commit: at, prepare: at }
  const count = async () => {
    let count = 0
    for await (const { event } of client.readAll({ fromPosition, maxCount: mostCounted + 1 }))
      if (event && event.position.commit > at && prefixes.some(prefix => event.streamId.startsWith(prefix))) count++
    return Math.min(count, mostCounted)
  }
  return within(readMs, count())
}
