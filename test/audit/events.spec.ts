// Two streams merged by position, with bounds.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { conversationEvents } from '../../src/audit/index.ts'
import type { RawEvent } from '../../src/eventstore/index.ts'

/** A log whose events at odd choices are receipts; pages of three. */
function logOf(choices: readonly boolean[]) {
  const streams = { conversation: [] as RawEvent[], receipts: [] as RawEvent[] }
  choices.forEach((isReceipt, position) => {
    const name = isReceipt ? 'receipts' : 'conversation'
    streams[name].push({ stream: `${name}-c`, revision: streams[name].length, position } as RawEvent)
  })
  const open = { count: 0 }
  const store = {
    async *read(stream: string, from = 0) {
      open.count++
      try {
        const events = streams[stream.split('-')[0] as keyof typeof streams].slice(from)
        for (let at = 0; at < events.length; at += 3) yield await Promise.resolve(events.slice(at, at + 3))
      } finally {
        open.count--
      }
    },
  }
  return { streams, store, open }
}

const bound = fc.option(fc.nat(12), { nil: undefined })

describe('a conversation’s record', () => {
  it('is what the bounds include, in the order of the log, and leaves no reading open', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 20 }), bound, bound, async (choices, from, to) => {
        const { streams, store, open } = logOf(choices)
        const bounds = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
        const seen: number[] = []
        for await (const { position } of conversationEvents(store, 'c', bounds)) seen.push(position)

        const said = streams.conversation
        const included = said.filter(({ revision }) => revision >= (from ?? 0) && revision <= (to ?? Infinity))
        const first = from === undefined ? -1 : (included[0]?.position ?? Infinity)
        const last = to === undefined || said[to] === undefined ? Infinity : said[to].position
        const between = streams.receipts.filter(({ position }) => position > first && position < last)
        const expected = included.length === 0 ? [] : [...included, ...between].map(({ position }) => position)
        expect(seen).toEqual(expected.sort((a, b) => a - b))
        expect(open.count).toBe(0)
      }),
    )
  })
})
