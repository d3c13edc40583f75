// What a gateway and a command process say to each other over a WebSocket: one JSON text a tick and direction, an array of
// calls one way and of their outcomes the other. A row for each command: its arguments, checked where they arrive, and what it
// is about, so that what is about one thing goes to one process. A missing row does not compile.
import { z } from 'zod'
import type { Commands } from '../catalogue.ts'
import { directConversation } from '../ids.ts'

export const commandsPath = '/commands'
/** Bytes of one message: the largest call, a group that begins with thousands of members, is far below. */
export const mostBytes = 16 * 1024 * 1024
/** A text is said when it is this long, though the tick goes on. */
export const enoughBytes = 512 * 1024

/** `[number of the call, name, arguments]` */
export type CallMessage = [n: number, name: string, args: unknown[]]
export type Outcome = { ok?: unknown } | { unavailable: string } | { fault: string }
export type OutcomeMessage = [n: number, outcome: Outcome]

type Row<K extends keyof Commands> = {
  /** Fields that a newer version adds travel along. */
  readonly args: z.ZodType<Parameters<Commands[K]>>
  readonly about: (...args: Parameters<Commands[K]>) => string
}

const text = z.string()
const person = z.looseObject({ user: text, device: text, session: text.nullable() })
const asker = z.looseObject({ actor: person, origin: z.enum(['user', 'app', 'system']) })
const session = z.looseObject({ user: text, session: text, device: text, box: text })
const retention = z.union([
  z.object({ mode: z.literal('permanent') }),
  z.object({ mode: z.literal('temporary'), ttlMs: z.int() }),
])
const why = z.enum(['closed-by-client', 'closed-by-server', 'connection-lost', 'box-stopped', 'box-lost', 'signed-out'])
const role = z.enum(['owner', 'admin', 'member'])
const recipient = z.union([z.object({ user: text }), z.object({ conversation: text })])
const ofMessage = { id: text, conversation: text, message: text }
const mark = z.tuple([asker, z.looseObject({ conversation: text, upTo: z.int() })])
const line = { line: z.int(), at: text, user: text }
const entry = z.discriminatedUnion('what', [
  z.looseObject({ ...line, what: z.literal('joined') }),
  z.looseObject({ ...line, what: z.literal('left') }),
  z.looseObject({ ...line, what: z.literal('said'), id: text, body: text }),
])

