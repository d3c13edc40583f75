// Random histories: what is found is what is seen. Bodies are not sealed here: what a box says is its text.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { idIn, type EventStore, type Position, type RecordedEvent } from '../../../src/eventstore/index.ts'
import { asked, openSearchIndex, type Asked } from '../../../src/projections/index.ts'
import { dumpReadModels } from '../../support/read-models.ts'
import { freshDatabase } from '../../support/postgres.ts'
import { History, messageId } from '../history.ts'
import * as naive from '../naive.ts'
import { groups, people, randomHistory } from '../random-history.ts'
import { empty, openReadModels } from '../read-models.ts'

const database = freshDatabase()
const keys = {
  of: (ids: readonly string[]) => Promise.resolve(new Map(ids.map(id => [id, Buffer.from(`key of ${id}`)]))),
}
const keyring = { open: (_: object, { box }: { box: string }) => JSON.stringify({ text: textOf(box) }) }
const textOf = (box: string) => Buffer.from(box, 'base64').toString()
/** There was nothing before the feed began. */
const store: Pick<EventStore, 'subscribe'> = {
  subscribe: (_, after, { take }) => {
    void take({ events: [], upTo: after ?? -1, live: true })
    return () => {}
  },
}

/** Read models and index of these events, folded in the batches that are cut at these places. */
async function indexOf(events: readonly RecordedEvent[], cuts: readonly number[] = []) {
  await empty(database.pool, 'looked')
  await database.pool.query('drop schema if exists looked_up cascade')
  const models = await openReadModels(database.pool, { schema: 'looked' })
  const search = await openSearchIndex({
    ...{ pool: database.pool, keys, keyring, store, feed: models.feed, projections: models, epoch: 'epoch-1' },
    ...{ schema: 'looked_up', read: 'looked', holds: () => Promise.resolve(true), log: () => {} },
  })
  const at = [0, ...cuts.map(cut => cut % events.length).sort((one, other) => one - other), events.length]
  for (const [index, cut] of at.slice(1).entries()) {
    await models.fold(events.slice(at[index], cut))
    if (cuts.length > 0) await search.reached(events[cut - 1]?.position ?? -1, 60_000)
  }
  expect(await search.reached(events.at(-1)!.position, 60_000)).toBe(true)
  const close = async () => {
    await search.close()
    await models.stop()
  }
  return { search, close }
}

const all = async (
  search: Awaited<ReturnType<typeof indexOf>>['search'],
  user: string,
  question: string,
  limit: number,
) => {
  const found: Position[] = []
  for (let before: Position | undefined; ;) {
    const page = await search.find(user, { question: asked(question) as Asked, limit, before })
    found.push(...page!.messages.map(({ position }) => position))
    if (page!.next === null) return found
    before = page!.next
  }
}

/** Positions as far apart as in a log that holds much else, so that questions look at its end first and then further back. */
const apart = (events: readonly RecordedEvent[], times: number) =>
  events.map(event => ({ ...event, position: event.position * times }))

it('[FS3] what is found is what is seen, by the words it is seen in, page after page', async () => {
  await fc.assert(
    fc.asyncProperty(
      randomHistory(40),
      fc.constantFrom(1, 50_000),
      fc.integer({ min: 1, max: 4 }),
      async (history, times, limit) => {
        const events = apart(history, times)
        const { search, close } = await indexOf(events)
        for (const user of people) {
          const seen = groups
            .flatMap(group => naive.visibleTo(events, user, group))
            .flatMap(message => {
              const { box } = naive.seen(events, user, message)
              return box === null ? [] : [{ position: message.position, text: textOf(box) }]
            })
            .sort((one, other) => other.position - one.position)
          for (const word of ['box', 'edit']) {
            const having = seen.filter(({ text }) => text.startsWith(word))
            expect(await all(search, user, word, limit)).toEqual(having.map(({ position }) => position))
          }
        }
        await close()
      },
    ),
    { numRuns: 15 },
  )
})

it('[FS6] batches cut anywhere leave the same rows', async () => {
  await fc.assert(
    fc.asyncProperty(randomHistory(40), fc.array(fc.nat(40), { minLength: 1, maxLength: 4 }), async (events, cuts) => {
      const rows = async (cuts: readonly number[]) => {
        const { close } = await indexOf(events, cuts)
        await close()
        return (await dumpReadModels(database.pool, 'looked_up'))['said']
      }
      expect(await rows(cuts)).toEqual(await rows([]))
    }),
    { numRuns: 8 },
  )
})

it('[FS8] rare words and common ones are found whole, however far back they are', async () => {
  const history = new History()
  history.started('g1', ['ann'])
  const said = Array.from({ length: 8_000 }, (_, n) => {
    const event = history.said('g1', 'ann', { id: messageId(`${n}`) })
    const text = [`n${n}`, 'common', ...(n % 1_000 === 7 ? ['rare'] : []), ...(n < 2_000 ? ['old'] : [])].join(' ')
    return Object.assign(event, {
      data: { ...event.data, content: { key: 'k', box: Buffer.from(text).toString('base64') } },
    })
  })
  const events = apart(history.events, 1_000)
  const { search, close } = await indexOf(events)
  const places = new Map(events.map(({ id, position }) => [id, position]))
  const those = (which: (n: number) => boolean) =>
    said.flatMap(({ id }, n) => (which(n) ? [places.get(id)!] : [])).reverse()
  expect(await all(search, 'ann', 'rare', 3)).toEqual(those(n => n % 1_000 === 7))
  expect(await all(search, 'ann', 'rare old', 3)).toEqual(those(n => n % 1_000 === 7 && n < 2_000))
  expect(await all(search, 'ann', 'n7 or n7999 or n5001', 100)).toEqual(those(n => [7, 5001, 7999].includes(n)))
  expect(await all(search, 'ann', 'common', 100)).toEqual(those(() => true))
  expect(await all(search, 'ann', 'old -rare', 100)).toEqual(those(n => n < 2_000 && n % 1_000 !== 7))
  expect(idIn(events[0]!.stream)).toBe('g1')
  await close()
})
