// What becomes of messages, from command to log, with the real store and the real read side.
import { describe, expect, it } from 'vitest'
import type { Commands } from '../../src/commands/index.ts'
import { isRefusal } from '../../src/domain/index.ts'
import { asker, freshStack, openBox, readAll } from '../support/stack.ts'

const stack = freshStack()
const body = (text: string) => JSON.stringify({ text })
const uuid = () => crypto.randomUUID()
const people = () => {
  const tag = uuid().slice(0, 8)
  return { ann: `ann-${tag}`, bob: `bob-${tag}`, late: `late-${tag}` }
}
const accepted = <T>(answer: T): Exclude<T, { refused: unknown }> => {
  if (isRefusal(answer)) throw new Error(`refused: ${JSON.stringify(answer)}`)
  return answer as Exclude<T, { refused: unknown }>
}
const send = async (from: string, to: string, id = uuid()) =>
  accepted(await stack.commands.sendMessage(asker(from), { id, to: { user: to }, body: body('first') }))
const start = async (by: string, members: string[]) => {
  const id = uuid()
  const group = { id, name: 'tea', members, delivered: false, retention: { mode: 'permanent' } as const }
  accepted(await stack.commands.startGroup(asker(by), group))
  return id
}
const typesOf = async (conversation: string) =>
  (await readAll(stack.store, `conversation-${conversation}`)).map(({ type }) => type)
const projected = () => stack.projections.reached(stack.feed.head(), 10_000)
const otherBox = () => openBox(stack.storeUrl, stack.pool, stack.masterKey)

