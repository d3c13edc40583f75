// Groups over several boxes: one history, whoever asks at once.
import { describe, expect, it } from 'vitest'
import { isRefusal } from '../../src/domain/index.ts'
import { asker, freshStack, openBox, readAll } from '../support/stack.ts'

const stack = freshStack()
const uuid = () => crypto.randomUUID()
const names = <N extends string>(...wanted: N[]): Record<N, string> => {
  const tag = uuid().slice(0, 8)
  return Object.fromEntries(wanted.map(name => [name, `${name}-${tag}`])) as Record<N, string>
}
const accepted = <T>(answer: T): Exclude<T, { refused: unknown }> => {
  if (isRefusal(answer)) throw new Error(`refused: ${JSON.stringify(answer)}`)
  return answer as Exclude<T, { refused: unknown }>
}
const start = async (by: string, members: string[]) => {
  const id = uuid()
  const retention = { mode: 'permanent' } as const
  accepted(await stack.commands.startGroup(asker(by), { id, name: 'tea', members, delivered: false, retention }))
  return id
}
const eventsOf = (conversation: string) => readAll(stack.store, `conversation-${conversation}`)
const otherBox = () => openBox(stack.storeUrl, stack.pool, stack.masterKey)

describe('a group', () => {
  it('[Q9] two admins who remove and add the same person at once end in one consistent history', async () => {
    const { olga, adam, mia } = names('olga', 'adam', 'mia')
    const conversation = await start(olga, [adam, mia])
    accepted(await stack.commands.addMember(asker(olga), { conversation, user: adam, role: 'admin' }))
    const other = await otherBox()
    try {
      const member = { conversation, user: mia }
      const answers = await Promise.all(
        Array.from({ length: 30 }, (_, n) =>
          n % 2 === 0
            ? stack.commands.removeMember(asker(olga), member)
            : other.commands.addMember(asker(adam), member),
        ),
      )
      expect(answers.filter(isRefusal)).toEqual([])
    } finally {
      await other.close()
    }
    const changes = (await eventsOf(conversation)).slice(2).map(({ type }) => type)
    expect(changes.length).toBeGreaterThan(0)
    changes.forEach((type, n) => expect(type).toBe(n % 2 === 0 ? 'MemberRemoved' : 'MemberJoined'))
  })

  it('[Q2] of two owners who take each other out at once over two boxes one stays', async () => {
    const { olga, otto, mia } = names('olga', 'otto', 'mia')
    const other = await otherBox()
    try {
      for (let round = 0; round < 5; round++) {
        const conversation = await start(olga, [otto, mia])
        accepted(await stack.commands.addMember(asker(olga), { conversation, user: otto, role: 'owner' }))
        const [one, two] = await Promise.all([
          stack.commands.removeMember(asker(olga), { conversation, user: otto }),
          other.commands.removeMember(asker(otto), { conversation, user: olga }),
        ])
        expect([one, two].filter(isRefusal)).toMatchObject([{ refused: 'not-a-member' }])
        expect((await eventsOf(conversation)).filter(({ type }) => type === 'MemberRemoved')).toHaveLength(1)
      }
    } finally {
      await other.close()
    }
  })

  it('[Q8] takes members up to its limit, and not one more', async () => {
    const { olga, last, late } = names('olga', 'last', 'late')
    const conversation = await start(
      olga,
      Array.from({ length: 1022 }, (_, n) => `member-${n}`),
    )
    const add = (user: string) => stack.commands.addMember(asker(olga), { conversation, user })
    accepted(await add(last))
    expect(await add(late)).toMatchObject({ refused: 'group-is-full' })
    accepted(await stack.commands.removeMember(asker(olga), { conversation, user: last }))
    accepted(await add(late))
    const many = Array.from({ length: 1024 }, (_, n) => `member-${n}`)
    const retention = { mode: 'permanent' } as const
    const group = { id: uuid(), name: 'tea', members: many, delivered: false, retention }
    expect(await stack.commands.startGroup(asker(olga), group)).toMatchObject({ refused: 'group-is-full' })
  })

  it('[Q7] delivered marks count from when they are switched on, at whichever box', async () => {
    const { olga, mia } = names('olga', 'mia')
    const conversation = await start(olga, [mia])
    const other = await otherBox()
    try {
      const mark = (upTo: number) => other.commands.markDelivered(asker(mia), { conversation, upTo })
      expect(await mark(0)).toBeUndefined()
      expect(await readAll(stack.store, `receipts-${conversation}`)).toHaveLength(0)
      const change = { conversation, delivered: true }
      const { position } = accepted(await stack.commands.changeConversation(asker(olga), change))
      await other.projections.reached(position, 10_000)
      expect(await mark(1)).toBeUndefined()
      expect(await readAll(stack.store, `receipts-${conversation}`)).toHaveLength(1)
    } finally {
      await other.close()
    }
  })

  it('[Q4] changed to what it is already leaves no event, and is answered with a position that has it', async () => {
    const { olga } = names('olga')
    const conversation = await start(olga, [])
    const change = { conversation, name: 'coffee', retention: { mode: 'temporary', ttlMs: 5_000 } } as const
    for (let n = 0; n < 2; n++) {
      const { position } = accepted(await stack.commands.changeConversation(asker(olga), change))
      await stack.projections.reached(position, 10_000)
      expect(await stack.projections.queries.conversations([conversation])).toMatchObject([
        { name: 'coffee', retention: change.retention },
      ])
    }
    expect((await eventsOf(conversation)).map(({ type }) => type)).toEqual([
      'ConversationStarted',
      'ConversationRenamed',
      'RetentionChanged',
    ])
  })
})
