// The record of images: that one is in the store, that its bytes are gone.
import { randomUUID } from 'node:crypto'
import { decide, evolve } from '../domain/decider.ts'
import type { MediaDiscarded, MediaEvent, MediaUploaded } from '../domain/index.ts'
import type { MediaCommand } from '../domain/media/commands.ts'
import { media as decider } from '../domain/media/decider.ts'
import { decode, streamOf, WrongRevision } from '../eventstore/index.ts'
import type { EventStore, Metadata, Position } from '../eventstore/index.ts'
import type { Asker } from './catalogue.ts'
import { metadataFor } from './metadata.ts'

const nobody = { actor: { user: null, device: null, session: null }, origin: 'system' as const }

export function media(store: EventStore, head: () => Position, now: () => string) {
  const read = async (stream: string) => {
    let state = decider.initial
    let head = -1
    for await (const page of store.read(stream))
      for (const raw of page) {
        const event = decode(raw)
        head = raw.revision
        if (event) state = evolve(decider, state, event as MediaEvent)
      }
    return { state, head }
  }

  /** The position of what was written; undefined where it was so already. */
  const write = async (id: string, command: MediaCommand, metadata: Metadata): Promise<Position | undefined> => {
    const stream = streamOf('media', id)
    for (;;) {
      const { state, head } = await read(stream)
      const events = decide(decider, command, state) as readonly MediaEvent[] // this decider refuses nothing
      const news = events.map(({ type, data }) => ({ id: randomUUID(), type, data, metadata }))
      if (news.length === 0) return undefined
      try {
        return (await store.append(stream, news, head < 0 ? 'none' : head)).position
      } catch (error) {
        if (!(error instanceof WrongRevision)) throw error // another box was first: what it wrote is read now
      }
    }
  }

  return {
    record: async (asker: Asker, id: string, upload: Omit<MediaUploaded['data'], 'user' | 'at'>) => {
      const at = now()
      const command = { type: 'RecordUpload', upload: { ...upload, user: asker.actor.user, at } } as const
      return (await write(id, command, metadataFor(asker, at, id))) ?? head()
    },
    discard: async (id: string, why: MediaDiscarded['data']['why']): Promise<void> => {
      const at = now()
      await write(id, { type: 'Discard', why, at }, metadataFor(nobody, at, id))
    },
  }
}
