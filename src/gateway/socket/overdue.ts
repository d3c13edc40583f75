// What somebody has not acknowledged of a conversation: how often each message was pushed, and when it is next. Only what is
// overdue is here, and no more of a conversation than a page.

export interface Policy {
  /** How often a message is pushed at most, the first time included. */
  readonly attempts: number
  /** How long after the first time it is pushed again (milliseconds); then twice as long each time, up to a minute. */
  readonly backoffMs: number
}

const longestMs = 60_000

/** How long after it was pushed that often a message is pushed again, or given up. */
export const gapAfter = (pushes: number, { backoffMs }: Policy): number =>
  Math.min(backoffMs * 2 ** (pushes - 1), Math.max(longestMs, backoffMs))

interface Pushed {
  /** Since when it has been overdue, as this box knows, for somebody who is here. */
  since: number
  pushes: number
  nextAt: number
  givenUp: boolean
}

/** A message that waits, as far as this needs it. */
export interface Waiting {
  readonly seq: number
}

export class Overdue<Message extends Waiting> {
  readonly user: string
  readonly conversation: string
  readonly #policy: Policy
  readonly #messages = new Map<number, Pushed>()
  #upTo = -1
  /** When it is to be looked at again. */
  nextAt = 0

  constructor(user: string, conversation: string, policy: Policy) {
    this.user = user
    this.conversation = conversation
    this.#policy = policy
  }

  /** What was pushed up to here is overdue where it waits still. */
  due(upTo: number): void {
    this.#upTo = Math.max(this.#upTo, upTo)
    this.nextAt = 0
  }

  /** Who was gone is here again: what waited meanwhile could not be acknowledged. */
  back(now: number): void {
    for (const one of this.#messages.values()) one.since = now
  }

  /** What waits was told once more, by another way. */
  told(now: number): void {
    for (const one of this.#messages.values()) {
      one.pushes++
      one.nextAt = now + gapAfter(one.pushes, this.#policy)
    }
    this.later(now)
  }

  /** Nothing can be pushed now. */
  later(now: number): void {
    this.nextAt = now + this.#policy.backoffMs
  }

  /** These wait still, oldest first: which of them are to be pushed again, and which to be given up with so many pushes. */
  look(waiting: readonly Message[], now: number): { again: Message[]; giveUp: { message: Message; pushes: number }[] } {
    const still = new Set(waiting.map(({ seq }) => seq))
    for (const seq of this.#messages.keys()) if (!still.has(seq)) this.#messages.delete(seq)
    const again: Message[] = []
    const giveUp: { message: Message; pushes: number }[] = []
    for (const message of waiting) {
      if (message.seq > this.#upTo) break
      const one = this.#messages.get(message.seq) ?? { since: now, pushes: 1, nextAt: now, givenUp: false }
      this.#messages.set(message.seq, one)
      if (one.givenUp || one.nextAt > now) continue
      if (one.pushes < this.#policy.attempts) again.push(message)
      else giveUp.push({ message, pushes: one.pushes })
    }
    this.#settle(now)
    return { again, giveUp }
  }

  pushed(messages: readonly Message[], now: number): void {
    for (const { seq } of messages) {
      const one = this.#messages.get(seq)!
      one.pushes++
      one.nextAt = now + gapAfter(one.pushes, this.#policy)
    }
    this.#settle(now)
  }

  /** It stays here until it does not wait any more: the read models may not know yet. */
  givenUp(seq: number, so: boolean): void {
    const one = this.#messages.get(seq)
    if (one) one.givenUp = so
  }

  get size(): number {
    return this.#messages.size
  }

  /** Since when the oldest of these has been overdue; Infinity: there is none. */
  get since(): number {
    let oldest = Infinity
    for (const { since } of this.#messages.values()) oldest = Math.min(oldest, since)
    return oldest
  }

  get empty(): boolean {
    return this.#messages.size === 0
  }

  /** Not before a gap has passed where something was due and could not be done. */
  #settle(now: number): void {
    const soonest = now + this.#policy.backoffMs
    this.nextAt = Infinity
    for (const { nextAt, givenUp } of this.#messages.values())
      this.nextAt = Math.min(this.nextAt, givenUp || nextAt <= now ? soonest : nextAt)
  }
}
