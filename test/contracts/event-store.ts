// What every store that speaks EventStoreDB's protocol does, as the official client sees it: run against the node in memory,
// the node on disk and, where EVENTSTORE_URL names one, a real server (in-memory.int.ts, on-disk.int.ts).
//
// It is written for 23.10. A server need not be empty: every test uses streams of its own and looks for its own events in
// $all; stream names are ASCII. What a server is known to answer otherwise, or not to define, is not asked here but of the
// embedded node alone (test/embedded): reading no events at all, forwards from a stream's end, or from a position that is
// none; subscribing to the end of a stream that was closed; the same id twice in one stream; the position of an empty append.
import { afterAll, beforeAll, describe } from 'vitest'
import { behavesLikeAppending } from './appending.ts'
import { behavesLikeClosing } from './closing.ts'
import { behavesLikeConcurrency } from './concurrency.ts'
import { behavesLikeDeleting } from './deleting.ts'
import { behavesLikeExpectedRevisions } from './expected-revisions.ts'
import { behavesLikeFilters } from './filters.ts'
import { behavesLikeIdempotency } from './idempotency.ts'
import { behavesLikeLimits } from './limits.ts'
import { behavesLikeLinks } from './links.ts'
import { behavesLikeMetadata } from './metadata.ts'
import { behavesLikeReadingAStream } from './reading-a-stream.ts'
import { behavesLikeReadingAll } from './reading-all.ts'
import { behavesLikeSubscribingToAStream } from './subscribing-to-a-stream.ts'
import { behavesLikeSubscribingToAll } from './subscribing-to-all.ts'
import { storeUnderTest } from './store.ts'
import type { OpenStore } from './store.ts'

export const behavesLikeAnEventStore = (name: string, open: () => Promise<OpenStore>): void => {
  describe(name, () => {
    const store = storeUnderTest(open)
    beforeAll(() => store.open())
    afterAll(() => store.close())

    for (const behavesLike of [
      behavesLikeExpectedRevisions,
      behavesLikeAppending,
      behavesLikeIdempotency,
      behavesLikeReadingAStream,
      behavesLikeReadingAll,
      behavesLikeMetadata,
      behavesLikeDeleting,
      behavesLikeClosing,
      behavesLikeSubscribingToAStream,
      behavesLikeSubscribingToAll,
      behavesLikeFilters,
      behavesLikeLinks,
      behavesLikeLimits,
      behavesLikeConcurrency,
    ])
      behavesLike(store)
  })
}
