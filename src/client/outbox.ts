// What was asked and is not answered yet. Kept through lost sockets, and where there is a storage through restarts; said again with
// the same id: the server makes it one. Where there is a storage, nothing is said before it is kept there.
import { NotKept, Refused } from './errors.ts'
import type { ClientFrame, Sent } from './frames.ts'
import type { ClientStorage } from './storage/storage.ts'

export type Asking = Extract<ClientFrame, { id: string }>

export type Answer = { readonly sent: Sent } | { readonly refused: Refused }

interface Waiting {
  readonly type: Asking['type']
  readonly text: string
  readonly answered: Promise<Sent>
  readonly resolve: (sent: Sent) => void
  readonly reject: (why: Error) => void
  /** It is on its way into the storage. */
  keeping: boolean
  /** An earlier run has left it. */
  readonly left: boolean
}

export interface OutboxOwner {
  /** It is kept: to be said, where there is somebody to say it to. */
  say(text: string): void
  /** What was asked, in this run or in one before, is answered. */
  answered(text: string, answer: Answer): void
}

const bytes = (text: string): number => new TextEncoder().encode(text).length
const nobody: OutboxOwner = { say: () => {}, answered: () => {} }

export class Outbox {
  readonly #waiting = new Map<string, Waiting>()
  /** What is not said before it and all asked before it are kept. */
  readonly #unsaid = new Set<string>()
  readonly #storage: ClientStorage | undefined
  readonly #owner: OutboxOwner
  /** What is not to be said before the server has had its pause; undefined: there is none. */
  #held: Set<string> | undefined
  #frameBytes = Infinity

  constructor(storage?: ClientStorage, owner: OutboxOwner = nobody) {
    this.#storage = storage
    this.#owner = owner
    for (const { id, text } of storage?.frames ?? []) {
      const entry = this.#add(id, (JSON.parse(text) as Asking).type, text, true)
      entry.answered.catch(() => undefined) // nobody has its promise; the owner is told instead
    }
  }

  /** Takes it in. `text` is for the wire, if there is one; undefined where there is nothing to say: the same id is the same question. */
  put(frame: Asking): { text: string | undefined; answered: Promise<Sent> } {
    const known = this.#waiting.get(frame.id)
    if (known) return { text: undefined, answered: known.answered }
    const entry = this.#add(frame.id, frame.type, JSON.stringify(frame))
    this.#check(frame.id, entry)
    if (this.#storage && this.has(frame.id)) this.#keep(this.#storage, frame.id, entry)
    if (!this.has(frame.id) || this.#unsaid.has(frame.id)) return { text: undefined, answered: entry.answered }
    this.#held?.add(frame.id)
    return { text: this.#held ? undefined : entry.text, answered: entry.answered }
  }

  has(id: string): boolean {
    return this.#waiting.has(id)
  }

  get size(): number {
    return this.#waiting.size
  }

  /** All that waits, in the order it was asked. */
  pending(): Asking[] {
    return [...this.#waiting.values()].map(({ text }) => JSON.parse(text) as Asking)
  }

  /** All that waits for an answer, in the order it was asked: to be said again on a new socket. */
  unanswered(): string[] {
    return [...this.#waiting].flatMap(([id, { text }]) => (this.#held?.has(id) || this.#unsaid.has(id) ? [] : [text]))
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
    return this.#settle(sent.id, ({ resolve }) => resolve(sent), { sent })
  }

  refuse(id: string, refused: Refused): boolean {
    return this.#settle(id, ({ reject }) => reject(refused), { refused })
  }

  /** The storage is somebody else's: what was asked in this run is not left there, to be said as theirs. */
  takeBack(): void {
    if (!this.#storage) return
    for (const [id, { left }] of this.#waiting) if (!left) void forget(this.#storage, id)
  }

  /** It is over: nothing that waits will be answered. What is in the storage stays there. */
  end(why: Error): void {
    for (const { reject } of this.#waiting.values()) reject(why)
    this.#waiting.clear()
    this.#unsaid.clear()
  }

  #add(id: string, type: Asking['type'], text: string, left = false): Waiting {
    let resolve!: (sent: Sent) => void
    let reject!: (why: Error) => void
    const answered = new Promise<Sent>((yes, no) => {
      resolve = yes
      reject = no
    })
    const entry = { type, text, answered, resolve, reject, keeping: false, left }
    this.#waiting.set(id, entry)
    return entry
  }

  #keep(storage: ClientStorage, id: string, entry: Waiting): void {
    const failed = (thrown: unknown) => {
      this.#unsaid.delete(id)
      if (this.#waiting.get(id) === entry && this.#waiting.delete(id)) entry.reject(new NotKept(thrown))
    }
    try {
      const kept = storage.put({ id, text: entry.text })
      if (!kept && this.#unsaid.size === 0) return
      this.#unsaid.add(id)
      entry.keeping = true
      void Promise.resolve(kept)
        .catch(failed)
        .then(() => {
          entry.keeping = false
          this.#sayKept()
        })
    } catch (thrown) {
      failed(thrown)
    }
  }

  #sayKept(): void {
    for (const id of this.#unsaid) {
      const entry = this.#waiting.get(id)
      if (entry?.keeping) return
      this.#unsaid.delete(id)
      if (this.#held) this.#held.add(id)
      else if (entry) this.#owner.say(entry.text)
    }
  }

  #check(id: string, { text }: Waiting): void {
    if (text.length * 3 <= this.#frameBytes) return // cannot be over: no need to count bytes
    const size = bytes(text)
    if (size <= this.#frameBytes) return
    this.refuse(id, new Refused('too-large', `the frame has ${size} bytes; the server takes ${this.#frameBytes}`))
  }

  #settle(id: string, then: (waiting: Waiting) => void, answer: Answer): boolean {
    const waiting = this.#waiting.get(id)
    if (!waiting) return false
    this.#waiting.delete(id)
    if (this.#storage) void forget(this.#storage, id)
    then(waiting)
    this.#owner.answered(waiting.text, answer)
    return true
  }
}

/** Where that fails it is asked again after a restart, and answered the same. */
const forget = async (storage: ClientStorage, id: string): Promise<void> => {
  try {
    await storage.remove(id)
  } catch {
    // it stays
  }
}
