// The read model of media.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { freshDatabase } from '../support/postgres.ts'
import { History } from './history.ts'
import * as naive from './naive.ts'
import { groups, images, people, randomHistory } from './random-history.ts'
import { folded } from './read-models.ts'

const database = freshDatabase()

it('[V6] an image is seen through the messages that one may see, while it is there', async () => {
  await fc.assert(
    fc.asyncProperty(randomHistory(), async events => {
      const { queries } = await folded(database.pool, events)
      const said = events.filter(event => event.type === 'MessageSent' || event.type === 'MessageEdited')
      for (const user of people) {
        const rows = await queries.mediaSeenBy(user, images)
        for (const media of images) {
          const its = events.filter(({ stream }) => stream === `media-${media}`)
          const there = its.at(-1)?.type === 'MediaUploaded'
          const named = groups.flatMap(group =>
            naive.visibleTo(events, user, group).flatMap(message => {
              const { box } = naive.seen(events, user, message)
              const version = said.find(({ data }) => data.content.box === box)
              return version?.data.attachments?.find(attachment => attachment.media === media)?.grant.key ?? []
            }),
          )
          const grants = rows.filter(row => row.media === media).map(row => row.grant.key)
          expect(grants.sort()).toEqual(there ? [...new Set(named)].sort() : [])
        }
      }
    }),
    { numRuns: 25 },
  )
})

it('[V9] the keys that open images are told, and by the keys the images; not while the tables are behind', async () => {
  const history = new History()
  history.started('g1', ['ann', 'bob'])
  for (const media of ['i1', 'i2', 'i3']) history.uploaded(media, 'ann')
  history.said('g1', 'ann', { media: ['i1', 'i2'] })
  const end = history.said('g1', 'bob', { media: ['i1'] }).position
  const { queries } = await folded(database.pool, history.events)
  expect(await queries.grantKeys(['i1', 'i2', 'i3'], end)).toEqual(
    new Map([
      ['i1', ['key-g1-ann', 'key-g1-bob']],
      ['i2', ['key-g1-ann']],
    ]),
  )
  expect(await queries.grantKeys([], end)).toEqual(new Map())
  expect(await queries.grantKeys(['i1'], end + 1)).toBeUndefined()
  const ids = async (keys: string[]) => (await queries.mediaOfKeys(keys)).map(({ media }) => media).sort()
  expect(await ids(['key-g1-bob'])).toEqual(['i1'])
  expect(await ids(['key-g1-ann', 'key-g1-bob'])).toEqual(['i1', 'i2'])
  expect(await ids(['key-of-ann'])).toEqual(['i1', 'i2', 'i3'])
  expect((await queries.allMedia('i1', 1)).map(({ media }) => media)).toEqual(['i2'])
})
