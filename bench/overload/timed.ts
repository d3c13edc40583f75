// A WebSocket that notes when a message goes out and when its answer comes.
import { WebSocket } from 'ws'

export interface Noted {
  /** Milliseconds of each `sent`. */
  readonly took: number[]
  busy: number
}

const idOfSend = /^\{"type":"send","id":"([0-9a-f-]{36})"/
const idOfSent = /^\{"type":"sent","id":"([0-9a-f-]{36})"/
const idOfError = /^\{"type":"error","id":"([0-9a-f-]{36})"/

export function timed(noted: Noted): typeof WebSocket {
  return class extends WebSocket {
    readonly #out = new Map<string, number>()

    override send(text: never): void {
      const id = idOfSend.exec(text)?.[1]
      if (id) this.#out.set(id, performance.now())
      super.send(text)
    }

    override emit(event: string, ...args: never[]): boolean {
      if (event === 'message') this.#hear(String(args[0]))
      return super.emit(event, ...args)
    }

    #hear(text: string): void {
      const sent = idOfSent.exec(text)?.[1]
      const began = sent && this.#out.get(sent)
      if (began) noted.took.push(performance.now() - began)
      if (sent) this.#out.delete(sent)
      if (idOfError.test(text)) noted.busy++
    }
  }
}
