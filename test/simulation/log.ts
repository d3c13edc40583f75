// The log of a run: the embedded store's own engine, in memory, behind connections that take their time, and a store that is
// restarted: what was on its way is then durable or not, and nobody is told which.
import { openEventLog, type EventLog } from '../../src/embedded/engine/event-log.ts'
import {
  frameOf,
  idOf,
  positionAfter,
  positionOf,
  revisionOf,
  streamOf,
  typeOf,
  type EventRecord,
} from '../../src/embedded/engine/event-record.ts'
import { ANY, NO_STREAM } from '../../src/embedded/engine/expected.ts'
import { WireReader } from '../../src/wire/reader.ts'
import { memoryStorage } from '../../src/embedded/storage/memory.ts'
import { FIRST_POSITION, type LogStorage } from '../../src/embedded/storage/port.ts'
import { decode, epochStream, StoreUnavailable, WrongRevision } from '../../src/eventstore/index.ts'
import type {
  Appended,
  EventStore,
  ExpectedRevision,
  NewEvent,
  RawEvent,
  RecordedEvent,
} from '../../src/eventstore/index.ts'
import { delay } from './network.ts'
import type { Luck } from './random.ts'
import type { Scheduler } from './scheduler.ts'

/** The log's name. */
export const epoch = '0d7c9c5e-2f57-5d7e-8f0b-6a3e0c1b9d42'

const grpcHead = 5
const pageSize = 6
const everything = { events: Infinity, bytes: Infinity }

function rawOf(record: EventRecord): RawEvent {
  const reader = new WireReader(frameOf(record).subarray(grpcHead))
  let [data, metadata]: [unknown, unknown] = [null, null]
  const into = (field: number, read: () => void) => {
    while (reader.next())
      if (reader.field === field) {
        const outer = reader.enter()
        read()
        reader.leave(outer)
      } else reader.skip()
  }
  into(1, () =>
    into(1, () => {
      while (reader.next())
        if (reader.field === 7) metadata = JSON.parse(reader.string())
        else if (reader.field === 8) data = JSON.parse(reader.string())
        else reader.skip()
    }),
  )
  return {
    stream: streamOf(record),
    revision: revisionOf(record),
    position: positionOf(record),
    id: idOf(record),
    type: typeOf(record),
    data,
    metadata,
  }
}

const numberOf = (expected: ExpectedRevision): number =>
  expected === 'any' ? ANY : expected === 'none' ? NO_STREAM : expected

type Outcome = Appended | 'unavailable' | { readonly actual: number | null }

export class SimulatedLog {
  readonly #scheduler: Scheduler
  readonly #luck: Luck
  readonly #storage: LogStorage = memoryStorage()
  readonly #raw = new Map<number, RawEvent>()
  readonly #events: RecordedEvent[] = []
  #readTo = FIRST_POSITION
  readonly #followers = new Set<() => void>()
  /** Of the store's present life: those who wait for it hear when it is over. */
  #waiting = new Set<() => void>()
  #life = 0
  #engine: EventLog | undefined

  constructor(scheduler: Scheduler, luck: Luck) {
    this.#scheduler = scheduler
    this.#luck = luck
    this.start()
  }

  get isUp(): boolean {
    return this.#engine !== undefined
  }

  /** An empty log has no end to be at: the first event is the epoch's, as everywhere. */
  async begin(luck: Luck): Promise<void> {
    const nobody = { actor: { user: null, device: null, session: null }, origin: 'system' as const }
    const metadata = { ...nobody, at: '2024-01-01T00:00:00.000Z', correlationId: epoch, causationId: epoch }
    const event = { id: epoch, type: 'EpochBegun', data: {}, metadata }
    await this.connect(luck, () => false).append(epochStream, [event], 'any')
  }

  /** What is not committed is lost; what is, is not, and who waits for an answer is not told. */
  stop(): void {
    this.#life++
    this.#engine = undefined
    const waiting = this.#waiting
    this.#waiting = new Set()
    for (const lost of waiting) lost()
  }

