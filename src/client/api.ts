// What can be asked over HTTP, a function each. For whoever needs no socket: tools, tests, servers of one's own.
import { v7 } from 'uuid'
import { http } from './http.ts'
import type { HttpOptions } from './http.ts'
import { ndjson } from './ndjson.ts'
import type * as answers from './answers.ts'

export interface Page {
  /**
   * Seqs, exclusive. With `after`: the oldest after it; otherwise the newest. Ascending either way. A page may be shorter than `limit`:
   * it ends after a megabyte too. The last one is the empty one.
   */
  readonly before?: number | undefined
  readonly after?: number | undefined
  readonly limit?: number | undefined
  /** Waits until the read model has this position. */
  readonly atLeast?: string | undefined
}

/** What narrows a search down. */
export interface Searching {
  readonly conversation?: string | undefined
  /** Who said it. */
  readonly from?: string | undefined
  /** The `next` of the page before. */
  readonly before?: string | undefined
  readonly limit?: number | undefined
  /** Waits until the index has this position. */
  readonly atLeast?: string | undefined
}

export interface NewGroup {
  readonly id?: string
  readonly name: string
  readonly members?: readonly string[]
  readonly delivered?: boolean
  readonly retention?: Retention
}

/** `ttl` is `<n>ms|s|m|h|d`, counted from each message's `at`. */
export type Retention = { readonly mode: 'permanent' } | { readonly mode: 'temporary'; readonly ttl: string }
export type Role = 'owner' | 'admin' | 'member'

/** What is left out stays as it is. */
export interface ConversationChange {
  readonly name?: string | null
  /** Of what is sent from now on. */
  readonly retention?: Retention
  readonly delivered?: boolean
}

export interface ImportBatch {
  readonly source: string
  readonly upToLine: number
  readonly entries: readonly answers.HistoryEntry[]
}

const part = encodeURIComponent
/** Oneself, where nobody is named. */
const person = (user: string | undefined) => (user === undefined ? 'me' : `users/${part(user)}`)
const conversations = (id: string) => `v1/conversations/${part(id)}`

export type Api = ReturnType<typeof api>

