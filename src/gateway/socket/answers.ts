// A client frame as a command, and what the command answers as a frame. Commands are called at once, in the order of the
// frames, and never awaited before the next: they keep the order of each conversation themselves.
import type { Asker, Commands, SentMessage } from '../../commands/index.ts'
import { isRefusal, refuse, type Refusal } from '../../domain/index.ts'
import { faulted, knownForm } from '../asking.ts'
import { sentenceOf } from '../sentences.ts'
import type { Log } from '../settings.ts'
import { answer } from './frames.ts'
import type { Outgoing } from './outbox.ts'
import type { Presence, Watcher } from './presence.ts'
import type { Typing } from './typing.ts'
import type { Envelope } from './parse.ts'

/** Who asks over a socket: a session that also can be told about presence. */
export interface Client extends Watcher {
  readonly user: string
  readonly device: string
  readonly session: string
}

export type Answers = (client: Client, frame: Envelope, body: string | undefined) => Promise<Outgoing | undefined>

const madeByUser: ReadonlySet<Envelope['type']> = new Set([
  'send',
  'edit',
  'retract',
  'react',
  'read',
  'typing',
  'activity',
])

export function createAnswers(commands: Commands, typing: Typing, presence: Presence, log: Log): Answers {
  const call = async (client: Client, asker: Asker, frame: Envelope, body: string | undefined) => {
    switch (frame.type) {
      case 'send': {
        const message = { id: frame.id, body: body! }
        if ('user' in frame.to) return commands.sendMessage(asker, { ...message, to: frame.to })
        const conversation = knownForm(frame.to.conversation)
        if (conversation === undefined) return refuse('unknown-conversation')
        return commands.sendMessage(asker, { ...message, to: { conversation } })
      }
      case 'edit':
      case 'retract':
      case 'react': {
        const [conversation, message] = [knownForm(frame.conversation), knownForm(frame.message)]
        if (conversation === undefined) return refuse('unknown-conversation')
        if (message === undefined) return refuse('unknown-message')
        const of = { id: frame.id, conversation, message }
        if (frame.type === 'edit') return commands.editMessage(asker, { ...of, body: body! })
        if (frame.type === 'retract') return commands.retractMessage(asker, of)
        return commands.react(asker, { ...of, reaction: frame.reaction, on: frame.on })
      }
      case 'delivered':
      case 'read': {
        const conversation = knownForm(frame.conversation)
        if (conversation === undefined) return refuse('unknown-conversation')
        const mark = { conversation, upTo: frame.upTo }
        return frame.type === 'read' ? commands.markRead(asker, mark) : commands.markDelivered(asker, mark)
      }
      case 'typing': {
        const conversation = knownForm(frame.conversation)
        return conversation === undefined ? refuse('unknown-conversation') : typing(asker, conversation)
      }
      case 'watch':
        return presence.watch(client, frame.users)
      case 'unwatch':
        return presence.unwatch(client, frame.users)
      default:
        return undefined
    }
  }

  return async (client, frame, body) => {
    const { user, device, session } = client
    const origin = frame.origin ?? (madeByUser.has(frame.type) ? 'user' : 'app')
    const asker: Asker = { actor: { user, device, session }, origin }
    const id = 'id' in frame ? frame.id : undefined
    if (origin === 'user')
      commands.recordActivity(asker).catch((error: unknown) => faulted(error, 'recordActivity', log))
    try {
      const answered = await call(client, asker, frame, body)
      if (answered === undefined) return undefined
      return answer(isRefusal(answered) ? refusalFrame(answered, id) : sentFrame(answered))
    } catch (error) {
      return answer(refusalFrame(faulted(error, frame.type, log), id))
    }
  }
}

const sentFrame = ({ id, conversation, seq, at, position }: SentMessage) =>
  ({ type: 'sent', id, conversation, seq, at, position: String(position) }) as const

/** `id` is the frame's that is refused, where it has one. */
export function refusalFrame(refusal: Refusal, id: string | undefined) {
  const { refused: code, retryAfterMs } = refusal
  return {
    type: 'error' as const,
    ...(id === undefined ? {} : { id }),
    code,
    message: sentenceOf(refusal),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  }
}
