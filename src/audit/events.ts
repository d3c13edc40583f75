// A conversation's whole record, straight from the log: its own stream and its receipts', merged in `$all` order.
import { streamOf, type EventStore, type RawEvent } from '../eventstore/index.ts'

/** Seqs of the conversation, inclusive. */
interface Bounds {
  readonly from?: number
  readonly to?: number
}

/**
 * The events one by one, at the reader's pace. With `from` or `to`, receipts are those between the events that bound it.
 * Nothing for a conversation that does not exist.
 */
export async function* conversationEvents(
  store: Pick<EventStore, 'read'>,
  conversation: string,
  { from, to }: Bounds = {},
): AsyncGenerator<RawEvent> {
  const said = new Cursor(store.read(streamOf('conversation', conversation), from ?? 0))
  const receipts = new Cursor(store.read(streamOf('receipts', conversation)))
  try {
    let next = await said.next()
    if (next === undefined) return
    let receipt = await receipts.next()
    if (from !== undefined) while (receipt && receipt.position < next.position) receipt = await receipts.next()

    for (;;) {
      if (next !== undefined && to !== undefined && next.revision > to) return
      if (receipt !== undefined && (next === undefined || receipt.position < next.position)) {
        yield receipt
        receipt = await receipts.next()
      } else if (next !== undefined) {
        yield next
        if (next.revision === to) return
        next = await said.next()
      } else return
    }
  } finally {
    await Promise.all([said.close(), receipts.close()])
  }
}

/** Pages, one event at a time. */
class Cursor {
  readonly #pages: AsyncIterator<readonly RawEvent[]>
  #page: readonly RawEvent[] = []
  #at = 0

  constructor(pages: AsyncIterable<readonly RawEvent[]>) {
    this.#pages = pages[Symbol.asyncIterator]()
  }

  async next(): Promise<RawEvent | undefined> {
    while (this.#at === this.#page.length) {
      const page = await this.#pages.next()
      if (page.done) return undefined
      this.#page = page.value
      this.#at = 0
    }
    return this.#page[this.#at++]
  }

  async close(): Promise<void> {
    await this.#pages.return?.()
  }
}
