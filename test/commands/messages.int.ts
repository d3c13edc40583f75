// Messages and receipts, from command to log, with the real store and the real read side.
import { describe, expect, it } from 'vitest'
import type { SentMessage } from '../../src/commands/index.ts'
import { directConversation } from '../../src/commands/ids.ts'
import { isRefusal } from '../../src/domain/index.ts'
import { asker, freshStack, openBox, readAll } from '../support/stack.ts'

const stack = freshStack()
const body = (text: string) => JSON.stringify({ text })
const uuid = () => crypto.randomUUID()
const people = () => {
  const tag = uuid().slice(0, 8)
  return { alice: `alice-${tag}`, bob: `bob-${tag}` }
}
const accepted = <T>(answer: T): Exclude<T, { refused: unknown }> => {
  if (isRefusal(answer)) throw new Error(`refused: ${JSON.stringify(answer)}`)
  return answer as Exclude<T, { refused: unknown }>
}
const send = (from: string, to: string, id = uuid(), text = 'hi') =>
  stack.commands.sendMessage(asker(from), { id, to: { user: to }, body: body(text) })

describe('a message', () => {
  it('[M1] two people who write at once meet in one conversation, in one order', async () => {
    const { alice, bob } = people()
    const answers = await Promise.all([
      ...Array.from({ length: 20 }, () => send(alice, bob)),
      ...Array.from({ length: 20 }, () => send(bob, alice)),
    ])
    const seqs = answers.map(answer => accepted(answer).seq).sort((a, b) => a - b)
    expect(seqs).toEqual(Array.from({ length: 40 }, (_, n) => n + 1))
    const events = await readAll(stack.store, `conversation-${directConversation(alice, bob)}`)
    expect(events.map(event => event.revision)).toEqual(Array.from({ length: 41 }, (_, n) => n))
  })

  it('[M2] sent again is one message with one answer: at once, later, and when memory has forgotten it', async () => {
    const { alice, bob } = people()
    const id = uuid()
    const answers = await Promise.all(Array.from({ length: 30 }, () => send(alice, bob, id)))
    const first = accepted(answers[0]!)
    for (const answer of answers) expect(answer).toEqual(first)
    expect(await send(alice, bob, id, 'something else')).toEqual(first)
    expect(await send(alice, 'somebody-else', id)).toEqual(first)
    await stack.projections.reached(first.position, 10_000)
    const other = await openBox(stack.storeUrl, stack.pool, stack.masterKey) // has not seen it in its feed
    try {
      expect(await other.commands.sendMessage(asker(alice), { id, to: { user: bob }, body: body('again') })).toEqual(
        first,
      )
    } finally {
      await other.close()
    }
    const events = await readAll(stack.store, `conversation-${first.conversation}`)
    expect(events.filter(event => event.type === 'MessageSent')).toHaveLength(1)
  })

  it('[M2] sent from two boxes at once is one message', async () => {
    const other = await openBox(stack.storeUrl, stack.pool, stack.masterKey)
    try {
      for (let round = 0; round < 10; round++) {
        const { alice, bob } = people()
        const id = uuid()
        const ask = { id, to: { user: bob }, body: body('hi') }
        const answers = await Promise.all(
          [stack, other, stack, other].map(box => box.commands.sendMessage(asker(alice), ask)),
        )
        for (const answer of answers) expect(answer).toEqual(accepted(answers[0]!))
        const events = await readAll(stack.store, `conversation-${accepted(answers[0]!).conversation}`)
        expect(events.map(event => event.type)).toEqual(['ConversationStarted', 'MessageSent'])
      }
    } finally {
      await other.close()
    }
  })

  it('[M3] with an id of another person’s is refused', async () => {
    const { alice, bob } = people()
    const id = uuid()
    await send(alice, bob, id)
    expect(await send(bob, alice, id)).toMatchObject({ refused: 'id-taken' })
  })

  it('[M4] stands sealed in the log, and opens with its key', async () => {
    const { alice, bob } = people()
    const secret = `the password is ${uuid()}`
    const { conversation, id, seq } = accepted(await send(alice, bob, uuid(), secret))
    const events = await readAll(stack.store, `conversation-${conversation}`)
    expect(JSON.stringify(events)).not.toContain(secret)
    const { content } = events[seq]!.data as { content: { key: string; box: string } }
    expect(Buffer.from(content.box, 'base64').toString('latin1')).not.toContain(secret)
    expect(await stack.keyring.open({ conversation, message: id }, content)).toBe(body(secret))
  })

  it('[M5] carries who asked, why and when, and no content, beside it', async () => {
    const { alice, bob } = people()
    const { conversation, id } = accepted(await send(alice, bob, uuid(), 'quiet please'))
    const [started, message] = await readAll(stack.store, `conversation-${conversation}`)
    for (const event of [started!, message!])
      expect(event.metadata).toMatchObject({
        actor: { user: alice, device: 'phone', session: `session-of-${alice}` },
        origin: 'user',
        correlationId: id,
      })
    expect(message!.id).toBe(id)
  })

  it('to a conversation one is not in, or that is none, is refused and changes nothing', async () => {
    const { alice, bob } = people()
    const { conversation } = accepted(await send(alice, bob))
    const to = async (target: string) =>
      stack.commands.sendMessage(asker('mallory'), { id: uuid(), to: { conversation: target }, body: body('x') })
    expect(await to(conversation)).toMatchObject({ refused: 'unknown-conversation' })
    expect(await to(uuid())).toMatchObject({ refused: 'unknown-conversation' })
    expect(await to('nonsense')).toMatchObject({ refused: 'unknown-conversation' })
    expect(await readAll(stack.store, `conversation-${conversation}`)).toHaveLength(2)
  })

  it('[M6] in the middle of a gathered write is answered with its own position', async () => {
    const { alice, bob } = people()
    const answers = (await Promise.all(Array.from({ length: 10 }, () => send(alice, bob)))) as SentMessage[]
    const events = await readAll(stack.store, `conversation-${answers[0]!.conversation}`)
    const raw = new Map<string, { position: number }>()
    await new Promise<void>(resolve => {
      const stop = stack.store.subscribe(['conversation-'], undefined, {
        take: batch => {
          for (const event of batch.events) raw.set(event.id, event)
          if (!events.every(event => raw.has(event.id))) return
          stop()
          resolve()
        },
        lost: () => undefined,
      })
    })
    for (const { id, position } of answers) expect(position).toBe(raw.get(id)!.position)
  })
})

