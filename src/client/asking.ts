// What a client asks over HTTP: as api.ts has it, and what it reads shows what it has written before.
import { api } from './api.ts'
import type { HttpOptions } from './http.ts'

const behind = (one: string, other: string) => one.length < other.length || (one.length === other.length && one < other)

/** The last position of what this client has written: decimal. */
export class OwnWrites {
  #position: string | undefined

  note(position: string): void {
    if (this.#position === undefined || behind(this.#position, position)) this.#position = position
  }

  /** What a read has to wait for, unless it says so itself. */
  get atLeast(): { atLeast?: string } {
    return this.#position === undefined ? {} : { atLeast: this.#position }
  }

  /** Another store: its positions are other ones. */
  forget(): void {
    this.#position = undefined
  }
}

/** Each with the position of what was written before it, where `own` is given. */
export function asking(options: HttpOptions, own: OwnWrites | undefined) {
  const all = api(options)
  /** `query` comes last in all of them. */
  const read = <Before extends unknown[], Query extends object, Answer>(
    ask: (...args: [...Before, Query?]) => Answer,
    arity: Before['length'],
  ) => {
    if (!own) return ask
    const call = ask as (...args: unknown[]) => Answer
    return (...args: [...Before, Query?]): Answer => {
      const query = { ...own.atLeast, ...(args[arity] as Query | undefined) }
      return call(...args.slice(0, arity), query)
    }
  }
  const write = <Args extends unknown[], Answer extends { readonly position: string }>(
    ask: (...args: Args) => Promise<Answer>,
  ) => {
    if (!own) return ask
    return async (...args: Args): Promise<Answer> => {
      const answer = await ask(...args)
      own.note(answer.position)
      return answer
    }
  }
  return {
    inbox: read(all.inbox, 0),
    conversation: read(all.conversation, 1),
    messages: ((id, page, signal) =>
      all.messages(id, { ...own?.atLeast, ...page }, signal)) satisfies typeof all.messages,
    receipts: read(all.receipts, 2),
    search: read(all.search, 1),
    blocks: read(all.blocks, 0),
    privacy: read(all.privacy, 0),
    devices: read(all.devices, 0),
    media: read(all.media, 1),
    presence: all.presence,
    startGroup: write(all.startGroup),
    changeConversation: write(all.changeConversation),
    addMember: write(all.addMember),
    removeMember: write(all.removeMember),
    block: write(all.block),
    unblock: write(all.unblock),
    setPrivacy: write(all.setPrivacy),
    signOut: write(all.signOut),
    uploadMedia: write(all.uploadMedia),
  }
}
