// Subscriptions under load: a thousand at once, some that never read, and some that are cut off again and again.
import { randomInt } from 'node:crypto'
import { EventStoreDBClient, START, binaryEvent, jsonEvent, streamNameFilter } from '@eventstore/db-client'
import type { AllStreamSubscription, Position, ResolvedEvent, StreamSubscription } from '@eventstore/db-client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startEventStore } from '../../src/embedded/index.ts'
import { frame } from '../../src/wire/frames.ts'
import { WireReader } from '../../src/wire/reader.ts'
import { emptyField, messageField, numberField, stringField } from '../../src/wire/writer.ts'
import { read } from '../contracts/reading.ts'
import { breakableWay } from './breakable-way.ts'
import { observedNode } from './observed-node.ts'
import { folder, rawCall } from './support.ts'
import type { RawCall } from './support.ts'

const clientOf = (url: string): EventStoreDBClient => {
  const client = EventStoreDBClient.connectionString(url)
  onTestFinished(() => client.dispose())
  return client
}

/** Says which event it is and where it stands: to compare what subscribers see with what the log says. */
const placeOf = ({ event }: ResolvedEvent): string =>
  `${event!.position!.commit}: ${event!.revision}@${event!.streamId}`

/** Sixteen writers at once; each stream gets as many as the next. */
const writeBy16 = async (appends: number, append: (n: number) => Promise<unknown>): Promise<void> => {
  let next = 0
  const write = async (): Promise<void> => {
    while (next < appends) await append(next++)
  }
  await Promise.all(Array.from({ length: 16 }, write))
}

const said = (n: number) => jsonEvent({ type: 'Said', data: { n, text: 'x'.repeat(150) } })
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/** What a subscriber asks for, and which streams that is. */
interface Wish {
  prefix?: string
  stream?: string
  wanted: (stream: string) => boolean
}

describe('a thousand subscribers at once', () => {
  const streams = numbers(20).map(i => `s-${i}`)
  const wish = (i: number): Wish => {
    if (i % 10 === 0) return { wanted: () => true }
    const prefix = `s-${i % 3}`
    if (i % 2 === 0) return { prefix, wanted: stream => stream.startsWith(prefix) }
    const one = streams[i % streams.length]!
    return { stream: one, wanted: stream => stream === one }
  }

  it('receive all that is theirs in order while writers go on, and are forgotten when they are gone', async () => {
    const node = await observedNode()
    const writer = clientOf(node.url)
    const clients = [clientOf(node.url), clientOf(node.url)]
    const perStream = 15
    const total = perStream * streams.length

    const subscribe = (i: number) => {
      const { prefix, stream, wanted } = wish(i)
      const client = clients[i % 2]!
      const subscription =
        stream === undefined
          ? client.subscribeToAll(prefix === undefined ? {} : { filter: streamNameFilter({ prefixes: [prefix] }) })
          : client.subscribeToStream(stream)
      const seen: string[] = []
      const complete = new Promise<void>((resolve, reject) => {
        const count = perStream * streams.filter(wanted).length
        subscription.on('error', reject).on('data', each => {
          if (seen.push(placeOf(each)) === count) resolve()
        })
      })
      return { subscription, complete, seen, wanted }
    }

    const early = numbers(500).map(subscribe)
    const writing = writeBy16(total, n => writer.appendToStream(streams[n % streams.length]!, said(n)))
    const late = numbers(500).map(subscribe)
    await writing
    await Promise.all([...early, ...late].map(({ complete }) => complete))
    expect(node.followers()).toBe(1000)

    const everything = await read(writer.readAll())
    expect(everything).toHaveLength(total)
    for (const { seen, wanted } of [...early, ...late])
      expect(seen).toEqual(everything.filter(({ event }) => wanted(event!.streamId)).map(placeOf))

    const deserted = node.deserted()
    await Promise.all(early.map(({ subscription }) => subscription.unsubscribe()))
    await Promise.all(clients.map(client => client.dispose()))
    await deserted
    const told = node.told()
    await writer.appendToStream('s-0', said(total))
    expect(node.told()).toBe(told)
  })
})

