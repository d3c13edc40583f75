// What boxes say to each other in passing, carried by PostgreSQL's NOTIFY: recorded nowhere, never repeated, and heard by whoever
// listens at that moment.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from 'pg'
import { Subject, type Observable } from 'rxjs'

export interface Whispers {
  /** To all other boxes. At most some 7,000 bytes. */
  say(text: string): void
  /** What others say; whoever wants it checks that it understands it. */
  readonly heard: Observable<string>
}

const channel = 'verbatim_boxes'
/** What is said faster than PostgreSQL takes it is left out beyond so many. */
const mostWaiting = 1_000
/** Before it listens again after a connection was lost (milliseconds). */
const pauseMs = 1_000

/** `others`: whether anybody could hear it. */
export function openWhispers(pool: Pool, others: () => boolean, log: (line: string) => void) {
  const me = randomUUID()
  const heard = new Subject<string>()
  const stopping = new AbortController()
  let waiting: string[] = []
  let saying: Promise<unknown> | undefined

  const sayAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const texts = waiting
      waiting = []
      await pool.query('SELECT pg_notify($1, text) FROM unnest($2::text[]) AS text', [channel, texts])
    }
  }

  /** Listens until the connection is lost. */
  const listen = async (): Promise<void> => {
    const client = await pool.connect()
    try {
      const lost = new Promise<void>(resolve => {
        client.on('error', () => resolve()).on('end', resolve)
        stopping.signal.addEventListener('abort', () => resolve())
      })
      client.on('notification', ({ payload = '' }) => {
        if (!payload.startsWith(me)) heard.next(payload.slice(me.length + 1))
      })
      await client.query(`LISTEN ${channel}`)
      if (!stopping.signal.aborted) await lost
    } finally {
      client.release(true) // it listens: nobody else should have it
    }
  }

  const keepListening = async (): Promise<void> => {
    for (let failing = false; !stopping.signal.aborted;) {
      try {
        await listen()
        failing = false
      } catch (error) {
        if (!failing) log(`other boxes are not heard: ${(error as Error).message}`)
        failing = true
      }
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }

  let listening: Promise<void> | undefined
  return {
    heard: heard.asObservable(),
    say: (text: string): void => {
      if (!others() || waiting.length === mostWaiting) return
      waiting.push(`${me} ${text}`)
      // what cannot be said now is not worth saying later
      saying ??= sayAll()
        .catch(() => (waiting = []))
        .finally(() => (saying = undefined))
    },
    listen: (): void => {
      listening ??= keepListening()
    },
    async stop(): Promise<void> {
      stopping.abort()
      await Promise.all([listening, saying])
      heard.complete()
    },
  }
}
