// What every form of the catalogue keeps, whether the command stage is in this process or in another.
import { describe, expect, it } from 'vitest'
import type { Commands } from '../../src/commands/index.ts'
import { isRefusal } from '../../src/domain/index.ts'
import type { EventStore } from '../../src/eventstore/index.ts'
import { asker, readAll } from '../support/stack.ts'

const uuid = () => crypto.randomUUID()
const body = (text: string) => JSON.stringify({ text })
const people = () => {
  const tag = uuid().slice(0, 8)
  return { alice: `alice-${tag}`, bob: `bob-${tag}` }
}
const accepted = <T>(answer: T): Exclude<T, { refused: unknown }> => {
  if (isRefusal(answer)) throw new Error(`refused: ${JSON.stringify(answer)}`)
  return answer as Exclude<T, { refused: unknown }>
}

export function behavesLikeCommands(form: string, commands: () => Commands, store: () => EventStore): void {
  const send = (from: string, to: string, id = uuid(), text = 'hi') =>
    commands().sendMessage(asker(from), { id, to: { user: to }, body: body(text) })
  const inLog = async (stream: string) => (await readAll(store(), stream)).map(({ type }) => type)

  describe(`commands ${form}`, () => {
    it('[N8] a message is sent, and sent again it is the same answer', async () => {
      const { alice, bob } = people()
      const id = uuid()
      const first = accepted(await send(alice, bob, id))
      expect(first).toEqual({
        id,
        conversation: first.conversation,
        seq: 1,
        from: alice,
        at: first.at,
        position: first.position,
      })
      expect(first.at).toMatch(/^\d{4}-.*Z$/)
      expect(await Promise.all([send(alice, bob, id), send(alice, bob, id, 'other')])).toEqual([first, first])
      expect(await send(bob, alice, id)).toMatchObject({ refused: 'id-taken', because: expect.any(String) as string })
      expect(await inLog(`conversation-${first.conversation}`)).toEqual(['ConversationStarted', 'MessageSent'])
    })

    it('[H7] what an id was answered with, or is about to be, can be asked for without saying it', async () => {
      const { alice, bob } = people()
      const [id, to] = [uuid(), { user: bob }]
      expect(await commands().answerTo(asker(alice), { id, to })).toBeNull()
      const [first, meanwhile] = await Promise.all([
        send(alice, bob, id),
        commands().answerTo(asker(alice), { id, to }),
      ])
      expect(meanwhile).toEqual(accepted(first))
      expect(await commands().answerTo(asker(alice), { id, to })).toEqual(first)
      expect(await commands().answerTo(asker(bob), { id, to: { user: alice } })).toMatchObject({ refused: 'id-taken' })
    })

    it('[N8] messages asked for one after another get their seqs in that order', async () => {
      const { alice, bob } = people()
      const answers = await Promise.all(Array.from({ length: 50 }, () => send(alice, bob)))
      expect(answers.map(answer => accepted(answer).seq)).toEqual(answers.map((_, n) => n + 1))
    })

    it('[N8] what is refused is a value, with its reason', async () => {
      const { alice, bob } = people()
      const { conversation } = accepted(await send(alice, bob))
      const to = { conversation }
      expect(await commands().sendMessage(asker('eve'), { id: uuid(), to, body: body('x') })).toMatchObject({
        refused: 'unknown-conversation',
      })
      const noBody = { id: uuid(), to: { user: bob }, body: '{"text":5}' }
      expect(await commands().sendMessage(asker(alice), noBody)).toMatchObject({ refused: 'bad-frame' })
      expect(await commands().markRead(asker(bob), { conversation, upTo: 9 })).toMatchObject({
        refused: 'beyond-the-end',
      })
      expect(await commands().addMember(asker(alice), { conversation, user: 'eve' })).toMatchObject({
        refused: 'not-allowed',
      })
    })

    it('[N8] marks are answered with nothing, and made once', async () => {
      const { alice, bob } = people()
      const { conversation } = accepted(await send(alice, bob))
      for (let n = 0; n < 2; n++) {
        expect(await commands().markDelivered(asker(bob), { conversation, upTo: 1 })).toBeUndefined()
        expect(await commands().markRead(asker(bob), { conversation, upTo: 1 })).toBeUndefined()
      }
      expect(await inLog(`receipts-${conversation}`)).toEqual(['MessagesDelivered', 'MessagesRead'])
    })

    it('[N8] a group is started, joined and left', async () => {
      const { alice, bob } = people()
      const id = uuid()
      const retention = { mode: 'permanent' } as const
      const group = { id, name: 'tea', members: [], delivered: false, retention }
      expect(accepted(await commands().startGroup(asker(alice), group)).seq).toBe(0)
      const joined = accepted(await commands().addMember(asker(alice), { conversation: id, user: bob }))
      const left = accepted(await commands().removeMember(asker(bob), { conversation: id, user: bob }))
      expect(left.position).toBeGreaterThan(joined.position)
      accepted(await commands().removeMember(asker(bob), { conversation: id, user: bob }))
      expect(await inLog(`conversation-${id}`)).toEqual(['ConversationStarted', 'MemberJoined', 'MemberLeft'])
    })

    it('[N8] a group changes, and what was said in it is edited, reacted to and retracted', async () => {
      const { alice, bob } = people()
      const id = uuid()
      const retention = { mode: 'permanent' } as const
      accepted(
        await commands().startGroup(asker(alice), { id, name: 'tea', members: [bob], delivered: false, retention }),
      )
      accepted(await commands().addMember(asker(alice), { conversation: id, user: bob, role: 'admin' }))
      accepted(await commands().changeConversation(asker(bob), { conversation: id, name: 'coffee', delivered: true }))
      const said = { id: uuid(), to: { conversation: id }, body: body('hello') }
      const { id: message } = accepted(await commands().sendMessage(asker(bob), said))
      const of = () => ({ id: uuid(), conversation: id, message })
      accepted(await commands().editMessage(asker(bob), { ...of(), body: body('hello!') }))
      accepted(await commands().react(asker(alice), { ...of(), reaction: '👍', on: true }))
      expect(await commands().announceTyping(asker(alice), { conversation: id })).toBeUndefined()
      accepted(await commands().retractMessage(asker(bob), of()))
      expect((await inLog(`conversation-${id}`)).slice(1)).toEqual([
        'MemberRoleChanged',
        ...['ConversationRenamed', 'DeliveredMarksChanged'],
        ...['MessageSent', 'MessageEdited', 'ReactionAdded', 'MessageRetracted'],
      ])
    })

    it('[N8] people are blocked and let through again, and say who sees when they were there', async () => {
      const { alice, bob } = people()
      accepted(await commands().block(asker(alice), { user: bob }))
      expect(await send(bob, alice)).toMatchObject({ refused: 'blocked' })
      accepted(await commands().unblock(asker(alice), { user: bob }))
      accepted(await commands().setPrivacy(asker(alice), { lastSeen: 'contacts' }))
      expect(await inLog(`user-${alice}`)).toEqual(['UserBlocked', 'UserUnblocked', 'PrivacyChanged'])
    })

    it('[N8] a message is given up once for a member', async () => {
      const { alice, bob } = people()
      const { id: message, conversation } = accepted(await send(alice, bob))
      const failure = { conversation, message, to: bob, reason: 'not-acknowledged', attempts: 20 } as const
      expect(await commands().failDelivery(failure)).toEqual({ failed: true })
      expect(await commands().failDelivery(failure)).toEqual({ failed: false })
      expect(await inLog(`conversation-${conversation}`)).toEqual([
        'ConversationStarted',
        'MessageSent',
        'DeliveryFailed',
      ])
    })

    it('[N8] an image is told of and discarded once', async () => {
      const { alice } = people()
      const media = uuid()
      const upload = { address: 'a'.repeat(64), key: uuid(), type: 'image/png', size: 1, width: 1, height: 1 } as const
      expect(await commands().recordUpload(asker(alice), media, upload)).toBeGreaterThan(0)
      for (let n = 0; n < 2; n++) expect(await commands().discardMedia(media, 'unnamed')).toBeUndefined()
      expect(await inLog(`media-${media}`)).toEqual(['MediaUploaded', 'MediaDiscarded'])
    })

    it('[N8] a session opens once and closes once, a person arrives once, an activity is told once', async () => {
      const { alice } = people()
      const session = { user: alice, session: uuid(), device: 'phone', box: 'box-1' }
      for (let n = 0; n < 2; n++) expect(await commands().openSession(session)).toBeUndefined()
      for (const standing of ['unknown', 'not-linked'] as const)
        expect(await commands().arrive(session, standing)).toBeUndefined()
      for (let n = 0; n < 2; n++) expect(await commands().recordActivity(asker(alice))).toBeUndefined()
      for (let n = 0; n < 2; n++) expect(await commands().closeSession(session, 'closed-by-client')).toBeUndefined()
      expect(await inLog(`session-${alice}`)).toEqual(['SessionOpened', 'SessionClosed'])
      expect(await inLog(`activity-${alice}`)).toEqual(['UserActive'])
      expect(await inLog(`user-${alice}`)).toEqual(['UserRegistered', 'DeviceLinked'])
    })

    it('[N8] a history is imported once', async () => {
      const { alice } = people()
      const { conversation } = accepted(await commands().startImport(asker('root'), { name: `#${alice}` }))
      const at = '2010-01-02T03:04:00.000Z'
      const entries = [
        { line: 1, at, user: alice, what: 'joined' as const },
        { line: 2, at, user: alice, what: 'said' as const, id: uuid(), body: body('hello') },
      ]
      const history = { conversation, source: 'a.log', upToLine: 2, entries }
      expect(accepted(await commands().importHistory(asker('root'), history))).toMatchObject({ imported: 2 })
      expect(accepted(await commands().importHistory(asker('root'), history))).toMatchObject({ imported: 0 })
    })

    it('[N8] an auditor’s look is recorded', async () => {
      const { alice } = people()
      const access = { call: 'GET /x', conversation: null }
      expect(await commands().recordAccess(asker(alice), access)).toBeUndefined()
      expect(await inLog(`access-${alice}`)).toEqual(['RecordAccessed'])
    })
  })
}
