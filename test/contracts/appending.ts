// Appending: where events go, and that they stay what they were.
import { randomUUID } from 'node:crypto'
import { binaryEvent, jsonEvent } from '@eventstore/db-client'
import { describe, expect, it } from 'vitest'
import { dataOf, event, events, fresh, idsOf, numbers, of, positionOf, revisionsOf, ways } from './store.ts'
import type { Store } from './store.ts'

export const behavesLikeAppending = (store: Store): void => {
  describe.each(ways)('appending by %s', (_, way) => {
    it('numbers the events of a stream from 0, at positions that rise', async () => {
      const stream = fresh()
      const first = await store.append(stream, events(2), way)
      const second = await store.append(stream, event(2), way)
      expect([first.success, first.nextExpectedRevision, second.nextExpectedRevision]).toEqual([true, 1n, 2n])
      expect(second.position!.commit > first.position!.commit).toBe(true)
      const found = await store.read(stream)
      expect(revisionsOf(found)).toEqual([0, 1, 2])
      expect(dataOf(found)).toEqual([0, 1, 2])
    })

    it("answers with the last event's revision and position, by which $all is read from there", async () => {
      const [stream, later] = [fresh(), fresh()]
      const { position, nextExpectedRevision } = await store.append(stream, events(5), way)
      await store.append(later, event(9), way)
      const all = of([stream, later], await store.readAll({ fromPosition: position! }))
      expect(all.map(e => [e.streamId, e.revision])).toEqual([
        [stream, nextExpectedRevision],
        [later, 0n],
      ])
      expect(all[0]!.position).toEqual(position)
    })

    it('keeps the events of one append in their order, also hundreds of them', async () => {
      const stream = fresh()
      const many = events(500)
      expect((await store.append(stream, many, way)).nextExpectedRevision).toBe(499n)
      expect(idsOf(await store.read(stream))).toEqual(many.map(({ id }) => id))
    })

    it('keeps data, metadata, types and ids as they were given', async () => {
      const stream = fresh()
      const json = jsonEvent({ type: 'Gesagt', data: { text: 'Grüße, 世界 👋' }, metadata: { by: 'ü' } })
      const bytes = binaryEvent({ type: 'Bytes', data: Uint8Array.of(0, 255, 128), metadata: Uint8Array.of(9, 200) })
      const before = Date.now()
      await store.append(stream, [json, bytes], way)
      const [first, second] = (await store.read(stream)).map(found => found.event!)
      expect(first).toMatchObject({
        streamId: stream,
        id: json.id,
        type: 'Gesagt',
        isJson: true,
        data: json.data,
        metadata: json.metadata,
      })
      expect(second).toMatchObject({ id: bytes.id, type: 'Bytes', isJson: false })
      expect([...(second!.data as Uint8Array)]).toEqual([0, 255, 128])
      expect([...(second!.metadata as unknown as Uint8Array)]).toEqual([9, 200])
      expect(Math.abs(first!.created.getTime() - before)).toBeLessThan(60_000)
    })

    it('keeps an event without data, and tells no metadata from some', async () => {
      const stream = fresh()
      const empty = binaryEvent({ type: 'Empty', data: new Uint8Array(0) })
      const some = binaryEvent({ type: 'Empty', data: new Uint8Array(0), metadata: Uint8Array.of(0) })
      await store.append(stream, [empty, some], way)
      const [first, second] = (await store.read(stream)).map(found => found.event!)
      expect([first!.isJson, (first!.data as Uint8Array).length, first!.metadata]).toEqual([false, 0, undefined])
      // one zero byte is no JSON: the client gives it as it is
      expect([...(second!.metadata as unknown as Uint8Array)]).toEqual([0])
    })

    it('keeps JSON of every kind', async () => {
      const stream = fresh()
      const kinds: unknown[] = [{}, [], 'text "quoted" \\ \n', 0, -1.5e300, true, false, { a: [{ b: null }] }]
      await store.append(
        stream,
        kinds.map(data => jsonEvent({ type: 'Kind', data: data as never })),
        way,
      )
      expect((await store.read(stream)).map(found => found.event!.data)).toEqual(kinds)
    })

    it('keeps the bytes of a large event', async () => {
      const stream = fresh()
      const data = Uint8Array.from({ length: 900_000 }, (_, i) => (i * 31) % 251)
      const metadata = Uint8Array.from({ length: 50_000 }, (_, i) => (i * 7) % 253)
      await store.append(stream, binaryEvent({ type: 'Large', data, metadata }), way)
      const [found] = await store.read(stream)
      expect(Buffer.compare(found!.event!.data as Uint8Array, data)).toBe(0)
      expect(Buffer.compare(found!.event!.metadata as unknown as Uint8Array, metadata)).toBe(0)
    })

    it('keeps a type beyond ASCII', async () => {
      const stream = fresh()
      const types = ['Größe', '発言', '👋', 'with space', 'a'.repeat(300)]
      await store.append(
        stream,
        types.map(type => event(0, type)),
        way,
      )
      expect((await store.read(stream)).map(found => found.event!.type)).toEqual(types)
    })

    it('takes an id in capitals for the same id', async () => {
      const stream = fresh()
      const id = randomUUID()
      const written = (as: string) => jsonEvent({ id: as, type: 'Said', data: { n: 1 } })
      const answers = []
      for (const as of [id.toUpperCase(), id])
        answers.push(await store.append(stream, written(as), { ...way, expectedRevision: 'no_stream' }))
      expect(answers[1]).toEqual(answers[0])
      expect(idsOf(await store.read(stream))).toEqual([id])
    })

    it('tells streams apart whose names are nearly the same', async () => {
      const name = fresh()
      const names = [name, `${name} `, `${name}-`, name.toUpperCase(), `${name}%20`, `${name}/@"'\\?&#:;`, `x${name}`]
      for (const [n, each] of names.entries())
        await store.append(each, event(n), { ...way, expectedRevision: 'no_stream' })
      for (const [n, each] of names.entries()) {
        const found = await store.read(each)
        expect([dataOf(found), found[0]!.event!.streamId]).toEqual([[n], each])
      }
    })

    it('gives every event of an append a place of its own in $all', async () => {
      const stream = fresh()
      const before = await store.append(fresh(), event(0), way)
      await store.append(stream, events(20), way)
      const mine = of([stream], await store.readAll({ fromPosition: positionOf(before) }))
      const positions = mine.map(e => e.position!.commit)
      expect(mine.map(e => Number(e.revision))).toEqual(numbers(20))
      expect(new Set(positions).size).toBe(20)
      expect([...positions].sort((x, y) => (x < y ? -1 : 1))).toEqual(positions)
    })
  })
}
