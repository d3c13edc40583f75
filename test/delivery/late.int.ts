// Messages that nobody has come for, over the real stack: found by whoever looks, given up once, each looked at once.
import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { lookForLate } from '../../src/delivery/index.ts'
import { openMarker } from '../../src/delivery/marker.ts'
import { isRefusal } from '../../src/domain/index.ts'
import { asker, freshStack, openBox, readAll } from '../support/stack.ts'

const stack = freshStack()
const people = () =>
  ['alice', 'bob', 'carol'].map(name => `${name}-${randomUUID().slice(0, 8)}`) as [string, string, string]
const accepted = <T>(answer: T): Exclude<T, { refused: unknown }> => {
  if (isRefusal(answer)) throw new Error(JSON.stringify(answer))
  return answer as Exclude<T, { refused: unknown }>
}
const send = async (from: string, to: { user: string } | { conversation: string }) =>
  accepted(await stack.commands.sendMessage(asker(from), { id: randomUUID(), to, body: '{"text":"hi"}' }))
const group = async (
  owner: string,
  members: string[],
  delivered: boolean,
  retention: object = { mode: 'permanent' },
) => {
  const id = randomUUID()
  const more = { name: 'tea', members, delivered, retention: retention as { mode: 'permanent' } }
  accepted(await stack.commands.startGroup(asker(owner), { id, ...more }))
  return id
}
const failuresIn = async (conversation: string) =>
  (await readAll(stack.store, `conversation-${conversation}`))
    .filter(({ type }) => type === 'DeliveryFailed')
    .map(({ data }) => data as { message: string; to: string; reason: string; attempts: number })

/** Looks until a message that was sent for this alone is given up: all before it have been looked at then. */
async function lookedAtAll(looking = 1): Promise<void> {
  const [alice, bob] = people()
  const { conversation, position } = await send(alice, { user: bob })
  await stack.projections.reached(position, 10_000)
  const told = new Promise<void>(resolve => {
    const following = stack.feed.batches.subscribe(({ events }) => {
      if (!events.some(({ type, stream }) => type === 'DeliveryFailed' && stream.endsWith(conversation))) return
      following.unsubscribe()
      resolve()
    })
  })
  const parts = { pool: stack.pool, epoch: stack.epoch, queries: stack.projections.queries, feed: stack.feed }
  const fault = (line: string) => {
    throw new Error(line)
  }
  const { failDelivery } = stack.commands
  const all = Array.from({ length: looking }, () => lookForLate({ ...parts, failDelivery, maxAgeMs: 100, log: fault }))
  await told
  await Promise.all(all.map(one => one.close()))
  await stack.projections.reached(stack.feed.head(), 10_000)
}

describe('a message that nobody has come for', () => {
  it('[D10] is given up when it is too old, once, however many look', async () => {
    const [alice, bob] = people()
    const sent = await send(alice, { user: bob })
    await lookedAtAll(3)
    await lookedAtAll(2)
    expect(await failuresIn(sent.conversation)).toMatchObject([
      { message: sent.id, to: bob, reason: 'too-old', attempts: 0 },
    ])
  })

  it('[D10] is given up once by two processes that find it at the same time', async () => {
    const [alice, bob] = people()
    const { conversation, id: message } = await send(alice, { user: bob })
    const second = await openBox(stack.storeUrl, stack.pool, stack.masterKey)
    const failure = { conversation, message, to: bob, reason: 'too-old', attempts: 0 } as const
    const answers = await Promise.all(
      [stack.commands, second.commands, stack.commands, second.commands].map(one => one.failDelivery(failure)),
    )
    await second.close()
    expect(answers.filter(answer => accepted(answer).failed)).toHaveLength(1)
    expect(await failuresIn(conversation)).toHaveLength(1)
  })

  it('[D2] is not given up where the log has its acknowledgement, though the read models have not', async () => {
    const [alice, bob] = people()
    const { conversation, id: message, seq } = await send(alice, { user: bob })
    expect(await stack.commands.markDelivered(asker(bob), { conversation, upTo: seq })).toBeUndefined()
    const failure = { conversation, message, to: bob, reason: 'too-old', attempts: 0 } as const
    expect(await stack.commands.failDelivery(failure)).toEqual({ failed: false })
    expect(await failuresIn(conversation)).toEqual([])
  })

  it('[D4] in a group is given up for each member where delivered marks are kept, from where they are', async () => {
    const [alice, bob, carol] = people()
    const [plain, marked] = [await group(alice, [bob, carol], false), await group(alice, [bob, carol], true)]
    const unmarked = await send(alice, { conversation: plain })
    const before = await send(alice, { conversation: marked })
    const { seq } = before
    await stack.commands.markRead(asker(carol), { conversation: marked, upTo: seq })
    accepted(await stack.commands.changeConversation(asker(alice), { conversation: plain, delivered: true }))
    const since = await send(alice, { conversation: plain })
    await lookedAtAll()
    expect(await failuresIn(marked)).toMatchObject([{ message: before.id, to: bob }])
    const found = await failuresIn(plain)
    expect(found.map(({ message }) => message)).toEqual([since.id, since.id])
    expect(found.map(({ to }) => to).sort()).toEqual([bob, carol].sort())
    expect(found.some(({ message }) => message === unmarked.id)).toBe(false)
  })

  it('[D3] is not given up for who has left or was not in yet', async () => {
    const [alice, bob, carol] = people()
    const conversation = await group(alice, [bob], true)
    await send(alice, { conversation })
    accepted(await stack.commands.removeMember(asker(bob), { conversation, user: bob }))
    accepted(await stack.commands.addMember(asker(alice), { conversation, user: carol }))
    await lookedAtAll()
    expect(await failuresIn(conversation)).toEqual([])
  })

  it('[D4] is not given up where its time is over, or it was retracted or imported', async () => {
    const [alice, bob] = people()
    const brief = await group(alice, [bob], true, { mode: 'temporary', ttlMs: 1 })
    await send(alice, { conversation: brief })
    const { conversation, id } = await send(alice, { user: bob })
    accepted(await stack.commands.retractMessage(asker(alice), { id: randomUUID(), conversation, message: id }))
    const channel = await group(alice, [bob], true)
    const at = '2004-12-25T00:00:00.000Z'
    const entry = { line: 1, at, user: alice, what: 'said', id: randomUUID(), body: '{"text":"hi"}' } as const
    const history = { conversation: channel, source: 'old', upToLine: 1, entries: [entry] }
    accepted(await stack.commands.importHistory(asker(alice), history))
    await lookedAtAll()
    for (const quiet of [brief, conversation, channel]) expect(await failuresIn(quiet)).toEqual([])
  })

  it('[D11] is looked at once: the place is kept, and begun anew where an older log was put back', async () => {
    await lookedAtAll()
    const head = stack.feed.head()
    const marker = await openMarker(stack.pool, stack.epoch)
    const kept = await marker.read(head)
    expect(kept).toBeGreaterThan(0)
    const { late, examined } = await stack.projections.queries.late(kept, new Date().toISOString(), 10)
    expect({ late, examined }).toEqual({ late: [], examined: kept })
    await marker.move(kept - 1)
    expect(await marker.read(head)).toBe(kept)
    expect(await marker.read(kept - 1)).toBe(-1)
  })
})