describe('a subscriber that does not read', () => {
  /** The revision of the event in this answer; undefined where there is none. */
  const revisionIn = (answer: Buffer): number | undefined => {
    const r = new WireReader(answer)
    for (const field of ['ReadResp.event', 'ReadEvent.event']) {
      if (!r.next() || r.field !== 1) return field === 'ReadResp.event' ? undefined : NaN
      r.enter()
    }
    while (r.next()) {
      if (r.field === 3) return r.number()
      r.skip()
    }
    return NaN
  }

  const revisionsOf = async (call: RawCall, count: number): Promise<number[]> => {
    const found: number[] = []
    while (found.length < count) {
      const revision = revisionIn(await call.message())
      if (revision !== undefined) found.push(revision)
    }
    return found
  }

  const filter = messageField(7, messageField(1, stringField(2, 's')), numberField(3, 32), numberField(5, 32))
  const sources = {
    all: [messageField(2, emptyField(2))],
    filtered: [messageField(2, emptyField(2)), filter],
    stream: [messageField(1, messageField(1, stringField(3, 's')))],
  }
  const textIds = messageField(9, emptyField(2))

  it('leaves next to nothing waiting in the node, holds up nobody, and reads on where it was', async () => {
    const node = await observedNode()
    const [few, most, each] = [1000, 200, 50]
    const everything = numbers(few + most * each)

    const subscribe = async (source: Buffer[]): Promise<RawCall> => {
      const call = rawCall(node.url, '/event_store.client.streams.Streams/Read')
      call.write(frame(messageField(1, ...source, emptyField(6), textIds)))
      call.end()
      await call.message() // the confirmation
      return call
    }
    /** Subscribes, reads so many events and then no more. */
    const stall = async (source: Buffer[], after: number) => {
      const number = node.handed.length
      const call = await subscribe(source)
      const before = await revisionsOf(call, after)
      call.pause(true)
      const handed = node.handed[number]!
      return {
        held: () => node.handed[number]! - handed,
        readOn: async () => {
          call.pause(false)
          return [...before, ...(await revisionsOf(call, everything.length - after))]
        },
      }
    }
    const stallAll = (after: number) => Promise.all(Object.values(sources).map(source => stall(source, after)))

    const quick = await subscribe(sources.all)
    const received = revisionsOf(quick, everything.length)
    const writer = clientOf(node.url)
    const sent = (bytes: number) => binaryEvent({ type: 'Sent', data: Buffer.alloc(bytes) })

    const stalled = await stallAll(0) // at the end of an empty log
    await writeBy16(few, () => writer.appendToStream('s', sent(1000)))
    stalled.push(...(await stallAll(0))) // while there is more to read
    stalled.push(...(await stallAll(few))) // at the end, with all that there is, before commits of up to 8 MB
    await writeBy16(most, () =>
      writer.appendToStream(
        's',
        numbers(each).map(() => sent(10_000)),
      ),
    )
    expect(await received).toEqual(everything)
    // of 100 MB: what fills the client's window, and a page
    for (const { held } of stalled) expect(held()).toBeLessThan(300_000)
    for (const { readOn } of stalled) expect(await readOn()).toEqual(everything)
  })
})

