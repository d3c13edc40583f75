// Gives a message up for one member, once, however many notice that it is time.
import { isRefusal, type FailureReason, type Refusal } from '../domain/index.ts'
import { decode, streamOf, type EventStore } from '../eventstore/index.ts'
import type { ConversationWriter } from './conversation-writer.ts'
import { metadataFor } from './metadata.ts'
import type { ReadSide } from './ports.ts'

export interface Failure {
  readonly conversation: string
  readonly message: string
  /** The member who has not acknowledged it. */
  readonly to: string
  readonly reason: FailureReason
  readonly attempts: number
}

const verbatim = { actor: { user: null, device: null, session: null }, origin: 'system' as const }

export function failDelivery(store: EventStore, readSide: ReadSide, writer: ConversationWriter, now: () => string) {
  /** By the receipts that the log has: those that the read models know, and the newer ones from the stream's end. */
  const acknowledged = async (conversation: string, user: string): Promise<number> => {
    const known = readSide.position()
    let upTo = await readSide.acknowledged(conversation, user)
    for await (const page of store.back(streamOf('receipts', conversation)))
      for (const raw of page) {
        if (raw.position <= known) return upTo
        const event = decode(raw)
        if (event?.type !== 'MessagesDelivered' && event?.type !== 'MessagesRead') continue
        if (event.data.user === user) upTo = Math.max(upTo, event.data.upTo)
      }
    return upTo
  }

  /** Whether it is given up now by this. */
  return async ({ conversation, message, to, reason, attempts }: Failure): Promise<{ failed: boolean } | Refusal> => {
    const at = now()
    const written = await writer.write(conversation, {
      command: {
        type: 'FailDelivery',
        message,
        from: to,
        acknowledged: await acknowledged(conversation, to),
        reason,
        attempts,
        at,
      },
      metadata: metadataFor(verbatim, at),
    })
    return isRefusal(written) ? written : { failed: written.events.length > 0 }
  }
}