describe('what becomes of a message', () => {
  it('[T2] happens once, however often and from whichever box it is asked, with one answer', async () => {
    const { ann, bob } = people()
    const { conversation, id: message } = await send(ann, bob)
    const other = await otherBox()
    try {
      const asks: ((commands: Commands, id: string) => Promise<unknown>)[] = [
        (to, id) => to.editMessage(asker(ann), { id, conversation, message, body: body('second') }),
        (to, id) => to.react(asker(ann), { id, conversation, message, reaction: '👍', on: true }),
        (to, id) => to.react(asker(ann), { id, conversation, message, reaction: '👍', on: false }),
        (to, id) => to.retractMessage(asker(ann), { id, conversation, message }),
      ]
      for (const ask of asks) {
        const id = uuid()
        const answers = await Promise.all([stack, other, stack, other].map(({ commands }) => ask(commands, id)))
        for (const answer of answers) expect(answer).toEqual(accepted(answers[0]))
        expect(answers[0]).toMatchObject({ id, conversation, from: ann })
        await projected()
        const late = await otherBox() // knows it from the read models alone
        expect(await ask(late.commands, id)).toEqual(answers[0])
        await late.close()
        expect(
          await stack.commands.sendMessage(asker(bob), { id, to: { user: ann }, body: body('taken') }),
        ).toMatchObject({ refused: 'id-taken' })
      }
    } finally {
      await other.close()
    }
    expect(await typesOf(conversation)).toEqual([
      'ConversationStarted',
      'MessageSent',
      'MessageEdited',
      'ReactionAdded',
      'ReactionRemoved',
      'MessageRetracted',
    ])
  })

  it('[T2] a message’s id is not taken by an edit, nor an edit’s by a message', async () => {
    const { ann, bob } = people()
    const first = await send(ann, bob)
    const { conversation, id: message } = first
    const edit = { id: message, conversation, message, body: body('second') }
    expect(await stack.commands.editMessage(asker(ann), edit)).toEqual(first)
    expect(await stack.commands.editMessage(asker(bob), edit)).toMatchObject({ refused: 'id-taken' })
    const second = accepted(await stack.commands.editMessage(asker(ann), { ...edit, id: uuid() }))
    const again = { id: second.id, to: { user: bob }, body: body('x') }
    expect(await stack.commands.sendMessage(asker(ann), again)).toEqual(second)
    expect(await typesOf(conversation)).toHaveLength(3)
  })

  it('[T3] what was so already leaves no event, and is answered as of where it was so', async () => {
    const { ann, bob } = people()
    const { conversation, id: message } = await send(ann, bob)
    const like = { conversation, message, reaction: '👍', on: true }
    const first = accepted(await stack.commands.react(asker(bob), { ...like, id: uuid() }))
    const again = { ...like, id: uuid() }
    const second = accepted(await stack.commands.react(asker(bob, 'laptop'), again))
    expect(second).toMatchObject({ id: again.id, conversation, from: bob, seq: first.seq })
    expect(await stack.commands.react(asker(bob, 'laptop'), again)).toEqual(second)
    await stack.commands.react(asker(bob), { ...like, id: uuid(), on: false })
    // said again though another one came between, as after a lost socket: still the first answer, and nothing happens
    expect(await stack.commands.react(asker(bob, 'laptop'), again)).toEqual(second)
    expect(await typesOf(conversation)).toEqual([
      'ConversationStarted',
      'MessageSent',
      'ReactionAdded',
      'ReactionRemoved',
    ])
  })

  it('[T7] is decided on what is so, also where the read models do not have it yet, and in one write with the message', async () => {
    const { ann, bob } = people()
    await send(ann, bob)
    for (let round = 0; round < 10; round++) {
      const message = uuid()
      const sending = send(ann, bob, message)
      const { conversation } = await send(ann, bob)
      const edit = { conversation, message, body: body('second') }
      const [, edited, retracted, late] = await Promise.all([
        sending,
        stack.commands.editMessage(asker(ann), { ...edit, id: uuid() }),
        stack.commands.retractMessage(asker(ann), { id: uuid(), conversation, message }),
        stack.commands.editMessage(asker(ann), { ...edit, id: uuid() }),
      ])
      expect(accepted(edited).seq).toBe(accepted(retracted).seq - 1)
      expect(late).toMatchObject({ refused: 'not-allowed' })
    }
  })

  it('[T7] is decided on what other boxes did', async () => {
    const { ann, bob, late } = people()
    const conversation = await start(ann, [bob])
    const message = uuid()
    const said = { id: message, to: { conversation }, body: body('first') }
    accepted(await stack.commands.sendMessage(asker(ann), said))
    const other = await otherBox()
    try {
      accepted(await other.commands.react(asker(bob), { id: uuid(), conversation, message, reaction: '👍', on: true }))
      accepted(await other.commands.retractMessage(asker(ann), { id: uuid(), conversation, message }))
      accepted(await other.commands.addMember(asker(ann), { conversation, user: late }))
      const edit = { id: uuid(), conversation, message, body: body('second') }
      expect(await stack.commands.editMessage(asker(ann), edit)).toMatchObject({ refused: 'not-allowed' })
      const like = { conversation, message, reaction: '👍' }
      const events = await typesOf(conversation)
      const again = await stack.commands.react(asker(bob), { ...like, id: uuid(), on: true })
      expect(again).toMatchObject({ refused: 'not-allowed', because: 'this message was retracted' })
      expect(await typesOf(conversation)).toEqual(events)
      expect(await stack.commands.react(asker(late), { ...like, id: uuid(), on: false })).toMatchObject({
        refused: 'unknown-message',
      })
    } finally {
      await other.close()
    }
  })

  it('[T6] a reply names a message of the same conversation that the sender may see', async () => {
    const { ann, bob, late } = people()
    const elsewhere = await send(ann, late)
    const conversation = await start(ann, [bob])
    const say = (from: string, replyTo?: string) =>
      stack.commands.sendMessage(asker(from), {
        id: uuid(),
        to: { conversation },
        body: JSON.stringify({ text: 'x', replyTo }),
      })
    const first = accepted(await say(ann))
    accepted(await say(bob, first.id))
    accepted(await say(ann, first.id))
    expect(await say(bob, elsewhere.id)).toMatchObject({ refused: 'unknown-message' })
    expect(await say(bob, uuid())).toMatchObject({ refused: 'unknown-message' })
    accepted(await stack.commands.addMember(asker(ann), { conversation, user: late }))
    expect(await say(late, first.id)).toMatchObject({ refused: 'unknown-message' })
    await projected()
    expect(await say(late, first.id)).toMatchObject({ refused: 'unknown-message' })
    const seen = accepted(await say(ann))
    accepted(await say(late, seen.id))
    accepted(await stack.commands.removeMember(asker(ann), { conversation, user: late }))
    const missed = accepted(await say(ann))
    accepted(await stack.commands.addMember(asker(ann), { conversation, user: late }))
    expect(await say(late, missed.id)).toMatchObject({ refused: 'unknown-message' })
    await projected()
    expect(await say(late, missed.id)).toMatchObject({ refused: 'unknown-message' })
    accepted(await say(late, seen.id))
  })

  it('[T8] an edit stands sealed in the log, with the key that its message has', async () => {
    const { ann, bob } = people()
    const { conversation, id: message } = await send(ann, bob)
    const secret = `the password is ${uuid()}`
    accepted(await stack.commands.editMessage(asker(ann), { id: uuid(), conversation, message, body: body(secret) }))
    const events = await readAll(stack.store, `conversation-${conversation}`)
    expect(JSON.stringify(events)).not.toContain(secret)
    const [first, second] = events
      .slice(1)
      .map(({ data }) => (data as { content: { key: string; box: string } }).content)
    expect(second!.key).toBe(first!.key)
    expect(await stack.keyring.open({ conversation, message }, second!)).toBe(body(secret))
    expect(events[2]!.metadata).toMatchObject({ actor: { user: ann }, origin: 'user', correlationId: events[2]!.id })
  })
})
