// Marks that are held back while it is too much: the latest of each device, told to the log a few seconds later. What a
// kill takes from here was promised to nobody: the client says it again, or has the message pushed again.
import type { Asker, Commands } from '../../commands/index.ts'
import { faulted } from '../asking.ts'
import type { Log } from '../settings.ts'
import { answer, refusalFrame } from '../socket/frames.ts'
import type { Outgoing } from '../socket/outbox.ts'
import type { Timers } from '../timers.ts'
import type { Load } from './load.ts'

const kinds = ['delivered', 'read'] as const
type Kind = (typeof kinds)[number]
/** Who hears where a mark is refused. */
interface Client {
  tell(frame: Outgoing): void
}
interface Held {
  readonly client: Client
  readonly asker: Asker
  readonly conversation: string
  /** The latest that were said, lowest first: one that is refused must not stand in the way of those before it. */
  readonly upTos: readonly number[]
  readonly due: number
}

/** How long each is held at most (milliseconds): the one that is missed less, longer. */
const holdMs: Readonly<Record<Kind, number>> = { delivered: 4_000, read: 2_000 }
/** How many are let go at a look: those that waited together do not come together. */
const mostAtOnce = 1_000
const mostSaid = 16

export interface HeldMarks {
  hold(kind: Kind, client: Client, asker: Asker, mark: { conversation: string; upTo: number }): void
  readonly size: () => number
  /** Tells the log of all there are. */
  flush(): Promise<void>
}

export function createHeldMarks(
  commands: Pick<Commands, 'markDelivered' | 'markRead'>,
  load: Load,
  timers: Pick<Timers, 'now'>,
  log: Log,
): HeldMarks {
  /** By device and conversation; a later mark keeps the place of the first. */
  const held: Readonly<Record<Kind, Map<string, Held>>> = { delivered: new Map(), read: new Map() }

  const tell = async (kind: Kind, { client, asker, conversation, upTos }: Held): Promise<void> => {
    const ask = kind === 'read' ? commands.markRead : commands.markDelivered
    for (const upTo of upTos.toReversed()) {
      const refusal = await ask(asker, { conversation, upTo }).catch((error: unknown) => faulted(error, kind, log))
      if (refusal) client.tell(answer(refusalFrame(refusal, undefined)))
      if (refusal?.refused !== 'beyond-the-end') return
    }
  }

  /** Those that are due, oldest first; all, where there is no need to hold them any more. */
  const letGo = (kind: Kind, most: number): Promise<void>[] => {
    const told: Promise<void>[] = []
    const now = timers.now()
    for (const [key, mark] of held[kind]) {
      if (told.length >= most || (load.sheds(kind) && mark.due > now && most !== Infinity)) break
      held[kind].delete(key)
      told.push(tell(kind, mark))
    }
    return told
  }
  load.onLook(() => {
    for (const kind of kinds) void Promise.all(letGo(kind, mostAtOnce))
  })

  return {
    hold(kind, client, asker, { conversation, upTo }) {
      load.shed[kind]++
      const { user, device } = asker.actor
      const key = `${conversation} ${user} ${device}`
      const before = held[kind].get(key)
      const upTos = [...new Set([...(before?.upTos ?? []), upTo])].sort((one, other) => one - other).slice(-mostSaid)
      held[kind].set(key, { client, asker, conversation, upTos, due: before?.due ?? timers.now() + holdMs[kind] })
    },
    size: () => held.delivered.size + held.read.size,
    flush: async () => void (await Promise.all(kinds.flatMap(kind => letGo(kind, Infinity)))),
  }
}
