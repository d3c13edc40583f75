// Carries out a history against a store and the model at once, and compares every answer, event and position.
import { randomUUID } from 'node:crypto'
import {
  StreamDeletedError,
  StreamNotFoundError,
  WrongExpectedVersionError,
  binaryEvent,
  jsonEvent,
  streamNameFilter,
} from '@eventstore/db-client'
import type { EventStoreDBClient, Position, RecordedEvent, ResolvedEvent } from '@eventstore/db-client'
import { expect } from 'vitest'
import { STREAMS } from './histories.ts'
import type { From, Operation, Place } from './histories.ts'
import { storeModel } from './model.ts'
import type { Answer, Expected, Proposed, Recorded } from './model.ts'
import { comes, read, received } from './reading.ts'
import { numbers, ways } from './store.ts'

/** The store under test, which can be stopped and started on what it has kept. */
export interface Node {
  client(): EventStoreDBClient
  restart(): Promise<void>
}

interface Following {
  expected(): Recorded[]
  ended(): boolean
  found: ResolvedEvent[]
  until(count: number): Promise<unknown>
  failed: Promise<Error>
  end(): Promise<void>
}

// events as both sides are compared by: the ids of what the store itself writes are its own affair
const plain = ({ stream, revision, type, data, id }: Recorded) => ({
  stream,
  revision,
  type,
  data,
  id: type.startsWith('$') ? '' : id,
})
const seen = (event: RecordedEvent) =>
  plain({
    stream: event.streamId,
    revision: event.revision === 2n ** 63n - 1n ? Infinity : Number(event.revision),
    type: event.type,
    data: event.isJson ? event.data : Buffer.from(event.data).toString(),
    id: event.id,
  })

const refused = (error: unknown): Answer => {
  if (error instanceof StreamDeletedError) return { kind: 'deleted' }
  if (!(error instanceof WrongExpectedVersionError)) throw error
  return { kind: 'wrong', actual: error.actualVersion === 'no_stream' ? -1 : Number(error.actualVersion) }
}

