// Ids that were said before: a filter tells of most that they never were, and must never tell it of one that was.
import { Subject } from 'rxjs'
import { expect, it } from 'vitest'
import type { ConversationCommand } from '../../src/domain/conversation/commands.ts'
import { conversation as decider } from '../../src/domain/conversation/decider.ts'
import type { Batch, RecordedEvent } from '../../src/eventstore/index.ts'
import { earlierIds } from '../../src/commands/earlier-ids.ts'
import { IdFilter } from '../../src/commands/id-filter.ts'
import { sentMessages } from '../../src/commands/sent-messages.ts'

const uuid = () => crypto.randomUUID()
const conversation = uuid()
const saying = (id: string) => ({ type: 'SendMessage', id }) as ConversationCommand
const message = (id: string, position: number) => ({
  ...{ id, conversation, seq: position, from: 'ann', at: '2026-01-01T00:00:00.000Z', position },
})
const event = (id: string, position: number) => {
  const { from, at } = message(id, position)
  return {
    type: 'MessageSent',
    id,
    stream: `conversation-${conversation}`,
    revision: position,
    position,
    data: { from, at },
  }
}

/** Read models that have some ids, of a log that the feed has brought up to `head`. */
function world({ stored = [] as string[], head = 100, kept = [] as object[], fails = 0 } = {}) {
  const batches = new Subject<Batch>()
  const asked: string[] = []
  const sent = sentMessages(() => 0)
  const earlier = earlierIds(
    { batches, head: () => head, since: () => kept as unknown as RecordedEvent[] },
    {
      position: () => 0,
      messages: ids => {
        asked.push(...ids)
        return Promise.resolve(ids.filter(id => stored.includes(id)).map(id => message(id, 1)))
      },
      saidIds: (after, limit) => {
        if (fails-- > 0) return Promise.reject(new Error('the database is away'))
        const ids = [...stored]
          .sort()
          .filter(id => id > after)
          .slice(0, limit)
        return Promise.resolve(ids)
      },
    },
    sent,
  )
  const brings = (...events: object[]) => {
    head = (events.at(-1) as { position: number }).position
    batches.next({ events: events as unknown as RecordedEvent[], upTo: head })
  }
  const lookUp = async (ids: string[], asOf = 0) => {
    const hot = { id: conversation, state: decider.initial, head: 1, asOf }
    await earlier.lookUp(hot, ids.map(saying))
    return ids.map(id => sent.get(id) !== undefined)
  }
  return { asked, brings, lookUp, sent }
}
const settled = () => new Promise(resolve => setImmediate(resolve))

it('[M7] an id that was never said is not asked about, and one that was is found', async () => {
  const stored = Array.from({ length: 4_500 }, uuid) // more than two pages
  const { asked, lookUp } = world({ stored })
  await settled()
  const never = Array.from({ length: 1_000 }, uuid)
  expect(await lookUp(never)).toEqual(never.map(() => false))
  expect(asked.length).toBeLessThan(30) // of a thousand about one is taken for one that may have been said
  expect(await lookUp(stored)).toEqual(stored.map(() => true))
})

it('[M7] what the feed brought before, and brings later, is known to the filter when memory has forgotten it', async () => {
  const [before, later] = [uuid(), uuid()]
  const { asked, brings, lookUp } = world({ kept: [event(before, 7)] })
  await settled()
  brings(event(later, 101), ...Array.from({ length: 50_000 }, (_, n) => event(uuid(), 102 + n)))
  await lookUp([before])
  expect(asked).toEqual([before])
})

it('[M7] read models that were further than the feed are asked, whatever the filter says', async () => {
  const id = uuid()
  const { asked, brings, lookUp } = world({ head: 100 })
  await settled()
  await lookUp([id], 101)
  expect(asked).toEqual([id])
  brings(event(uuid(), 101))
  await lookUp([uuid()], 101)
  expect(asked).toEqual([id])
})

it('[M7] until all ids are read the read models are asked, however often reading them fails', async () => {
  const id = uuid()
  const never = Array.from({ length: 4 }, uuid)
  const { asked, lookUp } = world({ stored: [id], fails: 2 })
  for (const one of never) {
    expect(await lookUp([one])).toEqual([false])
    await settled()
  }
  expect(asked).toEqual(never.slice(0, 3)) // the first reading and the second have failed; the third was begun by the third
  expect(await lookUp([id])).toEqual([true])
})

it('[M7] the filter misses nothing, however much is in it', () => {
  const filter = new IdFilter()
  const ids = Array.from({ length: 200_000 }, uuid)
  for (const id of ids) filter.add(id)
  expect(filter.size).toBe(ids.length)
  expect(ids.every(id => filter.mayHave(id))).toBe(true)
  const taken = Array.from({ length: 20_000 }, uuid).filter(id => filter.mayHave(id))
  expect(taken.length).toBeLessThan(200)
})
