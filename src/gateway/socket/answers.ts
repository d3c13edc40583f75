// A client frame as a command, and what the command answers as a frame. Commands are called at once, in the order of the
// frames, and never awaited before the next: they keep the order of each conversation themselves.
import type { Asker, Commands, SentMessage } from '../../commands/index.ts'
import { isRefusal, refuse, type Refusal } from '../../domain/index.ts'
import { faulted, knownForm } from '../asking.ts'
import type { Counts } from '../counts.ts'
import type { HeldMarks } from '../load/held-marks.ts'
import type { Load } from '../load/load.ts'
import type { Log } from '../settings.ts'
import { answer, refusalFrame, sentAnswer } from './frames.ts'
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

/** What a command answers, now or later: nothing, where it is accepted and that is all there is to say. */
type Called = undefined | Refusal | void | Promise<SentMessage | Refusal | undefined>
type Said = Extract<Envelope, { id: string }>

const madeByUser: ReadonlySet<Envelope['type']> = new Set([
  'send',
  'edit',
  'retract',
  'react',
  'read',
  'typing',
  'activity',
])

export interface AnswersParts {
  readonly commands: Commands
  readonly typing: Typing
  readonly presence: Presence
  readonly load: Pick<Load, 'sheds' | 'refusal' | 'shed'>
  readonly marks: Pick<HeldMarks, 'hold'>
  readonly counts: Pick<Counts, 'asks' | 'sent' | 'refused'>
  readonly log: Log
}

export function createAnswers({ commands, typing, presence, load, marks, counts, log }: AnswersParts): Answers {
  const call = (client: Client, asker: Asker, frame: Envelope, body: string | undefined): Called => {
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
        if (load.sheds(frame.type)) return marks.hold(frame.type, client, asker, mark)
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

  const refused = (refusal: Refusal, id: string | undefined): Outgoing => {
    counts.refused[refusal.refused]++
    return answer(refusalFrame(refusal, id))
  }

  /** What is refused was no activity: it changes nothing. */
  const accepted = (asker: Asker): void => {
    if (asker.origin === 'user')
      commands.recordActivity(asker).catch((error: unknown) => faulted(error, 'recordActivity', log))
  }

  /** What has an id of its own. Where it is too much, what is new waits with who said it; what was said before is answered. */
  const said = async (client: Client, asker: Asker, frame: Said, body: string | undefined): Promise<Outgoing> => {
    const { id, type } = frame
    const busy = load.refusal()
    const began = busy ? undefined : counts.asks.began()
    try {
      const answered = busy ? ((await known(asker, frame)) ?? busy) : await call(client, asker, frame, body)
      if (answered === busy) load.shed.messages++
      if (isRefusal(answered)) return refused(answered, id)
      accepted(asker)
      counts.sent[type]++
      return sentAnswer(answered as SentMessage)
    } catch (error) {
      return refused(faulted(error, type, log), id)
    } finally {
      if (began !== undefined) counts.asks.ended(began)
    }
  }

  const known = (asker: Asker, frame: Said) =>
    commands.answerTo(asker, { id: frame.id, to: 'to' in frame ? frame.to : { conversation: frame.conversation } })

  /** What has an answer only where it is refused. */
  const quiet = async (client: Client, asker: Asker, frame: Envelope) => {
    try {
      const refusal = await call(client, asker, frame, undefined)
      if (isRefusal(refusal)) return refused(refusal, undefined)
      accepted(asker)
      return undefined
    } catch (error) {
      return refused(faulted(error, frame.type, log), undefined)
    }
  }

  return (client, frame, body) => {
    const { user, device, session } = client
    const origin = frame.origin ?? (madeByUser.has(frame.type) ? 'user' : 'app')
    const asker: Asker = { actor: { user, device, session }, origin }
    return 'id' in frame ? said(client, asker, frame, body) : quiet(client, asker, frame)
  }
}
