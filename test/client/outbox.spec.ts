// The outbox: every send is answered or refused once, whatever happens to the sockets.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Closed, Refused } from '../../src/client/errors.ts'
import type { Sent } from '../../src/client/frames.ts'
import { Outbox } from '../../src/client/outbox.ts'
import { memoryStorage } from './memory-storage.ts'

const send = (n: number) => ({ type: 'send', id: `id-${n}`, to: { user: 'bob' }, body: { text: `${n}` } }) as const
const sent = (n: number): Sent => ({
  ...{ type: 'sent', id: `id-${n}`, conversation: 'c', seq: n, at: '2020-01-01T00:00:00.000Z', position: '1' },
})

describe('the outbox', () => {
  it('[C6] answers or refuses every send exactly once, and says nothing again that is answered', async () => {
    const action = fc.record({
      what: fc.constantFrom('put', 'answer', 'refuse', 'reconnect'),
      n: fc.nat(8),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 80 }), async actions => {
        const outbox = new Outbox()
        const outcomes = new Map<number, number>()
        const asked: Promise<void>[] = []
        const waiting = new Set<number>()
        for (const { what, n } of actions) {
          if (what === 'put' && !outcomes.has(n)) {
            outcomes.set(n, 0)
            waiting.add(n)
            const count = () => void outcomes.set(n, (outcomes.get(n) ?? 0) + 1)
            asked.push(outbox.put(send(n)).answered.then(count, count))
          }
          if (what === 'answer') expect(outbox.answer(sent(n))).toBe(waiting.delete(n))
          if (what === 'refuse') expect(outbox.refuse(`id-${n}`, new Refused('busy', ''))).toBe(waiting.delete(n))
          if (what === 'reconnect')
            expect(outbox.unanswered().map(text => (JSON.parse(text) as { id: string }).id)).toEqual(
              [...waiting].map(n => `id-${n}`),
            )
        }
        outbox.end(new Closed(1000, ''))
        await Promise.all(asked)
        expect([...outcomes.values()].every(count => count === 1)).toBe(true)
        expect(outbox.size).toBe(0)
      }),
    )
  })

  it('gives the same promise for the same id, and nothing to put on the wire again', async () => {
    const outbox = new Outbox()
    const first = outbox.put(send(1))
    const second = outbox.put(send(1))
    expect(second.text).toBeUndefined()
    outbox.answer(sent(1))
    expect(await second.answered).toBe(await first.answered)
  })

  it('refuses a frame over the limit itself: it would close every socket that it is tried on', async () => {
    const outbox = new Outbox()
    const early = outbox.put({ ...send(1), body: { text: 'é'.repeat(100) } })
    outbox.limit(150)
    await expect(early.answered).rejects.toMatchObject({ code: 'too-large' })
    expect(outbox.put(send(2)).text).toBeDefined()
    const late = outbox.put({ ...send(3), body: { text: 'x'.repeat(100) } })
    expect(late.text).toBeUndefined()
    await expect(late.answered).rejects.toMatchObject({ code: 'too-large' })
  })
})

describe('the outbox with a storage', () => {
  const turn = () => new Promise(setImmediate)
  const open = (memory: ReturnType<typeof memoryStorage>) => {
    const said: string[] = []
    const answered: unknown[] = []
    const outbox = new Outbox(memory.storage, {
      say: text => said.push((JSON.parse(text) as { id: string }).id),
      answered: (text, answer) => answered.push({ id: (JSON.parse(text) as { id: string }).id, ...answer }),
    })
    return { outbox, said, answered }
  }

  it('[C23] says nothing before it, and all that was asked before it, is kept', async () => {
    const memory = memoryStorage()
    const { outbox, said } = open(memory)
    for (const n of [1, 2, 3]) expect(outbox.put(send(n)).text).toBeUndefined()
    memory.puts[1]!.kept()
    await turn()
    expect(said).toEqual([])
    expect(outbox.unanswered()).toEqual([]) // a new socket changes nothing in that
    memory.puts[0]!.kept()
    await turn()
    expect(said).toEqual(['id-1', 'id-2'])
    expect(outbox.unanswered()).toHaveLength(2)
    memory.puts[2]!.kept()
    await turn()
    expect(said).toEqual(['id-1', 'id-2', 'id-3'])
  })

  it('[C24] rejects what cannot be kept, and does not say it', async () => {
    const memory = memoryStorage()
    const { outbox, said } = open(memory)
    const [first, second] = [outbox.put(send(1)).answered, outbox.put(send(2)).answered]
    memory.puts[1]!.kept()
    memory.puts[0]!.failed(new Error('the disk is full'))
    await expect(first).rejects.toMatchObject({
      name: 'NotKept',
      message: expect.stringContaining('the disk is full') as string,
    })
    await turn()
    expect(said).toEqual(['id-2'])
    expect(outbox.answer(sent(2))).toBe(true)
    expect((await second).seq).toBe(2)
    memory.storage.put = () => {
      throw new Error('over quota')
    }
    await expect(outbox.put(send(3)).answered).rejects.toMatchObject({ name: 'NotKept' })
    expect(outbox.size).toBe(0)
  })

  it('[C23] says again what an earlier run has left, tells what became of it, and keeps it until then', async () => {
    const left = [1, 2, 3].map(n => ({ id: `id-${n}`, text: JSON.stringify(send(n)) }))
    const memory = memoryStorage(left)
    const { outbox, answered } = open(memory)
    expect(outbox.pending().map(({ id }) => id)).toEqual(['id-1', 'id-2', 'id-3'])
    expect(outbox.unanswered()).toEqual(left.map(({ text }) => text))
    outbox.answer(sent(1))
    outbox.refuse('id-2', new Refused('not-a-member', 'no'))
    expect(answered).toMatchObject([
      { id: 'id-1', sent: { seq: 1 } },
      { id: 'id-2', refused: { code: 'not-a-member' } },
    ])
    expect([...memory.kept.keys()]).toEqual(['id-3'])
    outbox.end(new Closed(1000, ''))
    await turn()
    expect([...memory.kept.keys()]).toEqual(['id-3'])
  })

  it('[C23] takes back what was asked in this run, and leaves what was there', async () => {
    const memory = memoryStorage([{ id: 'id-1', text: JSON.stringify(send(1)) }])
    const { outbox } = open(memory)
    const asked = [2, 3].map(n => outbox.put(send(n)).answered)
    for (const { kept } of memory.puts) kept()
    await turn()
    expect([...memory.kept.keys()]).toEqual(['id-1', 'id-2', 'id-3'])
    outbox.takeBack()
    outbox.end(new Closed(0, 'the storage is another’s'))
    await Promise.all(asked.map(one => expect(one).rejects.toMatchObject({ name: 'Closed' })))
    expect([...memory.kept.keys()]).toEqual(['id-1'])
  })

  it('[C16] holds what is kept while the server has its pause', async () => {
    const memory = memoryStorage()
    const { outbox, said } = open(memory)
    void outbox.put(send(1))
    memory.puts[0]!.kept()
    await turn()
    outbox.hold('id-1')
    void outbox.put(send(2))
    memory.puts[1]!.kept()
    await turn()
    expect(said).toEqual(['id-1'])
    expect(outbox.release(1)).toHaveLength(1)
    outbox.answer(sent(1))
    expect(outbox.release(Infinity)).toHaveLength(1)
  })
})
