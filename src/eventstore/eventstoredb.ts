// The adapter to EventStoreDB (and KurrentDB, and the embedded store: one protocol). The official client runs in a thread.
import { Worker } from 'node:worker_threads'
import {
  perTick,
  type Answer,
  type AppendDone,
  type CountDone,
  type Failure,
  type HoldsDone,
  type ReadDone,
  type Request,
} from './eventstoredb/messages.ts'
import { StoreUnavailable, WrongRevision, type AppendMeter, type EventStore } from './port.ts'
import { isFed } from './streams.ts'

/** Threads run compiled JavaScript; from sources (in tests) that is what was built beside them. */
const worker = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/eventstore/eventstoredb/worker.js' : './eventstoredb/worker.js',
  import.meta.url,
)
const pageSize = 500
/** Who reads back looks for something that was lately. */
const pageBack = 50

interface Waiting {
  answer(answer: Answer): void
  fail(error: Error): void
}

const unmeasured: AppendMeter = { began: () => 0, ended: () => undefined, durable: () => undefined }

/** Connects to `esdb://…`. The connection is made with the first request; `onFault` hears of the end of the thread. */
export function connectEventStore(
  url: string,
  onFault: (error: Error) => void,
  appends: AppendMeter = unmeasured,
): EventStore {
  const thread = new Worker(worker, { workerData: { url } })
  const send = perTick<Request>(text => thread.postMessage(text))
  const waiting = new Map<number, Waiting>()
  let n = 0
  let closing = false

  thread.on('message', (text: string) => {
    for (const answer of JSON.parse(text) as Answer[]) waiting.get(answer.n)?.answer(answer)
  })
  const end = (error: Error) => {
    for (const one of waiting.values()) one.fail(new StoreUnavailable(error.message))
    waiting.clear()
    if (!closing) onFault(error)
    closing = true
  }
  thread.on('error', end)
  thread.on('exit', code => end(new Error(`the event store client's thread ended with code ${code}`)))

  const ask = <A extends Answer>(request: (n: number) => Request, toError: (failure: Failure) => Error) =>
    new Promise<A>((resolve, reject) => {
      if (closing) return reject(new StoreUnavailable('the event store connection is closed'))
      const mine = ++n
      const settle = () => waiting.delete(mine)
      waiting.set(mine, {
        answer: answer => {
          settle()
          if ('failed' in answer) reject(toError(answer.failed))
          else resolve(answer as A)
        },
        fail: error => {
          settle()
          reject(error)
        },
      })
      send(request(mine))
    })

  const readBack = async (stream: string, from: number | null, limit: number) => {
    const { events } = await ask<ReadDone>(
      n => ({ n, op: 'back', stream, from, limit }),
      failure => otherError(`reading ${stream}`, failure),
    )
    return events
  }

  return {
    append: async (stream, events, expected) => {
      const began = appends.began()
      try {
        const { appended } = await ask<AppendDone>(
          n => ({ n, op: 'append', stream, events, expected }),
          failure =>
            failure.kind === 'wrong-revision'
              ? new WrongRevision(stream, expected, failure.actual)
              : otherError(`appending to ${stream}`, failure),
        )
        if (isFed(stream)) appends.durable(appended.position) // nobody can wait for the others to come back
        return appended
      } finally {
        appends.ended(began)
      }
    },

    read: async function* (stream, from = 0) {
      for (let next = from; ;) {
        const { events } = await ask<ReadDone>(
          n => ({ n, op: 'read', stream, from: next, limit: pageSize }),
          failure => otherError(`reading ${stream}`, failure),
        )
        if (events.length > 0) yield events
        if (events.length < pageSize) return
        next = events.at(-1)!.revision + 1
      }
    },

    back: async function* (stream) {
      for (let from: number | null = null; ;) {
        const events = await readBack(stream, from, pageBack)
        if (events.length > 0) yield events
        const first = events.at(-1)?.revision ?? 0
        if (events.length < pageBack || first === 0) return
        from = first - 1
      }
    },

    holds: async position => {
      const { holds } = await ask<HoldsDone>(
        n => ({ n, op: 'holds', position }),
        failure => otherError(`reading position ${position}`, failure),
      )
      return holds
    },
    countAfter: async (prefixes, position) => {
      const { count } = await ask<CountDone>(
        n => ({ n, op: 'count', prefixes, after: position }),
        failure => otherError('reading the end of the log', failure),
      )
      return count
    },
    last: async stream => (await readBack(stream, null, 1))[0],

    subscribe: (prefixes, after, reader) => {
      const mine = ++n
      const stop = () => {
        if (waiting.delete(mine) && !closing) send({ n: mine, op: 'unsubscribe' })
      }
      const lost = (error: Error) => {
        stop()
        reader.lost(error)
      }
      waiting.set(mine, {
        answer: answer => {
          if ('failed' in answer) return lost(otherError('the subscription', answer.failed))
          if (!('batch' in answer)) return
          const taken = () => send({ n: mine, op: 'taken' })
          const promise = reader.take(answer.batch)
          if (promise) promise.then(taken, lost)
          else taken()
        },
        fail: lost,
      })
      send({ n: mine, op: 'subscribe', prefixes, after: after ?? null })
      return stop
    },

    close: async () => {
      closing = true
      await thread.terminate()
    },
  }
}

function otherError(doing: string, failure: Failure): Error {
  const message = `${doing}: ${'message' in failure ? failure.message : failure.kind}`
  return failure.kind === 'unavailable' ? new StoreUnavailable(message) : new Error(message)
}
