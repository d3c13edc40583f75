// What the client wants to be so on every socket, though nothing answers it: how far is delivered and read, who is watched.
import type { ClientFrame } from './frames.ts'

interface Marks {
  delivered: number
  read: number
}

export class Standing {
  #marks = new Map<string, Marks>()
  readonly #watched = new Set<string>()

  /** Whatever is asked is sent: a mark beyond the end must not stand in the way of the next, lower one. */
  mark(kind: 'delivered' | 'read', conversation: string, upTo: number): ClientFrame {
    const marks = this.#marks.get(conversation) ?? { delivered: -1, read: -1 }
    marks[kind] = upTo
    this.#marks.set(conversation, marks)
    return { type: kind, conversation, upTo }
  }

  /** The app's own mark for what has come; undefined where as much was said before. */
  ack(conversation: string, seq: number): ClientFrame | undefined {
    return seq <= (this.#marks.get(conversation)?.delivered ?? -1)
      ? undefined
      : this.mark('delivered', conversation, seq)
  }

  /** What was said of this before, to be said once more: it was lost, or refused while the server was busy. */
  repeat(conversation: string, seq: number): ClientFrame | undefined {
    const { delivered, read } = this.#marks.get(conversation) ?? { delivered: -1, read: -1 }
    const upTo = Math.max(delivered, read)
    return upTo < seq ? undefined : { type: 'delivered', conversation, upTo }
  }

  watch(users: readonly string[]): ClientFrame {
    for (const user of users) this.#watched.add(user)
    return { type: 'watch', users: [...users] }
  }

  unwatch(users: readonly string[]): ClientFrame {
    for (const user of users) this.#watched.delete(user)
    return { type: 'unwatch', users: [...users] }
  }

  /** Said again after a lost socket, by the app: nobody did anything just now. Lower than before changes nothing. */
  again(): ClientFrame[] {
    const frames: ClientFrame[] = []
    for (const [conversation, { delivered, read }] of this.#marks) {
      if (delivered > read) frames.push({ type: 'delivered', conversation, upTo: delivered })
      if (read >= 0) frames.push({ type: 'read', conversation, upTo: read, origin: 'app' })
    }
    if (this.#watched.size > 0) frames.push({ type: 'watch', users: [...this.#watched] })
    return frames
  }

  /** Another store: its seqs are other ones. */
  forgetMarks(): void {
    this.#marks = new Map()
  }
}