/** `name` is one that no other history has used. */
export const carryOut = async (node: Node, name: string, history: readonly Operation[]): Promise<void> => {
  const model = storeModel()
  const run = randomUUID().slice(0, -2)
  /** Ids come again within a history, and in no other: each can be run again alone. */
  const idOf = (n: number): string => `${run}${String(n).padStart(2, '0')}`
  const streams = numbers(STREAMS).map(n => `${name}-${n}`)
  const positions = new Map<string, bigint>()
  const appended: { stream: string; expected: Expected; events: Proposed[]; way: number }[] = []
  let following: Following[] = []

  const keyOf = ({ stream, revision }: { stream: string; revision: number }): string => `${revision}@${stream}`
  /** A position once told is the event's for ever. */
  const expectPosition = (of: string, position: Position | undefined): void => {
    const known = positions.get(of) ?? position?.commit
    expect([of, position?.commit]).toEqual([of, known])
    positions.set(of, known!)
  }
  const placeOf = (index: number): Position => {
    const commit = positions.get(keyOf(model.log[index]!))!
    return { commit, prepare: commit }
  }
  const expectedOf = (stream: string, from: From): Expected => {
    if (typeof from === 'string') return from
    const last = model.last(stream)
    const revision = (last === Infinity ? 0 : last) + from
    return revision < 0 ? 'no_stream' : revision
  }
  const sent = (expected: Expected) => ({
    expectedRevision: typeof expected === 'number' ? BigInt(expected) : expected,
  })

  const expectEvents = (found: ResolvedEvent[], expected: Recorded[], resolve = false): void => {
    const shown = expected.map(event => (resolve ? model.resolve(event) : { event }))
    expect(
      found.map(({ event, link }) => ({
        ...(event && { event: seen(event) }),
        ...(link && { link: seen(link) }),
      })),
    ).toEqual(
      shown.map(({ event, link }: ReturnType<typeof model.resolve>) => ({
        ...(event && { event: plain(event) }),
        ...(link && { link: plain(link) }),
      })),
    )
    for (const [i, { event, link }] of found.entries()) expectPosition(keyOf(expected[i]!), (link ?? event)!.position)
  }

  const append = async (stream: string, expected: Expected, events: Proposed[], way: number): Promise<void> => {
    const answer = model.append(stream, expected, events)
    const proposed = events.map(({ id, type, data }) =>
      type === '$>'
        ? binaryEvent({ id, type, data: new TextEncoder().encode(String(data)) })
        : jsonEvent({ id, type, data: data as { n: number } }),
    )
    const given = await node
      .client()
      .appendToStream(stream, proposed, { ...ways[way]![1], ...sent(expected) })
      .catch(refused)
    if ('kind' in given) return expect(given).toEqual(answer)
    expect(answer.kind).toBe('stored')
    if (events.length === 0 || answer.kind !== 'stored') return // the client gives no revision where there is none
    expect(Number(given.nextExpectedRevision)).toBe(answer.last)
    expectPosition(keyOf({ stream, revision: answer.last }), given.position)
  }

  const readWhole = async (): Promise<void> =>
    expectEvents(await read(node.client().readAll({ fromPosition: base })), model.log)

  /** Ends the subscriptions, once they have got all they were to get, and the right end. */
  const endFollowing = async (): Promise<void> => {
    for (const each of following) {
      const expected = each.expected()
      await each.until(expected.length)
      expectEvents(each.found, expected)
      if (each.ended()) expect(await each.failed).toBeInstanceOf(StreamDeletedError)
      else await each.end()
    }
    following = []
  }

  const follow = (
    subscription: ReturnType<EventStoreDBClient['subscribeToAll']>,
    expected: () => Recorded[],
    ended: () => boolean,
  ): Following => {
    const found: ResolvedEvent[] = []
    let look = (): void => undefined
    subscription.on('data', event => {
      found.push(event)
      look()
    })
    return {
      expected,
      ended,
      found,
      failed: received<Error>(subscription, 'error'),
      until: count =>
        new Promise<void>(resolve => {
          look = () => void (found.length >= count && resolve())
          look()
        }),
      end: () => subscription.unsubscribe(),
    }
  }

  const followStream = async (stream: string, from: Place): Promise<void> => {
    const all = model.shown(stream)
    const after = from === 'start' ? -1 : from === 'end' ? model.last(stream) : from
    const since = model.log.length
    const expected = () => [
      ...(typeof all === 'string' ? [] : all),
      ...model.log.slice(since).filter(event => event.stream === stream && event.revision < Infinity),
    ]
    const fromRevision = typeof from === 'number' ? BigInt(from) : from
    const subscription = node.client().subscribeToStream(stream, { fromRevision })
    const each = follow(
      subscription as never,
      () => expected().filter(({ revision }) => revision > after),
      () => model.shown(stream) === 'deleted',
    )
    following.push(each)
    if (all === 'deleted') await each.failed
    else await comes(subscription, all === 'missing' && from !== 'end' ? 'confirmation' : 'caughtUp')
  }

  const followAll = async (from: Place, filtered: boolean): Promise<void> => {
    await readWhole()
    const index = from === 'start' ? 0 : from === 'end' ? model.log.length - 1 : from % model.log.length
    const options = {
      fromPosition: from === 'end' ? from : placeOf(index),
      ...(filtered && { filter: streamNameFilter({ prefixes: [name] }) }),
    }
    const subscription = node.client().subscribeToAll(options)
    const expected = () => model.log.slice(index + 1).filter(({ stream }) => !filtered || stream.startsWith(name))
    following.push(follow(subscription, expected, () => false))
    await comes(subscription, 'caughtUp')
  }

  const carry = async (operation: Operation): Promise<void> => {
    switch (operation.do) {
      case 'append': {
        const stream = streams[operation.stream]!
        const expected = expectedOf(stream, operation.expected)
        const events = operation.ids.map(n => ({ id: idOf(n), type: 'Said', data: { n } }))
        appended.push({ stream, expected, events, way: operation.way })
        return append(stream, expected, events, operation.way)
      }
      case 'append again': {
        if (appended.length === 0) return
        const { which, skip, take } = operation
        const { stream, expected, events, way } = appended[which % appended.length]!
        const from = expected === 'no_stream' ? -1 : expected
        const at = typeof from === 'number' && skip > 0 ? from + skip : expected
        return append(stream, at, events.slice(skip, skip + take), way)
      }
      case 'link': {
        const [stream, to] = [streams[operation.stream]!, streams[operation.to]!]
        return append(stream, 'any', [{ id: randomUUID(), type: '$>', data: `${operation.revision}@${to}` }], 0)
      }
      case 'set metadata': {
        const { tb, maxCount } = operation
        const stream = `$$${streams[operation.stream]}`
        const data = { ...(tb !== undefined && { $tb: tb }), ...(maxCount && { $maxCount: maxCount }), ours: true }
        const id = randomUUID()
        return append(stream, expectedOf(stream, operation.expected), [{ id, type: '$metadata', data }], 0)
      }
      case 'delete':
      case 'close': {
        const stream = streams[operation.stream]!
        const forGood = operation.do === 'close'
        const from = operation.expected === 'stream_exists' && !forGood ? 'any' : operation.expected
        const expected = expectedOf(stream, from)
        const answer = model.remove(stream, expected, forGood)
        const client = node.client()
        const options = sent(expected) as { expectedRevision: 'any' }
        const removing = forGood ? client.tombstoneStream(stream, options) : client.deleteStream(stream, options)
        const given = await removing.catch(refused)
        if ('kind' in given) return expect(given).toEqual(answer)
        return expect(answer.kind).toBe('stored')
      }
      case 'read': {
        const { meta, from, backwards, count, resolve } = operation
        const stream = `${meta ? '$$' : ''}${streams[operation.stream]}`
        const expected = model.read(stream, { from, backwards, count })
        const reading = node.client().readStream(stream, {
          fromRevision: typeof from === 'number' ? BigInt(from) : from,
          direction: backwards ? 'backwards' : 'forwards',
          maxCount: count,
          resolveLinkTos: resolve,
        })
        const found = await read(reading).catch((error: unknown) => error as Error)
        if (expected === 'missing') return expect(found).toBeInstanceOf(StreamNotFoundError)
        if (expected === 'deleted') return expect(found).toBeInstanceOf(StreamDeletedError)
        if (found instanceof Error) throw found
        return expectEvents(found, expected, resolve)
      }
      case 'read all': {
        await readWhole()
        const { from, backwards, resolve } = operation
        const index = from === 'start' ? 0 : from === 'end' ? model.log.length : from % model.log.length
        // backwards there are other histories before this one
        const count = backwards ? Math.min(operation.count, index) : operation.count
        if (count === 0) return
        const reading = node.client().readAll({
          fromPosition: from === 'end' ? from : placeOf(index),
          direction: backwards ? 'backwards' : 'forwards',
          maxCount: count,
          resolveLinkTos: resolve,
        })
        return expectEvents(await read(reading), model.readAll({ from: index, backwards, count }), resolve)
      }
      case 'follow':
        return followStream(streams[operation.stream]!, operation.from)
      case 'follow all':
        return followAll(operation.from, operation.filtered)
      case 'restart':
        await endFollowing()
        await node.restart()
        model.restart()
        return readWhole()
    }
  }

  await append(`${name}-base`, 'no_stream', [{ id: idOf(99), type: 'Said', data: { n: 99 } }], 0)
  const base = placeOf(0)
  try {
    for (const operation of history) await carry(operation)
    await readWhole()
    for (const stream of streams)
      await carry({
        do: 'read',
        stream: streams.indexOf(stream),
        meta: false,
        from: 'start',
        backwards: false,
        count: 1e6,
        resolve: true,
      })
    await endFollowing()
  } finally {
    for (const each of following) await each.end()
  }
}
