// What people do in conversations, through the SDK: a group's life, what becomes of messages, blocks; and a server that is killed.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { api } from '../../src/client/index.ts'
import { freshFolder, person, startServer, token, type Server } from '../support/server.ts'

let server: Server
const dataDir = freshFolder()
beforeAll(async () => {
  server = await startServer({ dataDir })
})
afterAll(async () => {
  expect(await server.stop()).toBe(0)
})

const refused = (code: string) => ({ name: 'Refused', code }) as unknown as Error

describe('a group', () => {
  it('[Q3] is started, grows, changes, loses members and goes on', async () => {
    const [olga, adam, mia] = [await person(server, 'olga'), await person(server, 'adam'), await person(server, 'mia')]
    const { id } = await olga.client.startGroup({ name: 'tea', members: ['mia'] })
    await olga.client.addMember(id, 'adam', 'admin')
    await adam.client.changeConversation(id, { name: 'coffee', retention: { mode: 'temporary', ttl: '24h' } })
    await mia.until(() => mia.of('changed').length === 2)
    expect(mia.of('changed')).toMatchObject([{ name: 'coffee' }, { retention: { mode: 'temporary', ttl: '24h' } }])
    const { at } = await mia.client.send({ conversation: id }, { text: 'for a day' })
    await adam.until(() => adam.of('message').length === 1)
    expect(adam.of('message')[0]!.expiresAt).toBe(new Date(Date.parse(at) + 86_400_000).toISOString())
    await adam.client.removeMember(id, 'mia')
    await mia.until(() => mia.of('member').some(({ change }) => change === 'removed'))
    await expect(mia.client.send({ conversation: id }, { text: 'x' })).rejects.toMatchObject(refused('not-a-member'))
    await expect(adam.client.removeMember(id, 'olga')).rejects.toMatchObject(refused('not-allowed'))
    const { position } = await olga.client.leave(id)
    const shown = await adam.client.conversation(id, { atLeast: position })
    expect(shown).toMatchObject({ name: 'coffee', members: [{ user: 'adam', role: 'owner' }] })
    await adam.client.addMember(id, 'mia')
    await mia.until(() => mia.of('member').filter(({ change }) => change === 'joined').length === 2)
    await Promise.all([olga, adam, mia].map(({ client }) => client.close()))
  })
})

describe('a message', () => {
  it('[T5] is edited, reacted to, answered and retracted; history and inbox say the same', async () => {
    const [ann, bob] = [await person(server, 'ann'), await person(server, 'bob')]
    const { conversation, id } = await ann.client.send({ user: 'bob' }, { text: 'frist' })
    await ann.client.edit(conversation, id, { text: 'first' })
    await bob.client.react(conversation, id, '👍')
    const reply = await bob.client.send({ conversation }, { text: 'yes', replyTo: id })
    const typed = () => {
      bob.client.typing(conversation) // what is said in passing is let go of by a busy server
      return ann.of('typing').length
    }
    await expect.poll(typed).toBeGreaterThan(0)
    const atLeast = reply.position
    const [first] = await bob.client.messages(conversation, { atLeast })
    expect(first).toMatchObject({ body: { text: 'first' }, edited: true, reactions: [{ reaction: '👍', count: 1 }] })
    await bob.client.react(conversation, id, '👍', { on: false })
    const { position } = await ann.client.retract(conversation, id)
    await bob.until(() => bob.of('retracted').length === 1)
    const [gone] = await bob.client.messages(conversation, { atLeast: position })
    expect(gone).toMatchObject({ id, body: null, retracted: true })
    await expect(ann.client.edit(conversation, id, { text: 'x' })).rejects.toMatchObject(refused('not-allowed'))
    await Promise.all([ann.client.close(), bob.client.close()])
  })

  it('[B2] of who is blocked is refused, until unblocked; and they do not see the blocker', async () => {
    const [cat, dog] = [await person(server, 'cat'), await person(server, 'dog')]
    cat.client.activity()
    dog.client.watch(['cat'])
    await dog.until(() => dog.of('presence').some(({ state }) => state === 'online'))
    const { position } = await cat.client.block('dog')
    expect(await cat.client.blocks({ atLeast: position })).toEqual(['dog'])
    await expect(dog.client.send({ user: 'cat' }, { text: 'hi' })).rejects.toMatchObject(refused('blocked'))
    await dog.until(() => dog.of('presence').at(-1)?.state === 'offline')
    await cat.client.unblock('dog')
    await dog.client.send({ user: 'cat' }, { text: 'hi' })
    const changed = await cat.client.setPrivacy({ lastSeen: 'nobody' })
    expect(await cat.client.privacy({ atLeast: changed.position })).toEqual({ lastSeen: 'nobody' })
    expect(await dog.client.presence('cat')).toMatchObject({ state: 'offline', lastSeen: null })
    await Promise.all([cat.client.close(), dog.client.close()])
  })
})

describe('a server that is killed', () => {
  it('[T2] has what was answered, and answers the same again', async () => {
    const [eve, fay] = [await person(server, 'eve'), await person(server, 'fay')]
    const { conversation, id: message } = await eve.client.send({ user: 'fay' }, { text: 'first' })
    const ids = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()] as const
    const ask = async ({ client }: typeof eve) => [
      await client.edit(conversation, message, { text: 'second' }, { id: ids[0] }),
      await client.react(conversation, message, '🎉', { id: ids[1] }),
      await client.react(conversation, message, '👍', { id: ids[2] }),
    ]
    const answers = await ask(eve)
    await fay.client.block('eve')
    await server.kill()
    await Promise.all([eve.client.close(), fay.client.close()])
    server = await startServer({ dataDir })
    const again = await person(server, 'eve')
    expect(await ask(again)).toEqual(answers)
    await expect(again.client.send({ conversation }, { text: 'x' })).rejects.toMatchObject(refused('blocked'))
    const [shown] = await again.client.messages(conversation, { atLeast: answers[2]!.position })
    expect(shown).toMatchObject({ body: { text: 'second' }, reactions: [{ reaction: '🎉' }, { reaction: '👍' }] })
    const auditor = api({ url: server.url, token: await token(server.url, 'aud', ['auditor']) })
    const types: string[] = []
    for await (const { type } of auditor.audit.events(conversation)) types.push(type)
    expect(types.filter(type => !type.startsWith('Messages'))).toEqual([
      'ConversationStarted',
      'MessageSent',
      'MessageEdited',
      'ReactionAdded',
      'ReactionAdded',
    ])
    await again.client.close()
  })
})
