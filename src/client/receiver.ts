// What becomes of a frame: an answer goes to whoever asked, a duplicate nowhere, the rest to the listeners; cursors are
// kept in the order in which their frames are handled.
import { Refused } from './errors.ts'
import type { FrameOf, Message, ServerFrame } from './frames.ts'
import type { Listeners, Pushed } from './listeners.ts'
import type { Outbox } from './outbox.ts'
import { Seen } from './seen.ts'

export interface ReceiverOwner {
  /** A cursor whose frame, and all before it, are handled. */
  kept(cursor: string): void
  /** A message whose listeners are through with it. */
  handled(message: Message): void
  /** A message that has come before: the server may not know that it has. */
  repeated(message: Message): void
  /** The server is busy, and the frame that was asked is to be said again after so long. True where it will be. */
  busy(id: string, afterMs: number): boolean
  /** Something that was asked has its answer: there is room again. */
  answered(): void
  /** The server has another store than before: what was known of seqs is void. */
  newStore(): void
}

export class Receiver {
  readonly #listeners: Listeners
  readonly #outbox: Outbox
  readonly #owner: ReceiverOwner
  readonly #seen = new Seen()
  /** Where to resume: the last cursor that came. What waits to be handled is in memory and will not be lost with a socket. */
  #received: string | undefined
  #welcome: FrameOf<'welcome'> | undefined

  constructor(listeners: Listeners, outbox: Outbox, cursor: string | undefined, owner: ReceiverOwner) {
    this.#listeners = listeners
    this.#outbox = outbox
    this.#received = cursor
    this.#owner = owner
  }

  get resumeFrom(): string | undefined {
    return this.#received
  }

  get welcome(): FrameOf<'welcome'> | undefined {
    return this.#welcome
  }

  frame(frame: ServerFrame): void {
    switch (frame.type) {
      case 'welcome':
        // the welcome's cursor would skip what came in between, or the backlog that is to come: there is none until the server
        // says where that ends. A socket that is lost before is followed by one that cannot tell what came between the two
        if (this.#welcome && this.#received === undefined) this.#push({ type: 'reset', reason: 'unknown-cursor' })
        if (this.#welcome && this.#welcome.epoch !== frame.epoch) this.#forget()
        this.#welcome = frame
        this.#outbox.limit(frame.limits.frameBytes)
        return
      case 'sent':
        // what becomes of a message may be answered with the seq of something else, as of which it is so; and twice
        if (this.#outbox.asked(frame.id) === 'send') this.#seen.add(frame.conversation, frame.seq)
        if (this.#outbox.answer(frame)) this.#owner.answered()
        return
      case 'error':
        if (frame.id !== undefined && frame.code === 'busy' && frame.retryAfterMs !== undefined)
          if (this.#owner.busy(frame.id, frame.retryAfterMs)) return
        if (frame.id !== undefined && this.#outbox.refuse(frame.id, refusal(frame))) return this.#owner.answered()
        return this.#push(frame)
      case 'reset':
        this.#received = undefined // until the backlog that follows has come
        if (frame.reason === 'epoch') this.#forget()
        return this.#push(frame)
      case 'resumed':
      case 'head':
        return this.#push(undefined, frame.cursor)
      case 'pong':
        return
      default:
        return this.#pushed(frame)
    }
  }

  #pushed(frame: Pushed): void {
    const cursor = 'cursor' in frame ? frame.cursor : undefined
    const isNew = this.#isNew(frame)
    this.#push(isNew ? frame : undefined, cursor)
    if (!isNew && frame.type === 'message') this.#owner.repeated(frame)
  }

  #isNew(frame: Pushed): boolean {
    if (frame.type === 'receipt') return this.#seen.advance(frame)
    if (!('seq' in frame) || !('conversation' in frame)) return true
    if (frame.type === 'failed') return true // its seq is the message's: one for each recipient
    const first = this.#seen.add(frame.conversation, frame.seq)
    // sent by this client over a socket that was lost before the answer: the answer is on its way
    return first && !(frame.type === 'message' && this.#outbox.has(frame.id))
  }

  #push(frame: Pushed | undefined, cursor?: string): void {
    if (cursor !== undefined) this.#received = cursor
    this.#listeners.push(frame, () => {
      if (frame?.type === 'message') this.#owner.handled(frame)
      if (cursor !== undefined) this.#owner.kept(cursor)
    })
  }

  #forget(): void {
    this.#seen.clear()
    this.#owner.newStore()
  }
}

const refusal = ({ code, message, retryAfterMs }: FrameOf<'error'>) => new Refused(code, message, { retryAfterMs })