describe('a subscriber whose connection breaks again and again', () => {
  const streams = numbers(4).flatMap(i => [`a-${i}`, `b-${i}`])
  const wishes: Wish[] = [
    { wanted: () => true },
    { prefix: 'a-', wanted: stream => stream.startsWith('a-') },
    { prefix: 'b-1', wanted: stream => stream === 'b-1' },
    { stream: 'a-2', wanted: stream => stream === 'a-2' },
  ]

  /** An event takes some 400: a connection gets at most a tenth of what there is. */
  const BYTES = 40

  /**
   * Subscribes over a way that breaks after some bytes, anew each time, until `saw` says that it has seen everything;
   * returns how often it broke. What still comes out of a subscription that has failed is not counted: it comes again.
   */
  const throughBreaks = async (
    port: number,
    longest: number,
    subscribe: (client: EventStoreDBClient) => AllStreamSubscription | StreamSubscription,
    saw: (each: ResolvedEvent) => boolean,
  ): Promise<number> => {
    const way = await breakableWay(port)
    for (let breaks = 0; ; breaks++) {
      way.cutAfter(randomInt(500, longest))
      const client = EventStoreDBClient.connectionString(way.url)
      const complete = await new Promise<boolean>(resolve => {
        let over = false
        const end = (complete: boolean): void => {
          over = true
          resolve(complete)
        }
        const subscription = subscribe(client) as AllStreamSubscription
        subscription
          .on('error', () => end(false))
          .on('data', each => {
            if (!over && saw(each)) end(true)
          })
      })
      await client.dispose()
      if (complete) return breaks
    }
  }

  /** Three times: writes, with subscribers that read from the beginning meanwhile; then asks the log what there was. */
  const threeRounds = async (
    follow: (port: number, wish: Wish, count: number) => Promise<{ seen: string[]; breaks: number }>,
  ): Promise<void> => {
    const store = await startEventStore({ dir: await folder() })
    onTestFinished(() => store.close())
    const writer = clientOf(store.url)
    const perRound = 2000
    for (let round = 1; round <= 3; round++) {
      const writing = writeBy16(perRound, n => writer.appendToStream(streams[n % streams.length]!, said(n)))
      const following = wishes.map(wish => {
        const share = streams.filter(wish.wanted).length / streams.length
        return follow(store.port, wish, round * perRound * share)
      })
      await writing
      const everything = await read(writer.readAll())
      expect(everything).toHaveLength(round * perRound)
      for (const [i, { seen, breaks }] of (await Promise.all(following)).entries()) {
        expect(seen).toEqual(everything.filter(({ event }) => wishes[i]!.wanted(event!.streamId)).map(placeOf))
        expect(breaks).toBeGreaterThan(5)
      }
    }
  }

  it('sees each event once and in order where it resumes from the last that it saw', { timeout: 60_000 }, () =>
    threeRounds(async (port, { prefix, stream }, count) => {
      const seen: string[] = []
      let last: ResolvedEvent['event']
      const subscribe = (client: EventStoreDBClient) => {
        if (stream !== undefined) return client.subscribeToStream(stream, { fromRevision: last?.revision ?? START })
        const filter = prefix === undefined ? {} : { filter: streamNameFilter({ prefixes: [prefix] }) }
        return client.subscribeToAll({ fromPosition: last?.position ?? START, ...filter })
      }
      const breaks = await throughBreaks(port, count * BYTES, subscribe, each => {
        last = each.event
        return seen.push(placeOf(each)) === count
      })
      return { seen, breaks }
    }),
  )

  it(
    'sees all events, some of them again, where it resumes from a place it noted now and then',
    { timeout: 60_000 },
    () =>
      threeRounds(async (port, { stream = '', prefix = stream }, count) => {
        const seen = new Map<bigint, string>()
        let noted: Position | undefined
        let before = -1n
        let inOrder = true
        const subscribe = (client: EventStoreDBClient) => {
          before = noted?.commit ?? -1n
          // the connection that has broken may still tell of what it received before, after the next one has begun
          let mine = true
          const filter = streamNameFilter({
            prefixes: [prefix],
            checkpointReached: (_, position) => {
              if (mine) noted = position
            },
          })
          return client.subscribeToAll({ fromPosition: noted ?? START, filter }).on('error', () => (mine = false))
        }
        const breaks = await throughBreaks(port, count * BYTES, subscribe, each => {
          const { commit } = each.event!.position!
          inOrder &&= commit > before // within a connection, and behind the place it began from
          before = commit
          seen.set(commit, placeOf(each))
          return seen.size === count
        })
        expect(inOrder).toBe(true)
        return { seen: [...seen.values()], breaks }
      }),
  )
})
