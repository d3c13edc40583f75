// The read models against the plainest model of them, over random histories.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { SeenMessageRow } from '../../src/projections/index.ts'
import { freshDatabase } from '../support/postgres.ts'
import { dumpReadModels } from '../support/read-models.ts'
import * as naive from './naive.ts'
import { groups, people, randomHistory } from './random-history.ts'
import { empty, folded, openReadModels } from './read-models.ts'

const database = freshDatabase()
const runs = { numRuns: 25 }

it('[P6] unread is what a recount finds, for those who come and go, with several devices; messages are as one may know them', async () => {
  await fc.assert(
    fc.asyncProperty(randomHistory(), async events => {
      const { queries } = await folded(database.pool, events)
      for (const row of await queries.conversations(groups)) {
        const { name, retention, delivered } = row
        expect({ name, retention, delivered }).toEqual({
          name: naive.settings(events, row.conversation).name,
          retention: naive.settings(events, row.conversation).retention,
          delivered: naive.settings(events, row.conversation).delivered,
        })
        expect(row.seq).toBe(naive.end(events, row.conversation))
      }
      const pairs = people.flatMap(viewer => people.map(user => ({ viewer, user })))
      for (const { viewer, user, sees } of await queries.sight(pairs))
        expect([viewer, user, sees]).toEqual([viewer, user, naive.sees(events, viewer, user)])
      for (const user of people) {
        const inbox = await queries.inbox(user)
        for (const group of groups) {
          const row = inbox.find(row => row.conversation === group)
          const seen = naive.visibleTo(events, user, group)
          expect(row !== undefined).toBe(naive.stays(events, group).some(stay => stay.user === user))
          if (!row) continue
          expect(row.unread).toBe(naive.unread(events, user, group))
          expect(row.last?.seq).toBe(seen.at(-1)?.revision)
          expect(row.read).toBe(naive.mark(events, user, group, 'read'))
          expect(row.delivered).toBe(naive.mark(events, user, group, 'delivered'))
          const page = await queries.messages(user, group, { limit: 999 })
          expect(page!.map(message => message.seq)).toEqual(seen.map(message => message.revision))
          const asSeen = ({ content, reactions }: SeenMessageRow) => ({ box: content?.box ?? null, reactions })
          expect(page!.map(asSeen)).toEqual(seen.map(message => naive.seen(events, user, message)))
          expect(row.last && asSeen(row.last)).toEqual(page!.length > 0 ? asSeen(page!.at(-1)!) : null)
        }
        const missing = await queries.undelivered(user, events.at(-1)!.position, 999)
        expect(missing.map(message => message.position)).toEqual(naive.undelivered(events, user))
      }
    }),
    runs,
  )
})

it('[P5] changes are what was there to be seen then, in order, from any position to any other', async () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  await fc.assert(
    fc.asyncProperty(randomHistory(), share, share, async (events, from, to) => {
      const { queries } = await folded(database.pool, events)
      const end = events.at(-1)!.position
      const [after, upTo] = [Math.round(from * end) - 1, Math.round(to * end)]
      for (const user of people) {
        const { rows: changes } = await queries.changes(user, after, upTo, 999)
        expect(changes.map(naive.asTold)).toEqual(naive.changes(events, user, after, upTo))
      }
    }),
    runs,
  )
})

it('[P7] batches cut anywhere leave the same rows', async () => {
  await fc.assert(
    fc.asyncProperty(randomHistory(), fc.array(fc.nat(60), { maxLength: 12 }), async (events, cuts) => {
      const whole = await folded(database.pool, events)
      await empty(database.pool, 'pieces')
      const pieces = await openReadModels(database.pool, { schema: 'pieces' })
      const at = [0, ...cuts.map(cut => cut % events.length).sort((one, other) => one - other), events.length]
      for (const [index, cut] of at.slice(1).entries()) await pieces.fold(events.slice(at[index], cut))
      await pieces.stop()
      expect(await dumpReadModels(database.pool, pieces.schema)).toEqual(
        await dumpReadModels(database.pool, whole.schema),
      )
    }),
    runs,
  )
})
