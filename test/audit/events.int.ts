// The auditors' calls over the real stack: the whole record, in order, and every look recorded.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshStack, readAll } from '../support/stack.ts'
import { type Box, openGateway, people, type Row } from '../gateway/support.ts'

const stack = freshStack()
let box: Box
beforeAll(async () => {
  box = await openGateway(stack)
})
afterAll(() => box.gateway.close())

const roles = ['auditor']
const look = async (auditor: string, conversation: string, query = '') => {
  const answer = await box.http('GET', `/v1/audit/conversations/${conversation}/events${query}`, { as: auditor, roles })
  const lines = answer.text.split('\n').filter(line => line !== '')
  return { ...answer, events: answer.status === 200 ? lines.map(line => JSON.parse(line) as Row) : [] }
}

/** A chat of four messages; each was delivered and read before the next was sent. Its eight receipts stand between them. */
async function chat() {
  const { alice, bob, auditor } = people('alice', 'bob', 'auditor')
  const [hers, his] = await Promise.all([box.connect(alice), box.connect(bob)])
  let conversation = ''
  for (const text of ['one', 'two', 'three', 'four']) {
    const sent = await hers.send({ user: bob }, text)
    conversation = sent.conversation
    his.say({ type: 'delivered', conversation, upTo: sent.seq })
    await hers.next('receipt')
    his.say({ type: 'read', conversation, upTo: sent.seq })
    await hers.next('receipt')
  }
  await Promise.all([hers.close(), his.close()])
  return { alice, bob, auditor, conversation }
}

describe('an auditor', () => {
  it('gets every event of a conversation and its receipts, in the order of the log, as stored', async () => {
    const { auditor, alice, conversation } = await chat()
    const { events, headers } = await look(auditor, conversation)
    expect(headers.get('content-type')).toMatch('application/x-ndjson')
    const own = await readAll(stack.store, `conversation-${conversation}`)
    const receipts = await readAll(stack.store, `receipts-${conversation}`)
    const expected = [...own, ...receipts].sort((a, b) => a.position - b.position)
    expect(events).toEqual(expected.map(event => ({ ...event, position: String(event.position) })))
    expect(Object.keys(events[1]!)).toEqual(['position', 'stream', 'revision', 'id', 'type', 'data', 'metadata'])
    expect(events[1]).toMatchObject({ type: 'MessageSent', metadata: { actor: { user: alice }, origin: 'user' } })
  })

  it('gets the bodies too where asked to, as they came', async () => {
    const { auditor, conversation } = await chat()
    const { events } = await look(auditor, conversation, '?open=true')
    const bodies = events.flatMap(({ body }) => (body === undefined ? [] : [body]))
    expect(bodies).toEqual(['one', 'two', 'three', 'four'].map(text => ({ text })))
    expect((await look(auditor, conversation, '?open=false')).events.some(({ body }) => body !== undefined)).toBe(false)
  })

  it('may ask for some seqs, both ends included, with the receipts between them', async () => {
    const { auditor, conversation } = await chat()
    const kinds = async (query: string) =>
      (await look(auditor, conversation, query)).events.map(({ type, revision }) => {
        const short = String(type).replace('MessageSent', 'sent').replace('Messages', '').toLowerCase()
        return short === 'sent' ? `sent ${String(revision)}` : short
      })
    const receipts = ['delivered', 'read']
    expect(await kinds('?from=2&to=3')).toEqual(['sent 2', ...receipts, 'sent 3'])
    expect(await kinds('?from=4')).toEqual(['sent 4', ...receipts])
    expect(await kinds('?to=1')).toEqual(['conversationstarted', 'sent 1'])
    expect(await kinds('?to=0')).toEqual(['conversationstarted'])
    expect(await kinds('?from=4&to=99')).toEqual(['sent 4', ...receipts])
    expect(await kinds('?from=5')).toEqual([])
    for (const query of ['?from=3&to=2', '?from=x', '?to=-1', '?open=yes'])
      expect((await look(auditor, conversation, query)).status).toBe(400)
  })

  it('[A4] has each look recorded before the answer begins, also where there is nothing to see', async () => {
    const { auditor, conversation } = await chat()
    await look(auditor, conversation)
    const nothing = '00000000-0000-4000-8000-000000000000'
    expect((await look(auditor, nothing)).json).toMatchObject({ status: 404, code: 'unknown-conversation' })
    await box.http('GET', '/v1/audit/conversations', { as: auditor, roles })
    const looks = await readAll(stack.store, `access-${auditor}`)
    expect(looks.map(({ data }) => data)).toMatchObject([
      { auditor, call: 'GET /v1/audit/conversations/:id/events', conversation },
      { auditor, call: 'GET /v1/audit/conversations/:id/events', conversation: nothing },
      { auditor, call: 'GET /v1/audit/conversations', conversation: null },
    ])
  })

  it('[A5] gets all conversations, or a page after another', async () => {
    const { auditor } = await chat()
    const list = async (query: string) => {
      const { json } = await box.http('GET', `/v1/audit/conversations?${query}`, { as: auditor, roles })
      return { ids: (json['conversations'] as Row[]).map(({ id }) => id), next: json['next'] as string | null }
    }
    const { ids, next } = await list(`atLeast=${stack.feed.head()}`)
    expect(ids.length).toBeGreaterThan(3)
    expect(next).toBe(null)
    const paged: unknown[] = []
    for (let after: string | null = ''; after !== null;) {
      const page = await list(`limit=2${after === '' ? '' : `&after=${after}`}`)
      paged.push(...page.ids)
      after = page.next
    }
    expect(paged).toEqual(ids)
  })

  it('[A6] gets a long record at the pace at which it is read', async () => {
    const { alice, auditor } = people('alice', 'auditor')
    const conversation = (
      await box.http('POST', '/v1/conversations', { as: alice, body: { kind: 'group', name: 'long' } })
    ).json['id'] as string
    const client = await box.connect(alice)
    const send = (n: number) => client.send({ conversation }, `${n} ${'x'.repeat(1000)}`)
    // not all at once: a server on a busy machine would refuse some
    for (let n = 0; n < 1500; n += 50) await Promise.all(Array.from({ length: 50 }, (_, m) => send(n + m)))
    const { events } = await look(auditor, conversation, '?open=true')
    expect(events.map(({ revision }) => revision)).toEqual(Array.from({ length: 1501 }, (_, n) => n))
    const token = await box.token(auditor, roles)
    const stopping = new AbortController()
    const response = await fetch(`${box.url}/v1/audit/conversations/${conversation}/events`, {
      headers: { authorization: `Bearer ${token}` },
      signal: stopping.signal,
    })
    await response.body!.getReader().read()
    stopping.abort() // who stops reading stops the reading
    await client.close()
  })
})