export const calls: { readonly [K in keyof Commands]: Row<K> } = {
  sendMessage: {
    args: z.tuple([asker, z.looseObject({ id: text, to: recipient, body: text })]),
    about: ({ actor }, { to }) => ('user' in to ? directConversation(actor.user, to.user) : to.conversation),
  },
  answerTo: {
    args: z.tuple([asker, z.looseObject({ id: text, to: recipient })]),
    about: ({ actor }, { to }) => ('user' in to ? directConversation(actor.user, to.user) : to.conversation),
  },
  editMessage: {
    args: z.tuple([asker, z.looseObject({ ...ofMessage, body: text })]),
    about: (_, { conversation }) => conversation,
  },
  retractMessage: {
    args: z.tuple([asker, z.looseObject(ofMessage)]),
    about: (_, { conversation }) => conversation,
  },
  react: {
    args: z.tuple([asker, z.looseObject({ ...ofMessage, reaction: text, on: z.boolean() })]),
    about: (_, { conversation }) => conversation,
  },
  announceTyping: {
    args: z.tuple([asker, z.looseObject({ conversation: text })]),
    about: (_, { conversation }) => conversation,
  },
  markDelivered: { args: mark, about: (_, { conversation }) => conversation },
  markRead: { args: mark, about: (_, { conversation }) => conversation },
  failDelivery: {
    args: z.tuple([
      z.looseObject({
        conversation: text,
        message: text,
        to: text,
        reason: z.enum(['not-acknowledged', 'too-old']),
        attempts: z.int(),
      }),
    ]),
    about: ({ conversation }) => conversation,
  },
  startGroup: {
    args: z.tuple([
      asker,
      z.looseObject({ id: text, name: text, members: z.array(text), delivered: z.boolean(), retention }),
    ]),
    about: (_, { id }) => id,
  },
  addMember: {
    args: z.tuple([asker, z.looseObject({ conversation: text, user: text, role: role.optional() })]),
    about: (_, { conversation }) => conversation,
  },
  removeMember: {
    args: z.tuple([asker, z.looseObject({ conversation: text, user: text })]),
    about: (_, { conversation }) => conversation,
  },
  changeConversation: {
    args: z.tuple([
      asker,
      z.looseObject({
        conversation: text,
        name: text.nullable().optional(),
        retention: retention.optional(),
        delivered: z.boolean().optional(),
      }),
    ]),
    about: (_, { conversation }) => conversation,
  },
  block: { args: z.tuple([asker, z.looseObject({ user: text })]), about: ({ actor }) => actor.user },
  unblock: { args: z.tuple([asker, z.looseObject({ user: text })]), about: ({ actor }) => actor.user },
  setPrivacy: {
    args: z.tuple([asker, z.looseObject({ lastSeen: z.enum(['everyone', 'contacts', 'nobody']) })]),
    about: ({ actor }) => actor.user,
  },
  signOutDevice: {
    args: z.tuple([asker, z.looseObject({ user: text, device: text })]),
    about: (_, { user }) => user,
  },
  linkDevice: { args: z.tuple([asker]), about: ({ actor }) => actor.user },
  recordActivity: { args: z.tuple([asker]), about: ({ actor }) => actor.user },
  openSession: { args: z.tuple([session]), about: ({ user }) => user },
  arrive: { args: z.tuple([session, z.enum(['not-linked', 'unknown'])]), about: ({ user }) => user },
  closeSession: { args: z.tuple([session, why]), about: ({ user }) => user },
  startImport: { args: z.tuple([asker, z.looseObject({ name: text })]), about: (_, { name }) => name },
  importHistory: {
    args: z.tuple([
      asker,
      z.looseObject({ conversation: text, source: text, upToLine: z.int(), entries: z.array(entry) }),
    ]),
    about: (_, { conversation }) => conversation,
  },
  recordAccess: {
    args: z.tuple([asker, z.looseObject({ id: text.optional(), call: text, conversation: text.nullable() })]),
    about: ({ actor }) => actor.user,
  },
  recordUpload: {
    args: z.tuple([
      asker,
      text,
      z.looseObject({
        address: text,
        key: text,
        type: z.enum(['image/png', 'image/jpeg', 'image/gif', 'image/webp']),
        size: z.int(),
        width: z.int(),
        height: z.int(),
      }),
    ]),
    about: (_, media) => media,
  },
  runRetention: { args: z.tuple([asker, z.looseObject({ dryRun: z.boolean() })]), about: () => 'retention' },
  discardMedia: { args: z.tuple([text, z.enum(['unnamed', 'keys-gone'])]), about: media => media },
}

export const callNames = Object.keys(calls) as (keyof Commands)[]
export const isCall = (name: string): name is keyof Commands => Object.hasOwn(calls, name)

const message = z.tuple([z.int(), z.string(), z.array(z.unknown())])

/** The calls in a text. Throws where it is none: whoever said it does not speak this. */
export const callsIn = (said: string): CallMessage[] => z.array(message).parse(JSON.parse(said))

const outcome = z.union([
  z.strictObject({ ok: z.unknown().optional() }),
  z.strictObject({ unavailable: z.string() }),
  z.strictObject({ fault: z.string() }),
])

/** The outcomes in a text; undefined where it is none. */
export function outcomesIn(said: string): OutcomeMessage[] | undefined {
  try {
    return z.array(z.tuple([z.int(), outcome])).parse(JSON.parse(said))
  } catch {
    return undefined
  }
}

/** Gathers what is to be said during a tick and says it as one text, an array, at its end. */
export function perTick(say: (text: string) => void): (element: string) => void {
  let waiting: string[] = []
  let bytes = 0
  const flush = () => {
    if (waiting.length === 0) return
    const text = `[${waiting.join(',')}]`
    waiting = []
    bytes = 0
    say(text)
  }
  return element => {
    if (waiting.push(element) === 1) setImmediate(flush)
    bytes += element.length
    if (bytes >= enoughBytes) flush()
  }
}
