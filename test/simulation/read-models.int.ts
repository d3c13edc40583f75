// The simulation's read models answer what PostgreSQL's do, over random histories.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Arrival } from '../../src/projections/index.ts'
import { folded } from '../projections/read-models.ts'
import { groups, people, randomHistory } from '../projections/random-history.ts'
import { freshDatabase } from '../support/postgres.ts'
import { ReadModels } from './read-models.ts'

const database = freshDatabase()

const byId = <Row extends { id: string }>(rows: readonly Row[]) =>
  [...rows].sort((one, two) => (one.id < two.id ? -1 : 1))
/** In no order, neither of the rows nor of what is in them. */
const asText = (rows: readonly object[]) =>
  rows.map(row => JSON.stringify(Object.entries(row).sort(([one], [two]) => (one < two ? -1 : 1)))).sort()

it('[U3] what commands and sessions ask is answered as by PostgreSQL, from any position to any other', async () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  await fc.assert(
    fc.asyncProperty(randomHistory(), share, share, async (events, from, to) => {
      const { queries } = await folded(database.pool, events)
      const models = new ReadModels()
      for (const event of events) models.fold(event)
      const end = events.at(-1)!.position
      const [after, upTo] = [Math.round(from * end) - 1, Math.round(to * end)]
      const ids = [...new Set(events.map(({ id }) => id))]
      const devices = people.flatMap(user =>
        ['phone', 'desk'].flatMap(device => groups.map(conversation => ({ conversation, user, device }))),
      )
      expect(asText(models.conversations(groups))).toEqual(asText(await queries.conversations(groups)))
      expect(byId(models.saidById(ids))).toEqual(byId(await queries.saidById(ids)))
      expect(asText(models.marks(devices))).toEqual(asText(await queries.marks(devices)))
      expect(models.keepingMarks(groups)).toEqual([...(await queries.keepingMarks(groups))].sort())
      const arriving = people.map(user => ({ user, device: 'phone' }))
      const stays = (all: readonly Arrival[]) => all.map(one => one.stays)
      expect(stays(models.arrivals(arriving, upTo))).toEqual(stays(await queries.arrivals(arriving, upTo)))
      for (const group of groups) {
        const asked = people.flatMap(user => ids.slice(0, 30).map(message => ({ user, message })))
        const { messages, members, seq } = models.askedAbout(group, asked)
        const found = await queries.askedAbout(group, asked)
        expect([seq, [...members].sort()]).toEqual([found.seq, [...found.members].sort()])
        const plain = (rows: typeof found.messages) =>
          byId(rows).map(({ seenBy, failedFor, reactions, ...row }) => [
            row,
            ...[seenBy, [...new Set(failedFor)]].map(users => [...users].sort()),
            asText(reactions.map(({ user, reaction }) => [user, reaction])),
          ])
        expect(plain(messages)).toEqual(plain(found.messages))
      }
      for (const user of people) {
        const changes = [
          ...models.messagesSince(user, after, upTo, 999),
          ...models.receiptsSince(user, after, upTo, 999),
          ...models.memberChangesSince(user, after, upTo, 999),
          ...models.amendmentsSince(user, after, upTo, 999),
        ].sort((one, two) => one.position - two.position)
        expect(changes).toEqual((await queries.changes(user, after, upTo, 999)).rows)
        for (const limit of [2, 999])
          expect(models.unacknowledged(user, after, upTo, limit)).toEqual(
            await queries.unacknowledged(user, after, upTo, limit),
          )
        expect(models.undelivered(user, upTo, 999)).toEqual(await queries.undelivered(user, upTo, 999))
        expect(models.undelivered(user, upTo, 3, 'g1')).toEqual(await queries.undelivered(user, upTo, 3, 'g1'))
        for (const group of groups)
          expect(models.acknowledged(group, user)).toBe(await queries.acknowledged(group, user))
        const unread = (await queries.inbox(user)).map(({ conversation, unread }) => [conversation, unread] as const)
        expect(models.unread(user)).toEqual(new Map(unread))
      }
    }),
    { numRuns: 25 },
  )
})
