// What conversations are called on the screen, and where a direct chat with somebody is.
import type { Client, InboxEntry } from '../../client/index.ts'
import { pause } from '../io.ts'

export class Names {
  readonly #names = new Map<string, string>()
  readonly #direct = new Map<string, string>()
  readonly #directs = new Set<string>()
  readonly #client: Client
  readonly #user: string

  constructor(client: Client, user: string) {
    this.#client = client
    this.#user = user
  }

  async load(): Promise<readonly InboxEntry[]> {
    const { conversations } = await this.#client.inbox()
    for (const entry of conversations) this.#note(entry)
    return conversations
  }

  /** The direct chat with this user, if there is one yet. */
  async direct(user: string): Promise<string | undefined> {
    if (!this.#direct.has(user)) await this.load()
    return this.#direct.get(user)
  }

  /** A conversation that came about just now. */
  noteDirect(user: string, conversation: string): void {
    this.#direct.set(user, conversation)
    this.#directs.add(conversation)
    this.#names.set(conversation, user)
  }

  /** Somebody calls it something else. */
  rename(conversation: string, name: string | null): void {
    if (name === null) this.#names.delete(conversation)
    else this.#names.set(conversation, name)
  }

  isDirect(conversation: string): boolean {
    return this.#directs.has(conversation)
  }

  async nameOf(conversation: string): Promise<string> {
    // a frame may be here before the read model has its conversation: asked again a little later, and then left at that
    for (const wait of [0, 300, 1000]) {
      if (this.#names.has(conversation)) break
      await pause(wait)
      await this.load().catch(() => [])
    }
    return this.#names.get(conversation) ?? conversation
  }

  #note(entry: InboxEntry): void {
    const { conversation, kind, name, members } = entry
    // a direct chat without a name is named by whom one looks at it with
    if (kind === 'direct') this.noteDirect(members.find(user => user !== this.#user) ?? this.#user, conversation)
    if (kind === 'group' || name !== null) this.#names.set(conversation, name ?? conversation)
  }
}
