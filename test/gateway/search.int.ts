// Search over HTTP: what is asked, what is answered, what is refused.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { asker, freshStack, type Stack } from '../support/stack.ts'
import { openGateway, type Box } from './support.ts'

const stack = freshStack()
let box: Box
beforeAll(async () => {
  box = await openGateway(stack)
})
afterAll(() => box.gateway.close())

const say = async (from: string, to: string, text: string) => {
  const id = crypto.randomUUID()
  const sent = await stack.commands.sendMessage(asker(from), {
    id,
    to: { user: to },
    body: JSON.stringify({ text, n: 1.0 }),
  })
  if ('refused' in sent) throw new Error(sent.refused)
  return sent
}
const search = (as: string, query: Record<string, string>) =>
  box.http('GET', `/v1/search?${new URLSearchParams(query).toString()}`, { as })

it('[FS4] answers pages of messages, newest first, as the history has them, as soon as one has the position', async () => {
  const sent = []
  for (const n of [1, 2, 3]) sent.push(await say('ann', 'bob', `lunch ${n}`))
  const [, second, third] = sent
  const first = await search('bob', { q: 'LUNCH', limit: '2', atLeast: String(third!.position) })
  expect([first.status, first.json['complete'], first.json['next']]).toEqual([200, true, String(second!.position)])
  const { conversation, id, seq, at } = third!
  expect((first.json['messages'] as object[])[0]).toEqual({
    conversation,
    id,
    seq,
    at,
    from: 'ann',
    body: { text: 'lunch 3', n: 1 },
  })
  const rest = await search('bob', {
    q: 'lunch',
    limit: '2',
    before: first.json['next'] as string,
    conversation,
    from: 'ann',
  })
  expect(rest.json).toMatchObject({ messages: [{ body: { text: 'lunch 1' } }], next: null })
  expect((await search('bob', { q: 'dinner' })).json).toEqual({ messages: [], next: null, complete: true })
})

it('[FS2] a question that is none is refused with a sentence, and so is a conversation one never was in', async () => {
  const questions: [Record<string, string>, RegExp][] = [
    [{}, /q is missing: what to look for/],
    [{ q: '' }, /q.*no word/],
    [{ q: '-tea' }, /q.*it only says what is not wanted/],
    [{ q: 'x'.repeat(501) }, /q.*at most 500 characters/],
    [{ q: 'tea', limit: '0' }, /limit/],
    [{ q: 'tea', before: 'yesterday' }, /before/],
    [{ q: 'tea', from: 'a b' }, /from/],
  ]
  for (const [query, detail] of questions) {
    const { status, json } = await search('bob', query)
    expect([status, json['code'], json['detail']]).toEqual([400, 'bad-request', expect.stringMatching(detail)])
  }
  const { conversation } = await say('ann', 'bob', 'ours')
  for (const id of [conversation, crypto.randomUUID()])
    expect((await search('eve', { q: 'ours', conversation: id })).status).toBe(404)
})

it('[FS7] where it is switched off there is none', async () => {
  const parts = [
    'storeUrl',
    'store',
    'pool',
    'epoch',
    'keyring',
    'feed',
    'projections',
    'commands',
    'media',
    'folder',
  ] as const
  const without = Object.fromEntries(parts.map(part => [part, stack[part]])) as unknown as Omit<Stack, 'search'>
  const off = await openGateway({ ...without, search: undefined })
  const { status, json } = await off.http('GET', '/v1/search?q=tea', { as: 'bob' })
  expect([status, json['code']]).toEqual([404, 'not-found'])
  await off.gateway.close()
})

it('[FS7] a position that the index does not get to is said to be behind', async () => {
  const { status, json } = await search('bob', { q: 'tea', atLeast: '999999999999999' })
  expect([status, json['code']]).toEqual([504, 'behind'])
})