describe('receipts', () => {
  it('[R4] marks made while a write is under way are gathered: the latest of each device, in one order', async () => {
    const { alice, bob } = people()
    const { conversation } = accepted(await send(alice, bob))
    for (let n = 0; n < 20; n++) await send(alice, bob)
    const marks = Array.from({ length: 20 }, (_, n) =>
      stack.commands.markRead(asker(bob), { conversation, upTo: n + 1 }),
    )
    expect(await Promise.all(marks)).toEqual(marks.map(() => undefined))
    const events = await readAll(stack.store, `receipts-${conversation}`)
    const upTo = events.map(event => (event.data as { upTo: number }).upTo)
    expect(upTo.at(-1)).toBe(20)
    expect(upTo).toEqual([...new Set(upTo)].sort((a, b) => a - b))
    expect(upTo.length).toBeLessThan(20)
  })

  it('[R5] each device leaves its own evidence; the same mark again leaves none', async () => {
    const { alice, bob } = people()
    const { conversation } = accepted(await send(alice, bob))
    for (const device of ['phone', 'laptop', 'phone'])
      expect(await stack.commands.markDelivered(asker(bob, device), { conversation, upTo: 1 })).toBeUndefined()
    const events = await readAll(stack.store, `receipts-${conversation}`)
    expect(events.map(event => (event.data as { device: string }).device)).toEqual(['phone', 'laptop'])
  })

  it('past the end, and in conversations one is not in, are refused', async () => {
    const { alice, bob } = people()
    const { conversation } = accepted(await send(alice, bob))
    const mark = (user: string, upTo: number) => stack.commands.markRead(asker(user), { conversation, upTo })
    expect(await mark(bob, 2)).toMatchObject({ refused: 'beyond-the-end' })
    expect(await mark(bob, -1)).toMatchObject({ refused: 'beyond-the-end' })
    expect(await mark('mallory', 1)).toMatchObject({ refused: 'unknown-conversation' })
    expect(await readAll(stack.store, `receipts-${conversation}`)).toHaveLength(0)
  })
})

