// The indexer: opens what was said, hashes its words, and puts them in, batch after batch, rows and checkpoint in one commit.
// It comes after everything else: it gathers longer, yields often, and what it cannot do stops nobody's chat.
import { setImmediate as breath, setTimeout as sleep } from 'node:timers/promises'
import {
  idIn,
  type EventStore,
  type Feed,
  type Keyring,
  type Position,
  type SearchKeys,
} from '../../eventstore/index.ts'
import type { Projections } from '../api.ts'
import { moveCheckpoint, ReadModelsReplaced, type Provenance } from '../checkpoint.ts'
import { within, type Db } from '../database.ts'
import { backoffMs } from '../transient.ts'
import { Hashes, Vector } from './lexemes.ts'
import { foldSaid, isComplete, sortIn, type Searched, type Worded } from './said.ts'
import { Source, type Taken } from './source.ts'
import { wordsOf } from './words.ts'

/**
 * Events a transaction at most, and how long the first wait for company (milliseconds) while nobody waits for them. A word that a
 * conversation says again is sorted into the index once for all that come together: Postgres takes 30 µs for a message where 500 do
 * and each word comes five times, 22 where 2,000 do, and the same where no word comes twice.
 */
const mostEvents = 1_000
const gatherMs = 250
/**
 * Where little is said, new words are sorted into the index after so many messages: that takes Postgres 3 ms. Left until there is
 * a megabyte of them, it takes 45 ms, in which everybody's messages wait for a core. Where much is said, a megabyte costs less for each.
 */
const sortedInTogether = 128
/** How often a checkpoint is written that moves without events (milliseconds). */
const idleMs = 1_000
/** How long words are taken apart and hashed before others have their turn (milliseconds); looked at after so many words. */
const turnMs = 2
const wordsBetweenLooks = 100

export interface IndexerParts {
  readonly db: Db
  /** The read models, and where they are: the index stays behind them. */
  readonly main: Db
  readonly projections: Pick<Projections, 'reached'>
  readonly store: Pick<EventStore, 'subscribe'>
  readonly feed: Pick<Feed, 'batches' | 'head'>
  readonly keyring: Pick<Keyring, 'open'>
  readonly keys: SearchKeys
  readonly provenance: Provenance
  readonly log: (line: string) => void
}

/** What a body says in words; nothing where it has no text. A body was checked when it was sent. */
function textIn(json: string): string {
  const { text } = JSON.parse(json) as { text?: unknown }
  return typeof text === 'string' ? text : ''
}

/** Begins after `at`. */
export function startIndexer(parts: IndexerParts, at: Position) {
  const { db, main, projections, store, feed, keyring, keys, provenance, log } = parts
  const stopping = new AbortController()
  const { signal } = stopping
  let committed = at
  let committedAt = Date.now()
  let complete = false
  let busy = false
  /** Events that are taken, and not in the index yet. */
  let inHand = 0
  /** Messages whose words may be at the end of the index's list. */
  let unsorted = 0
  const lost = (error: Error) => log(`the search index stands still at ${committed}: ${error.message}`)
  const source = new Source(store, feed, at, lost)
  let turn = performance.now()

  const isLong = (): boolean => performance.now() - turn >= turnMs
  const letOthers = async (): Promise<void> => {
    await breath()
    turn = performance.now()
  }

  const hashes = new Hashes()
  /** What was said, in hashes; without what has no words and what does not open any more. */
  const worded = async (events: readonly Searched[]): Promise<Worded[]> => {
    turn = performance.now()
    const opening: { event: Worded['event']; text: string | null | Promise<string | null> }[] = []
    for (const event of events) {
      if (event.type === 'MessageRetracted') continue
      const message = event.type === 'MessageSent' ? event.id : event.data.message
      const place = { conversation: idIn(event.stream), message, expiresAt: event.data.expiresAt }
      opening.push({ event, text: keyring.open(place, event.data.content) })
      if (isLong()) await letOthers()
    }
    const opened: { event: Worded['event']; text: string }[] = []
    for (const { event, text } of opening) opened.push({ event, text: textIn((await text) ?? '{}') })
    const talking = opened.filter(({ text }) => text !== '')
    const found = await keys.of(
      talking.map(({ event }) => idIn(event.stream)),
      'make',
    )
    const rows: Worded[] = []
    let taken = 0
    for (const { event, text } of talking) {
      const conversation = idIn(event.stream)
      const hashed = hashes.of(conversation, found.get(conversation)!)
      const vector = new Vector()
      for (const word of wordsOf(text)) {
        vector.add(hashed(word))
        if (++taken % wordsBetweenLooks === 0 && isLong()) await letOthers()
      }
      const words = vector.toString()
      if (words !== '') rows.push({ event, words })
    }
    return rows
  }

  /** What is not folded yet. Where another process has been faster, it answers how far that is. */
  const commit = ({ events, upTo, live }: Taken, rows: readonly Worded[]): Promise<Position> =>
    db.kysely.transaction().execute(async transaction => {
      const tx = within(db, transaction)
      const { moved, position } = await moveCheckpoint(tx, provenance, committed, upTo, events.at(-1)?.position)
      if (!moved) return position
      const fresh = rows.filter(({ event }) => event.position > committed)
      const retracted = events.filter(event => event.type === 'MessageRetracted')
      await foldSaid({ db: tx, main }, fresh, retracted)
      if (live && !complete) await isComplete(tx)
      return position
    })

  const fold = async (taken: Taken): Promise<void> => {
    const rows = await worded(taken.events)
    while (!(await projections.reached(taken.upTo, idleMs))) {
      if (signal.aborted) return
      await sleep(gatherMs)
    }
    while (committed < taken.upTo) committed = await commit(taken, rows)
    unsorted += rows.length
    if (unsorted >= sortedInTogether && rows.length < sortedInTogether) {
      unsorted = 0
      await sortIn(db)
    }
    committedAt = Date.now()
    complete ||= taken.live
    source.skip(committed)
  }

  /** However long the database is away. Whatever else it is, it is told, and tried again. */
  const persist = async (taken: Taken): Promise<void> => {
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        await fold(taken)
        if (attempt > 1) log(`the search index is being written again, now at ${committed}`)
        return
      } catch (error) {
        if (error instanceof ReadModelsReplaced) throw error
        if (attempt === 1) log(`the search index cannot be written and waits at ${committed}: ${String(error)}`)
        await sleep(backoffMs(attempt), undefined, { signal }).catch(() => {})
      }
    }
  }

  let hurry = (): void => {}
  const gather = (): Promise<void> =>
    new Promise(resolve => {
      const timer = setTimeout(resolve, gatherMs)
      hurry = () => {
        clearTimeout(timer)
        resolve()
      }
      if (signal.aborted) hurry()
    })

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      await source.events(idleMs, signal)
      if (source.waiting > 0 && source.waiting < mostEvents) await gather()
      busy = true
      const taken = source.take(mostEvents)
      inHand = taken.events.length
      const due = Date.now() - committedAt >= idleMs || (taken.live && !complete)
      if (taken.events.length > 0 || (taken.upTo > committed && due)) await persist(taken)
      busy = false
      inHand = 0
    }
  }
  const work = run().catch((error: unknown) => lost(error as Error))

  return {
    /** Everything up to here can be found. */
    position: (): Position => (source.waiting === 0 && !busy ? source.upTo : committed),
    /** Events that are not in the index yet, as far as they are known here. */
    waiting: () => source.waiting + inHand,
    /** Somebody waits: what is gathered goes in now. */
    hurry: () => hurry(),
    async stop() {
      stopping.abort()
      hurry()
      source.stop()
      await work
    },
  }
}