/** Throws `Refused` where the server says no, `Unreachable` where nobody answers. */
export function api(options: HttpOptions) {
  const { get, ask, open } = http(options)
  return {
    /** All conversations by last activity; with `limit` a page of them, and `next` to give as `after` for the one behind it. */
    inbox: (query: { atLeast?: string; limit?: number; after?: string } = {}) =>
      get<answers.Inbox>('v1/inbox', { ...query }),
    conversation: (id: string, query: { atLeast?: string } = {}) => get<answers.Conversation>(conversations(id), query),
    messages: async (id: string, page: Page = {}, signal?: AbortSignal) =>
      (await get<{ messages: answers.HistoryMessage[] }>(`${conversations(id)}/messages`, { ...page }, signal))
        .messages,
    receipts: (id: string, message: string, query: { atLeast?: string } = {}) =>
      get<answers.Receipts>(`${conversations(id)}/messages/${part(message)}/receipts`, query),
    /** Messages one may see that have these words: all of them, `"a phrase"`, `-without`, `this or that`. */
    search: (q: string, query: Searching = {}) => get<answers.FoundMessages>('v1/search', { q, ...query }),
    presence: (user: string) => get<answers.Presence>(`v1/users/${part(user)}/presence`),
    /** The id is chosen here, so that asking again after a lost answer makes no second group. */
    startGroup: ({ id = v7(), ...group }: NewGroup) =>
      ask<answers.Started>('POST', 'v1/conversations', { id, kind: 'group', ...group, members: group.members ?? [] }),
    /** Who is in with another role gets this one; without a role: `member`, or what they are already. */
    addMember: (id: string, user: string, role?: Role) =>
      ask<answers.Done>('POST', `${conversations(id)}/members`, { user, role }),
    /** Oneself: leaves. */
    removeMember: (id: string, user: string) =>
      ask<answers.Done>('DELETE', `${conversations(id)}/members/${part(user)}`),
    /** Takes in an image: PNG, JPEG, GIF or WebP. What no message names within a day is deleted. */
    uploadMedia: (image: Uint8Array | Blob) => ask<answers.Uploaded>('POST', 'v1/media', image),
    /** The image; with `width` not wider than that, and never enlarged. Its type is the blob's. */
    media: async (id: string, { width, ...query }: { width?: number; atLeast?: string } = {}): Promise<Blob> =>
      (await open('GET', `v1/media/${part(id)}`, { w: width, ...query })).blob(),

    changeConversation: (id: string, change: ConversationChange) =>
      ask<answers.Done>('PATCH', conversations(id), change),

    /** They cannot write to one, add one to groups, or see one's presence; groups in common go on. */
    block: (user: string) => ask<answers.Done>('PUT', `v1/users/${part(user)}/block`),
    unblock: (user: string) => ask<answers.Done>('DELETE', `v1/users/${part(user)}/block`),
    blocks: async (query: { atLeast?: string } = {}) => (await get<{ blocked: string[] }>('v1/blocks', query)).blocked,
    /** Who may see whether one is online, and when one last did something. */
    privacy: (query: { atLeast?: string } = {}) => get<answers.Privacy>('v1/me/privacy', query),
    setPrivacy: (privacy: answers.Privacy) => ask<answers.Done>('PATCH', 'v1/me/privacy', privacy),

    /** One's linked devices; with `user` (role admin) somebody's. */
    devices: async ({ user, ...query }: { user?: string; atLeast?: string } = {}): Promise<answers.Device[]> => {
      const found: answers.Device[] = []
      for (let after: string | undefined; ;) {
        const { devices, next } = await get<answers.DevicesPage>(`v1/${person(user)}/devices`, { ...query, after })
        found.push(...devices)
        if (!next) return found
        after = next
      }
    },
    /** Its sockets close with 4501, and what was issued to it before is refused. Of somebody: role admin. */
    signOut: (device: string, { user }: { user?: string } = {}) =>
      ask<answers.Done>('DELETE', `v1/${person(user)}/devices/${part(device)}`),

    /** A token for anyone, where the server gives such out (`DEV_TOKENS`). */
    devToken: async (who: { user: string; roles?: readonly string[]; device?: string }) =>
      (await ask<{ token: string }>('POST', 'v1/dev/tokens', { ...who, roles: who.roles ?? ['user'] })).token,
    startImport: async (channel: string) =>
      (await ask<{ conversation: string }>('POST', 'v1/imports', { channel })).conversation,
    importEntries: (id: string, batch: ImportBatch) =>
      ask<answers.Imported>('POST', `v1/imports/${part(id)}/entries`, batch),
    /** For operators (role admin): the processes that are there, and who is on which. */
    boxes: async () => (await get<{ boxes: answers.Box[] }>('v1/boxes')).boxes,
    boxSessions: async function* (box: string) {
      for (let after: string | undefined; ;) {
        const page = await get<answers.BoxSessions>(`v1/boxes/${part(box)}/sessions`, { after })
        yield* page.sessions
        if (!page.next) return
        after = page.next
      }
    },
    /** For operators: everybody's inbox, held against a recount from the log. */
    checkInboxes: async function* () {
      yield* ndjson<answers.InboxCheck>(await open('GET', 'v1/projections/check'))
    },
    /** For operators (role admin): deletes what is over and not deleted yet, and tells what is temporary. */
    runRetention: ({ dryRun = false }: { dryRun?: boolean } = {}) =>
      ask<answers.RetentionReport>('POST', 'v1/admin/retention', { dryRun }),
    /** Whether the process lives, whether it can serve. */
    healthz: () => open('GET', 'healthz').then(response => response.text()),
    readyz: () => open('GET', 'readyz').then(response => response.text()),
    audit: {
      /** All there are, page by page. */
      conversations: async function* () {
        for (let after: string | undefined; ;) {
          const page = await get<answers.AuditedPage>('v1/audit/conversations', { after })
          yield* page.conversations
          if (!page.next) return
          after = page.next
        }
      },
      /** Straight from the log, as it streams. `open`: with the bodies whose keys still exist. */
      events: async function* (id: string, query: { from?: number; to?: number; open?: boolean } = {}) {
        const response = await open('GET', `v1/audit/conversations/${part(id)}/events`, query)
        yield* ndjson<answers.AuditedEvent>(response)
      },
    },
  }
}
