// Sessions and marks over several boxes: each end is told once, and what one box told the others need not tell.
import { describe, expect, it } from 'vitest'
import { sessions } from '../../src/commands/index.ts'
import { isRefusal } from '../../src/domain/index.ts'
import { asker, freshStack, openBox, readAll } from '../support/stack.ts'

const stack = freshStack()
const now = () => new Date().toISOString()
const uuid = () => crypto.randomUUID()
type Standing = 'unknown' | 'not-linked'
const session = (user: string) => ({ user, session: uuid(), device: 'phone', box: 'box-1' })

describe('a session', () => {
  it('[N12] closes once, however many boxes notice at once, and whoever opened it', async () => {
    for (let round = 0; round < 5; round++) {
      const user = `ann-${uuid()}`
      const all = Array.from({ length: 4 }, () => session(user)) // on four devices, on a box that is gone
      const there = sessions(stack.store, now)
      for (const one of all) await there.open(one)
      // it was only frozen, and tells of the same ends itself
      const noticing = [there, ...Array.from({ length: 4 }, () => sessions(stack.store, now))]
      await Promise.all(
        noticing.flatMap((box, n) => all.map(one => box.close(one, n === 0 ? 'connection-lost' : 'box-lost'))),
      )
      const closed = (await readAll(stack.store, `session-${user}`)).filter(({ type }) => type === 'SessionClosed')
      expect(closed.map(({ data }) => (data as { session: string }).session).sort()).toEqual(
        all.map(one => one.session).sort(),
      )
    }
  })

  it('[N12] is found in the log however long ago it was opened, and one that never was is not closed', async () => {
    const user = `ann-${uuid()}`
    const [first, ...later] = Array.from({ length: 120 }, () => session(user))
    const there = sessions(stack.store, now)
    for (const one of [first!, ...later]) await there.open(one)
    const other = sessions(stack.store, now)
    await other.close(first!, 'box-lost')
    await other.close(session(user), 'box-lost')
    const events = await readAll(stack.store, `session-${user}`)
    expect(events).toHaveLength(121)
    expect(events.at(-1)).toMatchObject({
      type: 'SessionClosed',
      data: { session: first!.session, why: 'box-lost' },
      metadata: { origin: 'system' },
    })
  })

  it('[N12] opened again by a box that does not know of it is one opening', async () => {
    const one = session(`ann-${uuid()}`)
    await Promise.all([sessions(stack.store, now).open(one), sessions(stack.store, now).open(one)])
    expect(await readAll(stack.store, `session-${one.user}`)).toHaveLength(1)
  })
})

describe('who arrives', () => {
  it('[J53] is registered once and each device linked once, however many boxes they arrive at and whenever', async () => {
    const other = await openBox(stack.storeUrl, stack.pool, stack.masterKey)
    try {
      const user = `ann-${uuid()}`
      const arriveAt = (boxes: readonly Pick<typeof stack, 'commands'>[], device: string, standing: Standing) =>
        Promise.all(boxes.map(({ commands }) => commands.arrive({ ...session(user), device }, standing)))
      const arrive = (device: string, standing: Standing) => arriveAt([stack, other, stack], device, standing)
      const told = async () => (await readAll(stack.store, `user-${user}`)).map(({ type }) => type)
      await arrive('phone', 'unknown')
      expect(await told()).toEqual(['UserRegistered', 'DeviceLinked'])
      await arrive('desk', 'not-linked')
      expect(await told()).toEqual(['UserRegistered', 'DeviceLinked', 'DeviceLinked'])
      // a box that remembers nothing of them, and whose read models were behind, or are not
      const third = await openBox(stack.storeUrl, stack.pool, stack.masterKey, `read_${uuid().replaceAll('-', '')}`)
      for (const standing of ['unknown', 'not-linked'] as const) await arriveAt([third], 'phone', standing)
      await third.projections.reached(third.feed.head(), 10_000)
      const [known] = await third.projections.queries.arrivals([{ user, device: 'phone' }], third.feed.head())
      await third.close()
      expect(known!.standing).toBe('linked')
      expect(await told()).toHaveLength(3)
    } finally {
      await other.close()
    }
  })
})

describe('marks', () => {
  it('[R6] that another box has told are not told again', async () => {
    const other = await openBox(stack.storeUrl, stack.pool, stack.masterKey)
    try {
      const [alice, bob] = [`alice-${uuid()}`, `bob-${uuid()}`]
      const send = () =>
        stack.commands.sendMessage(asker(alice), { id: uuid(), to: { user: bob }, body: '{"text":"hi"}' })
      for (let n = 1; n <= 10; n++) {
        const sent = await send()
        if (isRefusal(sent)) throw new Error(JSON.stringify(sent))
        const mark = { conversation: sent.conversation, upTo: sent.seq }
        const [first, second] = n % 2 === 0 ? [stack, other] : [other, stack]
        await first.commands.markRead(asker(bob), mark)
        const events = await readAll(stack.store, `receipts-${sent.conversation}`)
        expect(events).toHaveLength(n)
        // as soon as the other box has seen it: before the read models need to have it
        await expect.poll(() => second.feed.head()).toBeGreaterThanOrEqual(events.at(-1)!.position)
        await second.commands.markRead(asker(bob), mark)
        await second.commands.markDelivered(asker(bob), mark)
        expect(await readAll(stack.store, `receipts-${sent.conversation}`)).toHaveLength(n)
      }
    } finally {
      await other.close()
    }
  })
})
