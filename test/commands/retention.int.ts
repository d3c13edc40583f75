// What is temporary, from the command to the end of its key.
import { describe, expect, it } from 'vitest'
import { openRetention, type SentMessage } from '../../src/commands/index.ts'
import { isRefusal, type Refusal } from '../../src/domain/index.ts'
import { openDueKeys, streamOf, type Sealed } from '../../src/eventstore/index.ts'
import { asker, freshStack, readAll } from '../support/stack.ts'

const stack = freshStack()
const uuid = () => crypto.randomUUID()
const alice = asker('alice')
const done = <T>(answer: T | Refusal): T => {
  if (isRefusal(answer)) throw new Error(`refused: ${JSON.stringify(answer)}`)
  return answer
}
const body = (text: string) => JSON.stringify({ text })

const startChat = async (ttlMs: number): Promise<string> => {
  const id = uuid()
  const retention = { mode: 'temporary', ttlMs } as const
  done(await stack.commands.startGroup(alice, { id, name: 'brief', members: [], delivered: false, retention }))
  return id
}
const say = async (conversation: string, text: string): Promise<SentMessage> =>
  done(await stack.commands.sendMessage(alice, { id: uuid(), to: { conversation }, body: body(text) }))
const keysIn = async (conversation: string) =>
  (await readAll(stack.store, streamOf('conversation', conversation))).flatMap(({ data }) =>
    'content' in (data as object) ? [(data as { content: Sealed }).content.key] : [],
  )
const hour = 60 * 60 * 1000
const makeDue = (keys: readonly string[]) =>
  stack.pool.query('UPDATE keyring.content_key SET due = now() WHERE id = ANY($1::uuid[])', [keys])
const keysOf = async (conversation: string) =>
  (await stack.pool.query('SELECT FROM keyring.content_key WHERE conversation = $1', [conversation])).rowCount

describe('temporary chats', () => {
  it('[X3] seal an edit with the key of the message, which goes when the message does', async () => {
    const conversation = await startChat(hour)
    const { id } = await say(conversation, 'first')
    done(await stack.commands.editMessage(alice, { id: uuid(), conversation, message: id, body: body('second') }))
    const [said, edited] = await keysIn(conversation)
    expect(edited).toBe(said)
    expect(await keysOf(conversation)).toBe(1)
  })

  it('[X2] keep no key of a history that was over before it was put in', async () => {
    const conversation = await startChat(hour)
    const said = (line: number, at: string) => ({
      line,
      at,
      user: 'alice',
      what: 'said' as const,
      id: uuid(),
      body: '{}',
    })
    const entries = [said(1, '2004-12-25T00:00:00.000Z'), said(2, new Date().toISOString())]
    done(await stack.commands.importHistory(alice, { conversation, source: 'old', upToLine: 2, entries }))
    const [old, fresh] = await keysIn(conversation)
    const { rows } = await stack.pool.query('SELECT id FROM keyring.content_key WHERE conversation = $1', [
      conversation,
    ])
    expect(rows).toEqual([{ id: fresh }])
    expect(old).not.toBe(fresh)
  })
})

describe('the end of what is temporary', () => {
  it('[X7] is told before it comes, and comes at once when asked for', async () => {
    const [conversation, other] = [await startChat(hour), await startChat(hour)]
    const { position } = await say(conversation, 'soon gone')
    const last = await say(other, 'stays')
    await stack.projections.reached(last.position, 60_000)
    await makeDue(await keysIn(conversation))
    const forgotten: string[] = []
    stack.retention.start(keys => Promise.resolve(forgotten.push(...keys)))
    expect(position).toBeLessThan(last.position)
    await expect.poll(() => keysOf(conversation)).toBe(0) // by itself
    expect(forgotten).toEqual(await keysIn(conversation))

    const third = await startChat(hour)
    const again = await say(third, 'once more')
    await stack.projections.reached(again.position, 60_000)
    await stack.retention.close()
    const keys = await keysIn(third)
    await makeDue(keys)
    const mine = ({ conversations }: Awaited<ReturnType<typeof stack.commands.runRetention>>) =>
      conversations.filter(row => [third, other].includes(row.conversation))
    const told = await stack.commands.runRetention(alice, { dryRun: true })
    expect(mine(told)).toEqual([
      {
        ...{ conversation: third, keys: 1, since: expect.any(String) as string, messages: 1, images: 0 },
        // by its own time the message has an hour still: the test has made its key due
        ...{ keptMessages: 1, keptKeys: 0, next: null },
      },
      {
        ...{ conversation: other, keys: 0, since: null, messages: 0, images: 0 },
        ...{ keptMessages: 1, keptKeys: 1, next: expect.any(String) as string },
      },
    ])
    expect(await keysOf(third)).toBe(1)
    const ran = await stack.commands.runRetention(alice, { dryRun: false })
    expect(ran.deleted.keys).toBe(1)
    expect(forgotten).toEqual([...(await keysIn(conversation)), ...keys])
    expect([await keysOf(third), await keysOf(other)]).toEqual([0, 1])
  })

  it('[X4] is tried again when the database did not do it', async () => {
    const keys = openDueKeys(stack.pool)
    const conversation = await startChat(hour)
    await say(conversation, 'soon gone')
    await makeDue(await keysIn(conversation))
    const lines: string[] = []
    let failures = 2
    const destroy = () => (failures-- > 0 ? Promise.reject(new Error('it is away')) : keys.destroy())
    const retention = openRetention({
      ...{ keys: { ...keys, destroy }, feed: stack.feed, readSide: stack.projections.queries },
      log: line => lines.push(line),
    })
    retention.start(() => Promise.resolve(0))
    await expect.poll(() => keysOf(conversation)).toBe(0)
    await retention.close()
    expect(lines).toHaveLength(2)
    expect(lines[0]).toBe('what is due could not be deleted, and is tried again: Error: it is away')
  })

  it('[X5] is heard of by every process, whichever sealed it', async () => {
    const retention = openRetention({
      ...{ keys: openDueKeys(stack.pool), feed: stack.feed, readSide: stack.projections.queries, log: () => undefined },
    })
    const forgotten: string[] = []
    retention.start(keys => Promise.resolve(forgotten.push(...keys)))
    await retention.sweep()
    const conversation = await startChat(1_000)
    await say(conversation, 'a moment')
    await expect.poll(() => forgotten).toEqual(await keysIn(conversation))
    expect(await keysOf(conversation)).toBe(0)
    await retention.close()
  })
})
