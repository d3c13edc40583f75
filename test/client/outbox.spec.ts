// The outbox: every send is answered or refused once, whatever happens to the sockets.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Closed, Refused } from '../../src/client/errors.ts'
import type { Sent } from '../../src/client/frames.ts'
import { Outbox } from '../../src/client/outbox.ts'

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
