// Where the search index has its events from: the process's feed while it keeps up; where it is behind (it is built anew, or
// more comes than it manages) a subscription of its own, which reads no faster than it folds. The feed never waits for it.
import type { Subscription } from 'rxjs'
import { decode, prefixes } from '../../eventstore/index.ts'
import type { Batch, EventStore, Feed, FeedBatch, Position, RawEvent, RecordedEvent } from '../../eventstore/index.ts'
import type { Searched } from './said.ts'

/** Events that wait. More, and it lets go of the feed: what waits costs memory. */
const mostWaiting = 5_000

const types: ReadonlySet<string> = new Set<Searched['type']>(['MessageSent', 'MessageEdited', 'MessageRetracted'])
const isSearched = (event: RecordedEvent): event is Searched => types.has(event.type)

export interface Taken {
  readonly events: readonly Searched[]
  readonly upTo: Position
  /** That is all there is, for now. */
  readonly live: boolean
}

export class Source {
  readonly #store: Pick<EventStore, 'subscribe'>
  readonly #feed: Pick<Feed, 'batches' | 'head'>
  readonly #onLost: (error: Error) => void
  #waiting: Searched[] = []
  #upTo: Position
  #live = false
  #following: Subscription | undefined
  #stopCatchUp: (() => void) | undefined
  #wake = () => {}
  /** Whoever reads for this, and waits until there is room. */
  #readers: (() => void)[] = []

  constructor(
    store: Pick<EventStore, 'subscribe'>,
    feed: Pick<Feed, 'batches' | 'head'>,
    after: Position,
    onLost: (error: Error) => void,
  ) {
    this.#store = store
    this.#feed = feed
    this.#onLost = onLost
    this.#upTo = after
    this.#catchUp()
  }

  /** Up to where nothing is missing that was taken, or waits to be. */
  get upTo(): Position {
    return this.#upTo
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** Resolves as soon as events wait; at the latest after that many milliseconds. */
  events(withinMs: number, signal: AbortSignal): Promise<void> {
    if (this.#waiting.length > 0 || signal.aborted) return Promise.resolve()
    return new Promise(resolve => {
      const done = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, withinMs)
      signal.addEventListener('abort', done)
      this.#wake = done
    })
  }

  take(most: number): Taken {
    const events = this.#waiting.splice(0, most)
    const all = this.#waiting.length === 0
    this.#letRead()
    return { events, upTo: all ? this.#upTo : events.at(-1)!.position, live: all && this.#live }
  }

  /** Another has folded up to here. */
  skip(upTo: Position): void {
    this.#waiting = this.#waiting.filter(event => event.position > upTo)
  }

  stop(): void {
    this.#following?.unsubscribe()
    this.#stopCatchUp?.()
    this.#letRead()
  }

  #letRead(): void {
    for (const go of this.#readers.splice(0)) go()
  }

  #catchUp(): void {
    this.#live = false
    const after = this.#upTo < 0 ? undefined : this.#upTo
    let joined = false
    const take = ({ events, upTo }: FeedBatch): void | Promise<void> => {
      if (joined) return
      this.#put(events.flatMap(readable), upTo)
      // both are at the same place now, and nothing happens in between: from here on the feed brings it
      if (this.#upTo >= this.#feed.head()) {
        joined = true
        this.#follow()
      } else if (this.#waiting.length > mostWaiting) return new Promise(resolve => this.#readers.push(resolve))
    }
    this.#stopCatchUp = this.#store.subscribe(prefixes, after, { take, lost: this.#onLost })
  }

  #follow(): void {
    this.#stopCatchUp?.()
    this.#stopCatchUp = undefined
    this.#live = true
    this.#following = this.#feed.batches.subscribe(({ events, upTo }: Batch) => {
      this.#put(events.filter(isSearched), upTo)
      if (this.#waiting.length <= mostWaiting) return
      this.#following?.unsubscribe()
      this.#following = undefined
      this.#catchUp()
    })
  }

  #put(events: readonly Searched[], upTo: Position): void {
    for (const event of events) if (event.position > this.#upTo) this.#waiting.push(event)
    this.#upTo = Math.max(this.#upTo, upTo)
    if (this.#waiting.length > 0) this.#wake()
  }
}

/** What cannot be read was told by the feed, which reads it as well. */
function readable(raw: RawEvent): Searched[] {
  if (!types.has(raw.type)) return []
  try {
    const event = decode(raw)
    return event && isSearched(event) ? [event] : []
  } catch {
    return []
  }
}
