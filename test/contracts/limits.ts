// Limits, and how going beyond them is said. The size is that of 23.10's default, --max-append-size.
import { DeadlineExceededError, MaxAppendSizeExceededError, binaryEvent } from '@eventstore/db-client'
import type { EventData } from '@eventstore/db-client'
import { describe, expect, it } from 'vitest'
import { refusal } from './reading.ts'
import { event, fresh, ways } from './store.ts'
import type { Store } from './store.ts'

const MEBIBYTE = 1024 * 1024
const large = (size: number): EventData => binaryEvent({ type: 'Large', data: new Uint8Array(size) })

export const behavesLikeLimits = (store: Store): void => {
  describe.each(ways)('by %s', (_, way) => {
    it.each<[string, number[]]>([
      ['one event', [MEBIBYTE + 1]],
      ['several events together', [600_000, 600_000]],
      ['events of which only the last is too much', [1_000_000, 40_000, 40_000]],
      ['more than the client sends at once', [2_000_000, 2_000_000]],
    ])('an append of more than a mebibyte is refused: %s', async (_what, sizes) => {
      const stream = fresh()
      const error = await refusal(store.append(stream, sizes.map(large), way))
      expect(error).toBeInstanceOf(MaxAppendSizeExceededError)
      expect(error).toMatchObject({ maxAppendSize: MEBIBYTE, type: 'maximum-append-size-exceeded' })
      await store.append(stream, event(0), { ...way, expectedRevision: 'no_stream' })
      expect(await store.read(stream)).toHaveLength(1)
    })

    it.each<[string, number[]]>([
      ['one event', [MEBIBYTE - 1024]],
      ['several events together', [500_000, 500_000, 40_000]],
    ])('an append of not quite a mebibyte is accepted: %s', async (_what, sizes) => {
      const stream = fresh()
      await store.append(stream, sizes.map(large), way)
      const found = await store.read(stream)
      expect(found.map(({ event: e }) => (e!.data as Uint8Array).length)).toEqual(sizes)
    })

    it('an append whose deadline has passed stores nothing', async () => {
      const stream = fresh()
      const error = await refusal(store.append(stream, event(0), { ...way, deadline: -1000 }))
      expect(error).toBeInstanceOf(DeadlineExceededError)
      await store.append(stream, event(1), { ...way, expectedRevision: 'no_stream' })
    })
  })
}
