// What was asked and is not answered yet. Kept through lost sockets and said again with the same id: the server makes it one.
import { Refused } from './errors.ts'
import type { ClientFrame, Sent } from './frames.ts'

type Asking = Extract<ClientFrame, { id: string }>

interface Waiting {
  readonly type: Asking['type']
  readonly text: string
  readonly answered: Promise<Sent>
  readonly resolve: (sent: Sent) => void
  readonly reject: (why: Error) => void
}

const bytes = (text: string): number => new TextEncoder().encode(text).length

export class Outbox {
  readonly #waiting = new Map<string, Waiting>()
  /** What is not to be said before the server has had its pause; undefined: there is none. */
  #held: Set<string> | undefined
  #frameBytes = Infinity

  /** Takes it in. `text` is for the wire, if there is one; undefined where there is nothing to say: the same id is the same question. */
  put(frame: Asking): { text: string | undefined; answered: Promise<Sent> } {
    const known = this.#waiting.get(frame.id)
    if (known) return { text: undefined, answered: known.answered }
    const text = JSON.stringify(frame)
    let resolve!: (sent: Sent) => void
    let reject!: (why: Error) => void
    const answered = new Promise<Sent>((yes, no) => {
      resolve = yes
      reject = no
    })
    const entry = { type: frame.type, text, answered, resolve, reject }
    this.#waiting.set(frame.id, entry)
    this.#check(frame.id, entry)
    this.#held?.add(frame.id)
    return { text: this.has(frame.id) && !this.#held ? text : undefined, answered }
  }

  has(id: string): boolean {
    return this.#waiting.has(id)
  }

  get size(): number {
    return this.#waiting.size
  }

  /** All that waits, in the order it was asked: to be said again on a new socket. */
  unanswered(): string[] {
    return [...this.#waiting].flatMap(([id, { text }]) => (this.#held?.has(id) ? [] : [text]))
  }

  /** The server is busy: this, and all that is put from now on, waits for `release`. True where it waited for an answer. */
  hold(id: string): boolean {
    if (!this.has(id)) return false
    this.#held = (this.#held ?? new Set()).add(id)
    return true
  }

  /** Of what is held and still waits, the first so many in the order it was asked: to be said now. */
  release(most: number): string[] {
    const held = this.#held
    if (!held) return []
    const texts = [...this.#waiting].filter(([id]) => held.has(id)).slice(0, most)
    for (const [id] of texts) held.delete(id)
    if (![...held].some(id => this.has(id))) this.#held = undefined
    return texts.map(([, { text }]) => text)
  }

  /** A frame over the limit would close every socket that it is tried on: refused here, as the server would. */
  limit(frameBytes: number): void {
    this.#frameBytes = frameBytes
    for (const [id, entry] of [...this.#waiting]) this.#check(id, entry)
  }

  /** What kind of frame waits for the answer to this id. */
  asked(id: string): Asking['type'] | undefined {
    return this.#waiting.get(id)?.type
  }

  /** True where it was an answer to something that waited. */
  answer(sent: Sent): boolean {
    return this.#take(sent.id, ({ resolve }) => resolve(sent))
  }

  refuse(id: string, why: Refused): boolean {
    return this.#take(id, ({ reject }) => reject(why))
  }

  /** It is over: nothing that waits will be answered. */
  end(why: Error): void {
    for (const id of [...this.#waiting.keys()]) this.#take(id, ({ reject }) => reject(why))
  }

  #check(id: string, { text }: Waiting): void {
    if (text.length * 3 <= this.#frameBytes) return // cannot be over: no need to count bytes
    const size = bytes(text)
    if (size <= this.#frameBytes) return
    this.refuse(id, new Refused('too-large', `the frame has ${size} bytes; the server takes ${this.#frameBytes}`))
  }

  #take(id: string, then: (waiting: Waiting) => void): boolean {
    const waiting = this.#waiting.get(id)
    if (!waiting) return false
    this.#waiting.delete(id)
    then(waiting)
    return true
  }
}
