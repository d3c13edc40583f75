// What becomes of a frame: an answer goes to whoever asked, a duplicate nowhere, the rest to the listeners; cursors are
// kept in the order in which their frames are handled. Where a message is missing, what comes after it waits until it is fetched.
import type { HistoryMessage } from './answers.ts'
import { Refused } from './errors.ts'
import type { FrameOf, Heard, Message } from './frames.ts'
import { Gaps } from './gaps.ts'
import type { Hole } from './gaps.ts'
import { Held } from './held.ts'
import type { Filling } from './held.ts'
import type { Listeners, Pushed } from './listeners.ts'
import type { Outbox } from './outbox.ts'
import { Seen } from './seen.ts'

export interface ReceiverOwner extends Filling {
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
  /** Whether one is current may be another answer now. */
  look(): void
}

export class Receiver {
  readonly #listeners: Listeners
  readonly #outbox: Outbox
  readonly #owner: ReceiverOwner
  readonly #seen = new Seen()
  readonly #gaps = new Gaps()
  #held: Held | undefined
  /** What could not be had, by conversation: unless it comes after all, nothing from there on is said to have come. */
  readonly #lacking = new Map<string, number>()
  /** The last cursor that came before what is held. */
  #received: string | undefined
  #welcome: FrameOf<'welcome'> | undefined
  #caughtUp = false
  /** Heads that are not handled yet. */
  #heads = 0

  constructor(listeners: Listeners, outbox: Outbox, cursor: string | undefined, owner: ReceiverOwner) {
    this.#listeners = listeners
    this.#outbox = outbox
    this.#received = cursor
    this.#owner = owner
  }

  /** The last cursor that came. What is held, or waits to be handled, is in memory and will not be lost with a socket. */
  get resumeFrom(): string | undefined {
    return this.#held?.cursor ?? this.#received
  }

  get welcome(): FrameOf<'welcome'> | undefined {
    return this.#welcome
  }

  /** Whether the server has said, over this connection, that all that waited has come. */
  get caughtUp(): boolean {
    return this.#caughtUp
  }

  /** And whether all that came before it said so last is handled. */
  get current(): boolean {
    return this.#caughtUp && this.#heads === 0 && !this.#held
  }

