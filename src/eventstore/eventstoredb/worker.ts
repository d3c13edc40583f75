// The thread of the official client. Its work (protobuf, mostly) is what an event costs most, so it has a thread to itself.
// A prototype on 2 cores did 4,960 complete messages/s so, 3,443 with the client on the main thread.
import { BACKWARDS, END, EventStoreDBClient, START, type ReadStreamOptions } from '@eventstore/db-client'
import { parentPort, workerData } from 'node:worker_threads'
import { append } from './append.ts'
import { decodeNatively } from './base64.ts'
import { fromClient, failure } from './convert.ts'
import { perTick, type Answer, type ReadDone, type Request } from './messages.ts'
import { within } from './within.ts'
import { subscribe, type ClientSubscription } from './subscribe.ts'

decodeNatively()
const port = parentPort!
const client = EventStoreDBClient.connectionString((workerData as { url: string }).url)
const answer = perTick<Answer>(text => port.postMessage(text))
const subscriptions = new Map<number, ClientSubscription>()

/** A page; a node that hangs would otherwise be waited for without end. */
const readMs = 10_000

const read = (n: number, stream: string, options: ReadStreamOptions) => within(readMs, page(n, stream, options))

async function page(n: number, stream: string, options: ReadStreamOptions): Promise<ReadDone> {
  const events = []
  try {
    for await (const { event } of client.readStream(stream, options)) if (event) events.push(fromClient(event))
  } catch (error) {
    if ((error as { type?: string }).type !== 'stream-not-found') throw error
  }
  return { n, events }
}

/** A server answers UNKNOWN to a position that is none of its log's. */
const UNKNOWN = 2

async function holds(position: number): Promise<boolean> {
  const at = BigInt(position)
  try {
    const found = client.readAll({ fromPosition: { commit: at, prepare: at }, maxCount: 1 })
    for await (const { event } of found) return event?.position?.commit === at
    return false
  } catch (error) {
    if ((error as { code?: number }).code === UNKNOWN) return false
    throw error
  }
}

/** Events that are looked at to count those that somebody has not seen: enough to tell a little behind from far behind. */
const mostCounted = 1_000

async function countAfter(prefixes: readonly string[], after: number): Promise<number> {
  const at = BigInt(after)
  const fromPosition = after < 0 ? START : { commit: at, prepare: at }
  let count = 0
  for await (const { event } of client.readAll({ fromPosition, maxCount: mostCounted + 1 }))
    if (event && event.position.commit > at && prefixes.some(prefix => event.streamId.startsWith(prefix))) count++
  return Math.min(count, mostCounted)
}

async function handle(request: Request): Promise<Answer | undefined> {
  const { n } = request
  switch (request.op) {
    case 'append':
      return { n, appended: await append(client, request) }
    case 'read':
      return read(n, request.stream, { fromRevision: BigInt(request.from), maxCount: request.limit })
    case 'holds':
      return { n, holds: await within(readMs, holds(request.position)) }
    case 'count':
      return { n, count: await within(readMs, countAfter(request.prefixes, request.after)) }
    case 'back': {
      const fromRevision = request.from === null ? END : BigInt(request.from)
      return read(n, request.stream, { fromRevision, direction: BACKWARDS, maxCount: request.limit })
    }
    case 'subscribe':
      subscriptions.set(
        n,
        subscribe(client, request.prefixes, request.after, batch => answer({ n, batch })),
      )
      return undefined
    case 'taken':
      subscriptions.get(n)?.taken()
      return undefined
    case 'unsubscribe':
      subscriptions.get(n)?.stop()
      subscriptions.delete(n)
      return undefined
  }
}

port.on('message', (text: string) => {
  for (const request of JSON.parse(text) as Request[])
    handle(request).then(
      said => said && answer(said),
      (error: unknown) => answer({ n: request.n, failed: failure(error) }),
    )
})
