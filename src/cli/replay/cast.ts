// Those who speak again: a client each, opened for the first word, and the one idle longest closed when there are too many.
import { WebSocket } from 'ws'
import { Refused, api, connect } from '../../client/index.ts'
import type { Client } from '../../client/index.ts'
import { patiently } from '../patience.ts'
import { devToken } from '../server.ts'

/** Sockets at a time. */
const MOST = 50

export interface Stage {
  readonly url: string
  readonly conversation: string
  /** The conversation's owner: adds members. */
  readonly owner: string
  /** Live clients, who never leave. */
  readonly audience: readonly string[]
}

export class Cast {
  readonly #stage: Stage
  readonly #owner: ReturnType<typeof api>
  /** Who is a member, the one who did something last at the end. */
  readonly #members = new Set<string>()
  readonly #clients = new Map<string, Client>()

  constructor(stage: Stage) {
    this.#stage = stage
    this.#owner = api({ url: stage.url, token: () => this.#token(stage.owner) })
  }

  async enter(user: string): Promise<void> {
    if (this.#stays(user)) return
    if (this.#members.delete(user)) return void this.#members.add(user)
    await this.#makingRoom(() => patiently(() => this.#owner.addMember(this.#stage.conversation, user)))
    this.#members.add(user)
  }

  async leave(user: string): Promise<void> {
    if (this.#stays(user) || !this.#members.delete(user)) return
    const { removeMember } = api({ url: this.#stage.url, token: () => this.#token(user) })
    await patiently(() => removeMember(this.#stage.conversation, user))
  }

  async speak(user: string, body: Record<string, unknown>): Promise<void> {
    await this.enter(user)
    const client = await this.#client(user)
    await client.send({ conversation: this.#stage.conversation }, body)
  }

  async end(): Promise<void> {
    await Promise.all([...this.#clients.values()].map(client => client.close()))
    this.#clients.clear()
  }

  #stays(user: string): boolean {
    return user === this.#stage.owner || this.#stage.audience.includes(user)
  }

  /** A history may have had more members than a group takes: who was silent longest goes. */
  async #makingRoom(enter: () => Promise<unknown>): Promise<void> {
    try {
      await enter()
    } catch (thrown) {
      const [silent] = this.#members
      if (!(thrown instanceof Refused) || thrown.code !== 'group-is-full' || silent === undefined) throw thrown
      await this.leave(silent)
      await enter()
    }
  }

  async #client(user: string): Promise<Client> {
    const known = this.#clients.get(user)
    this.#clients.delete(user)
    const client = known ?? connect({ url: this.#stage.url, token: () => this.#token(user), WebSocket })
    this.#clients.set(user, client)
    const [idle] = this.#clients
    if (this.#clients.size > MOST && idle) {
      this.#clients.delete(idle[0])
      await idle[1].close()
    }
    return client
  }

  /** Asked anew for each socket: a long replay outlives a token. */
  #token(user: string): Promise<string> {
    return devToken(this.#stage.url, { user, device: 'replay' })
  }
}