  frame(frame: Heard): void {
    switch (frame.type) {
      case 'welcome':
        return this.#welcomed(frame)
      case 'sent':
        // what becomes of a message may be answered with the seq of something else, as of which it is so; and twice
        if (this.#outbox.asked(frame.id) === 'send') {
          if (this.#seen.add(frame.conversation, frame.seq)) this.#gaps.said(frame.conversation, frame.seq)
        }
        if (this.#outbox.answer(frame)) this.#answered()
        return
      case 'error':
        if (frame.id !== undefined && frame.code === 'busy' && frame.retryAfterMs !== undefined)
          if (this.#owner.busy(frame.id, frame.retryAfterMs)) return
        if (frame.id !== undefined && this.#outbox.refuse(frame.id, refusal(frame))) return this.#answered()
        return this.#push(frame)
      case 'pong':
        return
      default:
        if (this.#held) this.#held.push(frame)
        else this.#inTurn(frame)
    }
  }

  /** Nothing is waited for any more. What waited has not been handled: the next client is told again. */
  stop(): void {
    this.#held?.stop()
    this.#held = undefined
  }

  #welcomed(frame: FrameOf<'welcome'>): void {
    // the welcome's cursor would skip what came in between, or the backlog that is to come: there is none until the server
    // says where that ends. A socket that is lost before is followed by one that cannot tell what came between the two
    if (this.#welcome && this.resumeFrom === undefined) {
      this.#gaps.clear()
      this.#push({ type: 'reset', reason: 'unknown-cursor' })
    }
    if (this.#welcome && this.#welcome.epoch !== frame.epoch) this.#forget()
    this.#welcome = frame
    this.#caughtUp = false
    this.#outbox.limit(frame.limits.frameBytes)
    this.#held?.anew(this.#isSaying)
  }

  #inTurn(frame: Exclude<Heard, { type: 'welcome' | 'sent' | 'error' | 'pong' }>): void {
    switch (frame.type) {
      case 'reset':
        this.#received = undefined // until the backlog that follows has come
        this.#caughtUp = false
        this.#gaps.clear()
        if (frame.reason === 'epoch') this.#forget()
        return this.#push(frame)
      case 'place':
        this.#caughtUp = false
        return this.#push(undefined, frame.cursor)
      case 'resumed':
      case 'head':
        this.#caughtUp = true
        this.#heads++
        this.#push(undefined, frame.cursor, () => this.#heads--)
        return this.#owner.look()
      case 'message': {
        const hole = this.#gaps.before(frame, this.#seen)
        return hole ? this.#hold(hole, frame) : this.#pushed(frame)
      }
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
    // its seq is the message's: one for each recipient
    if (frame.type === 'failed') return this.#seen.add(`${frame.conversation} failed ${frame.to}`, frame.seq)
    const { conversation, seq } = frame
    const first = this.#seen.add(conversation, seq)
    if (this.#lacking.get(conversation) === seq) this.#lacking.delete(conversation)
    if (first && frame.type === 'member' && frame.user === this.#welcome?.user && frame.change !== 'role')
      this.#gaps.turn(conversation, seq, frame.change === 'joined')
    else this.#gaps.note(conversation, seq, this.#caughtUp && frame.type === 'message' && frame.previous !== undefined)
    // sent by this client over a socket that was lost before the answer: the answer is on its way
    return first && !(frame.type === 'message' && this.#outbox.has(frame.id))
  }

  #push(frame: Pushed | undefined, cursor?: string, handled?: () => void): void {
    if (cursor !== undefined) this.#received = cursor
    this.#listeners.push(frame, () => {
      handled?.()
      if (frame?.type === 'message' && !(frame.seq > (this.#lacking.get(frame.conversation) ?? Infinity)))
        this.#owner.handled(frame)
      if (cursor !== undefined) this.#owner.kept(cursor)
      if (handled) this.#owner.look()
    })
  }

  get #isSaying(): boolean {
    return this.#outbox.size > 0
  }

  #answered(): void {
    this.#owner.answered()
    const held = this.#held
    if (!held) return
    const hole = this.#gaps.before(held.first, this.#seen)
    if (hole) held.narrow(hole, this.#isSaying)
    else this.#release(held, [])
  }

  #hold(hole: Hole, first: Message): void {
    const held = new Held(hole, first, this.#owner, found => this.#release(held, found))
    this.#held = held
    held.begin(this.#isSaying)
  }

  #release(held: Held, found: readonly HistoryMessage[] | undefined): void {
    this.stop()
    const { hole, first, frames } = held
    const { conversation, after, before } = hole
    const cursor = this.#received ?? ''
    const missed = (found ?? []).filter(({ seq }) => !this.#seen.has(conversation, seq))
    for (const { body = null, ...message } of missed)
      this.#pushed({ type: 'message', conversation, ...message, body, cursor } as Message)
    if (found) this.#seen.add(conversation, hole.missing)
    else if (hole.certain && !this.#lacking.has(conversation)) this.#lacking.set(conversation, hole.missing)
    if (missed.length > 0 || !found)
      this.#listeners.tell('gap', {
        ...{ conversation, after, before },
        ...{ messages: missed.length, filled: found !== undefined },
      })
    this.#pushed(first)
    for (const frame of frames) this.frame(frame)
    this.#owner.look()
  }

  #forget(): void {
    this.stop()
    this.#seen.clear()
    this.#gaps.clear()
    this.#lacking.clear()
    this.#owner.newStore()
  }
}

const refusal = ({ code, message, retryAfterMs }: FrameOf<'error'>) => new Refused(code, message, { retryAfterMs })