describe('a group', () => {
  const start = async (by: string, members: string[], delivered = false) => {
    const id = uuid()
    const retention = { mode: 'permanent' } as const
    accepted(await stack.commands.startGroup(asker(by), { id, name: 'tea', members, delivered, retention }))
    return id
  }

  it('[J5] leaves delivered marks away unless it was started with them', async () => {
    const { alice, bob } = people()
    for (const [delivered, expected] of [
      [false, 0],
      [true, 1],
    ] as const) {
      const conversation = await start(alice, [bob], delivered)
      expect(await stack.commands.markDelivered(asker(bob), { conversation, upTo: 0 })).toBeUndefined()
      expect(await readAll(stack.store, `receipts-${conversation}`)).toHaveLength(expected)
    }
  })

  it('[J6] what another box changed is known before anybody is refused', async () => {
    const { alice, bob } = people()
    const conversation = await start(alice, [])
    const other = await openBox(stack.storeUrl, stack.pool, stack.masterKey)
    try {
      const ask = () => ({ id: uuid(), to: { conversation }, body: body('here I am') })
      expect(await other.commands.sendMessage(asker(bob), ask())).toMatchObject({ refused: 'unknown-conversation' })
      accepted(await stack.commands.addMember(asker(alice), { conversation, user: bob }))
      accepted(await other.commands.sendMessage(asker(bob), ask()))
      accepted(await stack.commands.removeMember(asker(bob), { conversation, user: bob }))
      expect(await other.commands.sendMessage(asker(bob), ask())).toMatchObject({ refused: 'not-a-member' })
    } finally {
      await other.close()
    }
  })

  it('[J6] what another box changed is known before anybody is told that it is so already', async () => {
    const { alice, bob } = people()
    const { conversation, id: message } = accepted(await send(alice, bob))
    const other = await openBox(stack.storeUrl, stack.pool, stack.masterKey)
    try {
      const react = (box: Pick<typeof other, 'commands'>, on: boolean) =>
        box.commands.react(asker(bob), { id: uuid(), conversation, message, reaction: '👍', on })
      for (let round = 0; round < 20; round++) {
        const { seq } = accepted(await react(stack, true))
        expect(accepted(await react(other, false)).seq).toBe(seq + 1) // its feed may not have brought the other one yet
      }
    } finally {
      await other.close()
    }
  })

  it('[J7] nobody takes a conversation whose id follows from a name before its people do', async () => {
    const { alice, bob } = people()
    const retention = { mode: 'permanent' } as const
    const taken = {
      id: directConversation(alice, bob),
      name: 'mine',
      members: [alice, bob],
      delivered: false,
      retention,
    }
    expect(await stack.commands.startGroup(asker('mallory'), taken)).toMatchObject({ refused: 'bad-request' })
    expect(accepted(await send(alice, bob)).seq).toBe(1)
  })

  it('[J8] asking twice to start a group starts one; a stranger’s id is refused', async () => {
    const { alice, bob } = people()
    const group = { id: uuid(), name: 'tea', members: [], delivered: false, retention: { mode: 'permanent' } as const }
    for (let n = 0; n < 2; n++)
      expect(accepted(await stack.commands.startGroup(asker(alice), group))).toMatchObject({ seq: 0 })
    expect(await stack.commands.startGroup(asker(bob), group)).toMatchObject({ refused: 'conversation-exists' })
    expect(await readAll(stack.store, `conversation-${group.id}`)).toHaveLength(1)
  })

  it('a member who comes and goes over two boxes at once ends in one consistent history', async () => {
    const { alice, bob } = people()
    const conversation = await start(alice, [bob])
    const other = await openBox(stack.storeUrl, stack.pool, stack.masterKey)
    try {
      await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          n % 2 === 0
            ? stack.commands.removeMember(asker(bob), { conversation, user: bob })
            : other.commands.addMember(asker(alice), { conversation, user: bob }),
        ),
      )
    } finally {
      await other.close()
    }
    const changes = (await readAll(stack.store, `conversation-${conversation}`)).slice(1).map(event => event.type)
    changes.forEach((type, n) => expect(type).toBe(n % 2 === 0 ? 'MemberLeft' : 'MemberJoined'))
  })
})
