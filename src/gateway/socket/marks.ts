// How far receipts have been pushed, so that a mark that another of the member's devices had reached is not pushed again.
// Forgetting is harmless: a mark that is pushed twice says nothing new.
import { LRUCache } from 'lru-cache'
import type { Recorded } from '../../eventstore/index.ts'

const remembered = 50_000

export type ReceiptEvent = Recorded<'MessagesDelivered'> | Recorded<'MessagesRead'>

export class Marks {
  readonly #marks = new LRUCache<string, { delivered: number; read: number }>({ max: remembered })

  /** How far a member's devices are known to have acknowledged; -1 where nothing is known. */
  acknowledged(conversation: string, user: string): number {
    return this.#marks.peek(`${conversation} ${user}`)?.delivered ?? -1
  }

  /** Whether this raises the member's mark, whatever the device. What is read is delivered. */
  raisedBy({ type, data }: ReceiptEvent, conversation: string): boolean {
    const key = `${conversation} ${data.user}`
    const known = this.#marks.get(key)
    if (known === undefined) {
      this.#marks.set(key, { delivered: data.upTo, read: type === 'MessagesRead' ? data.upTo : -1 })
      return true
    }
    const raised = data.upTo > (type === 'MessagesRead' ? known.read : known.delivered)
    if (type === 'MessagesRead') known.read = Math.max(known.read, data.upTo)
    known.delivered = Math.max(known.delivered, data.upTo)
    return raised
  }
}
