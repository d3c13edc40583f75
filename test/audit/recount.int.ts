// Inboxes held against a recount from the log: random traffic never drifts, and what was falsified is found.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkInboxes, type Checked } from '../../src/audit/check-inboxes.ts'
import type { EventStore, RecordedEvent } from '../../src/eventstore/index.ts'
import { isRefusal } from '../../src/domain/index.ts'
import { freshDatabase } from '../support/postgres.ts'
import { asker, freshStack } from '../support/stack.ts'
import * as naive from '../projections/naive.ts'
import { people, randomHistory } from '../projections/random-history.ts'
import { folded } from '../projections/read-models.ts'
import { Recount } from '../../src/audit/recount.ts'
import { driftOf } from '../../src/audit/check-inboxes.ts'

const database = freshDatabase()
const stack = freshStack()

const check = async (store: Pick<EventStore, 'subscribe'> = stack.store): Promise<Checked> => {
  for await (const step of checkInboxes(store, stack.projections.queries.inboxes))
    if ('checked' in step) return step.checked
  throw new Error('it found nothing at all')
}
const recounted = (events: readonly RecordedEvent[]) => {
  const recount = new Recount()
  for (const event of events) recount.take(event)
  return recount
}
const accepted = <T>(answer: T): Exclude<T, { refused: unknown }> => {
  if (isRefusal(answer)) throw new Error(`refused: ${JSON.stringify(answer)}`)
  return answer as Exclude<T, { refused: unknown }>
}

describe('the recount', () => {
  it('[FS10] of random histories is what walking through them finds, and what inboxes say', async () => {
    await fc.assert(
      fc.asyncProperty(randomHistory(), async events => {
        const recount = recounted(events)
        for (const user of people)
          for (const { conversation, unread } of recount.inboxOf(user))
            expect(unread).toBe(naive.unread(events, user, conversation))
        const { queries } = await folded(database.pool, events)
        const { of, position } = await queries.inboxes()
        expect(position).toBe(events.at(-1)!.position)
        expect(driftOf(of, recount)).toEqual([])
      }),
      { numRuns: 25 },
    )
  })

  it('[FS10] of live traffic on several devices is what inboxes say', async () => {
    const names = ['ann', 'bob', 'cid', 'dee']
    const step = fc.record({
      what: fc.constantFrom(
        'say',
        'say',
        'say',
        'direct',
        'edit',
        'retract',
        'react',
        'read',
        'read',
        'add',
        'leave',
        'block',
        'import',
      ),
      who: fc.constantFrom(...names),
      whom: fc.constantFrom(...names),
      device: fc.constantFrom('phone', 'desk'),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    let line = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 40 }), async steps => {
        const { commands, projections, feed } = stack
        const conversation = crypto.randomUUID()
        const user = (name: string) => `rec-${name}-${conversation}` // whom others have blocked before is nobody here
        const users = names.map(user)
        const retention = { mode: 'permanent' } as const
        const group = { id: conversation, name: 'tea', members: users.slice(1), delivered: true, retention }
        accepted(await commands.startGroup(asker(users[0]!), group))
        const channel = accepted(await commands.startImport(asker('operator'), { name: `#${conversation}` }))
        const said: { id: string; seq: number; conversation: string }[] = []
        for (const { what, device, share, ...of } of steps) {
          const [who, whom] = [user(of.who), user(of.whom)]
          const by = asker(who, device)
          const id = crypto.randomUUID()
          const body = JSON.stringify({ text: what })
          const one = said[Math.floor(share * said.length)]
          const note = (answer: unknown) => {
            if (!isRefusal(answer)) said.push(answer as (typeof said)[number])
          }
          // what is refused changes nothing, and that is counted as well
          if (what === 'say') note(await commands.sendMessage(by, { id, to: { conversation }, body }))
          if (what === 'direct' && who !== whom) note(await commands.sendMessage(by, { id, to: { user: whom }, body }))
          if (what === 'add') await commands.addMember(by, { conversation, user: whom })
          if (what === 'leave') await commands.removeMember(by, { conversation, user: who })
          if (what === 'block') await commands[share > 0.5 ? 'block' : 'unblock'](by, { user: whom })
          if (what === 'import')
            await commands.importHistory(asker('operator'), {
              conversation: channel.conversation,
              source: 'log',
              upToLine: ++line,
              entries: [{ what: 'said', line, at: '2004-12-25T10:00:00.000Z', user: who, id, body }],
            })
          if (!one) continue
          const message = { id, conversation: one.conversation, message: one.id }
          if (what === 'edit') await commands.editMessage(by, { ...message, body })
          if (what === 'retract') await commands.retractMessage(by, message)
          if (what === 'react') await commands.react(by, { ...message, reaction: '👍', on: true })
          if (what === 'read') await commands.markRead(by, { conversation: one.conversation, upTo: one.seq })
        }
        expect(await projections.reached(feed.head(), 20_000)).toBe(true)
        const { drift, users: counted } = await check()
        expect(drift).toEqual([])
        expect(counted).toBeGreaterThanOrEqual(users.length)
      }),
      { numRuns: 8 },
    )
  })

  it('[FS11] finds what was falsified: who has read, who was in, what was said', async () => {
    const [ann, bob] = ['false-ann', 'false-bob']
    const send = async (from: string, to: string) =>
      accepted(
        await stack.commands.sendMessage(asker(from), {
          id: crypto.randomUUID(),
          to: { user: to },
          body: '{"text":"x"}',
        }),
      )
    const { conversation } = await send(ann, bob)
    await send(ann, bob)
    expect(await stack.commands.markRead(asker(bob), { conversation, upTo: 1 })).toBeUndefined()
    const { conversation: later } = await send('false-cid', bob)
    await stack.projections.reached(stack.feed.head(), 20_000)
    expect((await check()).drift).toEqual([])

    const falsify = async (statement: string, undo: string, expected: object[]) => {
      await stack.pool.query(statement)
      expect((await check()).drift).toEqual(expected)
      await stack.pool.query(undo)
      expect((await check()).drift).toEqual([])
    }
    const mine = `conversation = '${conversation}' and user_id = '${bob}'`
    await falsify(
      `update read.receipt_mark set read = 2 where ${mine}`,
      `update read.receipt_mark set read = 1 where ${mine}`,
      [{ user: bob, conversation, what: 'unread', found: 0, recounted: 1 }],
    )
    await falsify(
      `update read.membership set user_id = 'false-eve' where ${mine}`,
      `update read.membership set user_id = '${bob}' where conversation = '${conversation}' and user_id = 'false-eve'`,
      [
        { user: bob, conversation, what: 'missing', found: null, recounted: 1 },
        { user: 'false-eve', conversation, what: 'not theirs', found: 2, recounted: null },
      ],
    )
    const last = `update read.message set position = position`
    await falsify(
      `${last} + 1000000000 where conversation = '${conversation}' and seq = 2`,
      `${last} - 1000000000 where conversation = '${conversation}' and seq = 2`,
      [{ user: bob, conversation, what: 'order', found: 1, recounted: 2 }],
    )
    expect(later).not.toBe(conversation)
  })
})