  start(): void {
    const life = ++this.#life
    const never = new Promise<never>(() => undefined)
    const storage: LogStorage = {
      ...this.#storage,
      commit: async entries => {
        await this.#scheduler.sleep(delay(this.#luck))
        if (life !== this.#life) return never
        const done = this.#storage.commit(entries)
        for (const follow of this.#followers) follow()
        await done
        if (this.#luck.chance(0.3)) await this.#scheduler.sleep(delay(this.#luck))
        return life === this.#life ? undefined : never
      },
    }
    const now = () => Math.floor(this.#scheduler.now)
    const onFatal = (error: unknown) => {
      throw error
    }
    this.#engine = openEventLog({ storage, onFatal, now })
    for (const follow of this.#followers) follow()
  }

  /** All events there are, in order. */
  events(): readonly RecordedEvent[] {
    for (const record of this.#storage.forward(this.#readTo, everything)) {
      this.#readTo = positionAfter(record)
      const event = decode(this.#rawOf(record))
      if (event) this.#events.push(event)
    }
    return this.#events
  }

  end(): number {
    return this.#storage.end()
  }

  /** A connection of somebody's own, until they are gone. */
  connect(luck: Luck, isGone: () => boolean): EventStore {
    const scheduler = this.#scheduler
    const someTime = () => scheduler.sleep(delay(luck))
    /** Who is gone hears nothing any more. */
    const here = <T>(answer: T): T | Promise<never> => (isGone() ? new Promise<never>(() => undefined) : answer)

    const attempt = async (
      stream: string,
      events: readonly NewEvent[],
      expected: ExpectedRevision,
    ): Promise<Outcome> => {
      await someTime()
      if (isGone()) return new Promise<never>(() => undefined)
      const engine = this.#engine
      if (engine === undefined) return 'unavailable'
      const waiting = this.#waiting
      const proposed = events.map(({ id, type, data, metadata }) => ({
        id,
        type,
        isJson: true,
        data: Buffer.from(JSON.stringify(data)),
        metadata: Buffer.from(JSON.stringify(metadata)),
      }))
      return new Promise(resolve => {
        const lost = () => resolve('unavailable')
        waiting.add(lost)
        engine.append({ stream, expected: numberOf(expected), events: proposed }, outcome => {
          waiting.delete(lost)
          if (outcome.kind === 'deleted') throw new Error(`${stream} is deleted, which nobody asked for`)
          if (outcome.kind === 'wrong-version') resolve({ actual: outcome.current < 0 ? null : outcome.current })
          else if (luck.chance(0.03))
            resolve('unavailable') // the answer is lost on its way
          else resolve({ revision: outcome.last, position: outcome.position! })
        })
      })
    }

    const page = async (ask: () => EventRecord[]): Promise<RawEvent[]> => {
      await someTime()
      if (this.#engine === undefined) throw new StoreUnavailable('the store is not there')
      const found = ask().map(record => this.#rawOf(record))
      await someTime()
      return here(found)
    }
    const key = (stream: string) => this.#storage.streamKey(stream)
    const forward = (stream: string, from: number) => {
      const known = key(stream)
      if (known === undefined) return []
      return this.#storage.streamForward(known, from, Number.MAX_SAFE_INTEGER - 1, { ...everything, events: pageSize })
    }
    const backward = (stream: string, from: number) => {
      const known = key(stream)
      if (known === undefined) return []
      return this.#storage.streamBackward(known, from, 0, { ...everything, events: pageSize })
    }
    const last = Number.MAX_SAFE_INTEGER - 2

    return {
      async append(stream, events, expected) {
        const end = scheduler.now + 15_000
        for (let pause = 50; ; pause = Math.min(pause * 2, 1_000)) {
          const outcome = await attempt(stream, events, expected)
          await someTime()
          if (isGone()) return new Promise<never>(() => undefined)
          if (outcome === 'unavailable') {
            if (scheduler.now + pause > end) throw new StoreUnavailable(`appending to ${stream}`)
            await scheduler.sleep(pause)
          } else if ('actual' in outcome) throw new WrongRevision(stream, expected, outcome.actual)
          else return outcome
        }
      },
      async *read(stream, from = 0) {
        for (let next = from; ;) {
          const events = await page(() => forward(stream, next))
          if (events.length > 0) yield events
          if (events.length < pageSize) return
          next = events.at(-1)!.revision + 1
        }
      },
      async *back(stream) {
        for (let from = last; ;) {
          const events = await page(() => backward(stream, from))
          if (events.length > 0) yield events
          if (events.length < pageSize || events.at(-1)!.revision === 0) return
          from = events.at(-1)!.revision - 1
        }
      },
      last: async stream => (await page(() => backward(stream, last)))[0],
      holds: position => Promise.resolve(this.#storage.holds(position)),
      countAfter: () => Promise.reject(new Error('nobody asks how far a simulated log is ahead')),
      subscribe: (prefixes, after, reader) => {
        let next = FIRST_POSITION
        if (after !== undefined && after > 0)
          next = positionAfter(this.#storage.forward(after, { events: 1, bytes: 1 })[0]!)
        let upTo = after ?? -1
        let [scheduled, busy, stopped, saidLive] = [false, false, false, false]
        const look = (): void => {
          if (scheduled || busy || stopped || isGone()) return
          scheduled = true
          scheduler.after(delay(luck), () => {
            scheduled = false
            if (stopped || isGone() || !this.isUp) return
            const most = luck.chance(0.8) ? 500 : 1 + luck.below(3)
            const records = this.#storage.forward(next, { events: most, bytes: Infinity })
            const live = records.length < most
            if (records.length === 0 && (saidLive || upTo < 0)) return
            if (records.length > 0) {
              next = positionAfter(records.at(-1)!)
              upTo = positionOf(records.at(-1)!)
            }
            saidLive = live
            const events = records
              .map(record => this.#rawOf(record))
              .filter(({ stream }) => prefixes.some(prefix => stream.startsWith(prefix)))
            busy = true
            const taken = () => {
              busy = false
              look()
            }
            const taking = reader.take({ events, upTo, live })
            if (taking) taking.then(taken, reader.lost)
            else taken()
          })
        }
        this.#followers.add(look)
        look()
        return () => {
          stopped = true
          this.#followers.delete(look)
        }
      },
      close: () => Promise.resolve(),
    }
  }

  #rawOf(record: EventRecord): RawEvent {
    const position = positionOf(record)
    let raw = this.#raw.get(position)
    if (raw === undefined) this.#raw.set(position, (raw = rawOf(record)))
    return raw
  }
}
