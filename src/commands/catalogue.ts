// The catalogue: everything that can be asked of Verbatim, with what it answers. A refusal is an answer.
import type { Audience, MediaDiscarded, MediaUploaded, Refusal, Retention, Role, SessionEnd } from '../domain/index.ts'
import type { Actor, Origin, Position } from '../eventstore/index.ts'
import type { Failure } from './fail-delivery.ts'
import type { SentMessage } from './ports.ts'
import type { RetentionReport } from './retention.ts'

/** Who asks, and how. */
export interface Asker {
  readonly actor: Actor & { readonly user: string; readonly device: string }
  readonly origin: Origin
}

export interface SessionRef {
  readonly user: string
  readonly session: string
  readonly device: string
  readonly box: string
}

/** One line's meaning in an imported history; see domain/conversation/commands.ts. `body` is JSON text. */
export type ImportEntry = { readonly line: number; readonly at: string; readonly user: string } & (
  | { readonly what: 'joined' }
  | { readonly what: 'left' }
  | { readonly what: 'said'; readonly id: string; readonly body: string }
)

export interface Send {
  readonly id: string
  readonly to: { readonly user: string } | { readonly conversation: string }
  /** The JSON text of the body, not looked into yet. */
  readonly body: string
}

/** `message` is the message's id, `id` that of what is said about it. */
export interface OfMessage {
  readonly id: string
  readonly conversation: string
  readonly message: string
}

/** What is left out stays as it is. */
export interface ConversationChange {
  readonly name?: string | null | undefined
  readonly retention?: Retention | undefined
  readonly delivered?: boolean | undefined
}

export interface Commands {
  /** The same id is always answered the same. */
  sendMessage(asker: Asker, send: Send): Promise<SentMessage | Refusal>
  /** What an id that was said lately is answered with, or is about to be; null where it is not known. */
  answerTo(asker: Asker, said: Omit<Send, 'body'>): Promise<SentMessage | Refusal | null>
  /** What becomes of a message is answered as a message is. What was so already is answered as of where it was so. */
  editMessage(asker: Asker, edit: OfMessage & Pick<Send, 'body'>): Promise<SentMessage | Refusal>
  retractMessage(asker: Asker, retraction: OfMessage): Promise<SentMessage | Refusal>
  react(asker: Asker, mark: OfMessage & { reaction: string; on: boolean }): Promise<SentMessage | Refusal>
  /** Whether they may say so; whom it is told is the gateway's. */
  announceTyping(asker: Asker, typing: { conversation: string }): Promise<Refusal | undefined>
  markDelivered(asker: Asker, mark: { conversation: string; upTo: number }): Promise<Refusal | undefined>
  markRead(asker: Asker, mark: { conversation: string; upTo: number }): Promise<Refusal | undefined>
  /** Whether a message is given up for a member by this: not where it is so already, or there is nothing to give up. */
  failDelivery(failure: Failure): Promise<{ failed: boolean } | Refusal>
  startGroup(
    asker: Asker,
    group: { id: string; name: string; members: readonly string[]; delivered: boolean; retention: Retention },
  ): Promise<{ seq: number; position: Position } | Refusal>
  /** Who is in already gets the role, where it is another. */
  addMember(
    asker: Asker,
    member: { conversation: string; user: string; role?: Role | undefined },
  ): Promise<{ position: Position } | Refusal>
  /** Oneself: leaves. */
  removeMember(asker: Asker, member: { conversation: string; user: string }): Promise<{ position: Position } | Refusal>
  changeConversation(
    asker: Asker,
    change: { conversation: string } & ConversationChange,
  ): Promise<{ position: Position } | Refusal>
  /** Who is blocked is refused where they write to the blocker, or add them to a group. Groups in common go on. */
  block(asker: Asker, whom: { user: string }): Promise<{ position: Position } | Refusal>
  unblock(asker: Asker, whom: { user: string }): Promise<{ position: Position } | Refusal>
  setPrivacy(asker: Asker, privacy: { lastSeen: Audience }): Promise<{ position: Position } | Refusal>
  /** What the device has open is closed, and what it came with lets nobody in any more; once however often it is asked. */
  signOutDevice(asker: Asker, of: { user: string; device: string }): Promise<{ position: Position } | Refusal>
  /** The asker's device was signed out, and has a token that was issued since. */
  linkDevice(asker: Asker): Promise<{ position: Position } | Refusal>
  /** The user did something: told to the log at most once in five seconds. */
  recordActivity(asker: Asker): Promise<void>
  openSession(session: SessionRef): Promise<void>
  /**
   * Registers who is new, links a device that is: for whom the read models do not know it to be linked. `standing`: whether they know
   * anything of this person.
   */
  arrive(session: SessionRef, standing: 'not-linked' | 'unknown'): Promise<void>
  /** However many boxes say it, it closes once. */
  closeSession(session: SessionRef, why: SessionEnd): Promise<void>
  /** The channel's conversation (its id follows from the channel's name), started where there is none. */
  startImport(asker: Asker, channel: { name: string }): Promise<{ conversation: string; position: Position } | Refusal>
  /** `imported`: how many entries are new; what is known already, by source and line, changes nothing. */
  importHistory(
    asker: Asker,
    history: { conversation: string; source: string; upToLine: number; entries: readonly ImportEntry[] },
  ): Promise<{ imported: number; upToLine: number; position: Position } | Refusal>
  /** An auditor looked: told to the log before the answer begins. `call` names it, without any content. */
  recordAccess(
    asker: Asker,
    access: { id?: string | undefined; call: string; conversation: string | null },
  ): Promise<void>
  /** An image is in the media store: told to the log before its uploader is answered. */
  recordUpload(asker: Asker, media: string, upload: Omit<MediaUploaded['data'], 'user' | 'at'>): Promise<Position>
  /** Its bytes are deleted. Saying it twice is saying it once. */
  discardMedia(media: string, why: MediaDiscarded['data']['why']): Promise<void>
  /** Deletes what is over and not deleted yet; `dryRun`: only tells of it. What is there and what is next is told either way. */
  runRetention(asker: Asker, options: { dryRun: boolean }): Promise<RetentionReport>
}
