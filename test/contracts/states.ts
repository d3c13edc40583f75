// The states a stream can be in for a writer, and what each expectation then comes to: tables that the parts on
// appending, deleting and closing streams share. They are those of EventStoreDB's IndexWriter.
import { StreamDeletedError, WrongExpectedVersionError } from '@eventstore/db-client'
import { expect } from 'vitest'
import { events, fresh } from './store.ts'
import type { Store } from './store.ts'

export const STATES = {
  'that never was': () => Promise.resolve(),
  'with three events': async (store: Store, stream: string) => store.append(stream, events(3)),
  'that was deleted': async (store: Store, stream: string) => {
    await store.append(stream, events(3))
    await store.client().deleteStream(stream)
  },
  'that was closed for good': async (store: Store, stream: string) => {
    await store.append(stream, events(3))
    await store.client().tombstoneStream(stream)
  },
  'with metadata alone': async (store: Store, stream: string) => store.client().setStreamMetadata(stream, { owner: 1 }),
}

export type State = keyof typeof STATES

export const streamIn = async (state: State, store: Store): Promise<string> => {
  const stream = fresh()
  await STATES[state](store, stream)
  return stream
}

export type Expected = 'any' | 'no_stream' | 'stream_exists' | bigint

/** Where the stream stands, as a refusal says it. */
type Actual = bigint | 'no_stream'

export type Ruling = 'allowed' | 'deleted' | { actual: Actual }

export const at = (actual: Actual): Ruling => ({ actual })

export const inWords = (ruling: Ruling): string =>
  typeof ruling === 'string' ? ruling : `refused, the stream being at ${String(ruling.actual)}`

/** Checks an error against the ruling; `refused` is what the caller asked. */
export const expectRefusal = (
  error: Error,
  ruling: Ruling,
  asked: { streamName: string; expectedVersion: unknown },
) => {
  if (ruling === 'deleted') {
    expect(error).toBeInstanceOf(StreamDeletedError)
    expect(error).toMatchObject({ streamName: asked.streamName })
    return
  }
  expect(error).toBeInstanceOf(WrongExpectedVersionError)
  expect(error).toMatchObject({ ...asked, actualVersion: (ruling as { actual: Actual }).actual })
}
