// The store's semantics in the plainest terms: one list of events, and what is asked of it. Nothing here is quick or knows
// of bytes, so it can be read as the specification; model.int.ts holds the store against it.

export interface Proposed {
  id: string
  type: string
  data: unknown
}

/** A tombstone's revision is Infinity. */
export interface Recorded extends Proposed {
  stream: string
  revision: number
}

export type Expected = 'any' | 'no_stream' | 'stream_exists' | number

export type Answer = { kind: 'stored'; last: number } | { kind: 'wrong'; actual: number } | { kind: 'deleted' }

/** What a reader of a stream is shown, or why nothing. */
type Shown = Recorded[] | 'missing' | 'deleted'

interface Range<From> {
  from: From | 'start' | 'end'
  backwards: boolean
  count: number
}

interface Metadata {
  $tb?: number
  $maxCount?: number
}

const NONE = -1
export const DELETED = Number(2n ** 63n - 1n)

export const storeModel = () => {
  const log: Recorded[] = []
  /** At which revision of which stream an id was stored last, since the store was started. */
  const remembered = new Map<string, number>()

  const stored = (stream: string): Recorded[] => log.filter(event => event.stream === stream)
  const last = (stream: string): number => stored(stream).at(-1)?.revision ?? NONE
  const written = (stream: string): object => stored(`$$${stream}`).at(-1)?.data ?? {}
  /** The stream that a metastream is about. */
  const subject = (stream: string): string | undefined => (stream.startsWith('$$') ? stream.slice(2) : undefined)
  const metadata = (stream: string): Metadata => (subject(stream) === undefined ? written(stream) : { $maxCount: 1 })
  const isDeleted = (stream: string): boolean => metadata(stream).$tb === DELETED
  /** A stream's metadata is closed with it. */
  const isClosed = (stream: string): boolean =>
    last(stream) === Infinity || (subject(stream) !== undefined && isClosed(subject(stream)!))

  const record = (stream: string, { id, type, data }: Proposed, revision = last(stream) + 1): void => {
    log.push({ id, type, data, stream, revision })
    remembered.set(`${stream} ${id}`, revision)
  }
  const recordMetadata = (stream: string, data: object): void =>
    record(`$$${stream}`, { id: '', type: '$metadata', data })

  const decide = (stream: string, expected: Expected, ids: string[]): Answer | 'new' => {
    const wrong: Answer = { kind: 'wrong', actual: last(stream) }
    if (isClosed(stream)) return { kind: 'deleted' }
    if (expected === 'stream_exists' && isDeleted(stream)) return { kind: 'deleted' }
    if (expected === 'stream_exists' && last(stream) === NONE && last(`$$${stream}`) === NONE) return wrong

    if (expected === 'any' || expected === 'stream_exists') {
      const revisions = ids.map(id => remembered.get(`${stream} ${id}`))
      if (revisions[0] === undefined) return 'new'
      return revisions.includes(undefined) ? wrong : { kind: 'stored', last: revisions.at(-1)! }
    }

    const from = expected === 'no_stream' ? NONE : expected
    if (from === last(stream)) return 'new'
    const there = stored(stream).slice(from + 1)
    if (from > last(stream) || ids.length === 0) return wrong
    if (ids.every((id, i) => there[i]?.id === id)) return { kind: 'stored', last: from + ids.length }
    return from === NONE && isDeleted(stream) && there[0]?.id !== ids[0] ? 'new' : wrong
  }

  const append = (stream: string, expected: Expected, events: Proposed[]): Answer => {
    const decision = decide(
      stream,
      expected,
      events.map(({ id }) => id),
    )
    if (decision !== 'new') return decision
    const about = subject(stream) ?? stream
    const restored = isDeleted(about)
    const first = last(about) + 1
    for (const event of events) record(stream, event)
    const answer: Answer = { kind: 'stored', last: last(stream) }
    if (restored) recordMetadata(about, { ...written(about), $tb: first })
    return answer
  }

  const remove = (stream: string, expected: Expected, forGood: boolean): Answer => {
    const decision = decide(stream, expected, ['an id of its own'])
    if (decision !== 'new') return decision
    if (forGood) record(stream, { id: '', type: '$streamDeleted', data: '' }, Infinity)
    else if (last(stream) === NONE && last(`$$${stream}`) === NONE) return { kind: 'wrong', actual: NONE }
    else recordMetadata(stream, { $tb: DELETED })
    return { kind: 'stored', last: last(stream) }
  }

  const shown = (stream: string): Shown => {
    if (isClosed(stream)) return 'deleted'
    if (last(stream) === NONE || isDeleted(stream)) return 'missing'
    const { $tb = 0, $maxCount = Infinity } = metadata(stream)
    return stored(stream).filter(({ revision }) => revision >= $tb && revision > last(stream) - $maxCount)
  }

  const read = (stream: string, { from, backwards, count }: Range<number>): Shown => {
    const all = shown(stream)
    if (typeof all === 'string') return all
    const at = from === 'start' ? 0 : from === 'end' ? Infinity : from
    const wanted = all.filter(({ revision }) => (backwards ? revision <= at : revision >= at))
    return (backwards ? wanted.reverse() : wanted).slice(0, count)
  }

  /** A place in the log is that of an event: forwards that is the first, backwards the one before it is. */
  const readAll = ({ from, backwards, count }: Range<number>): Recorded[] => {
    const at = from === 'start' ? 0 : from === 'end' ? log.length : from
    return (backwards ? log.slice(0, at).reverse() : log.slice(at)).slice(0, count)
  }

  /** An event as it is shown to who wants links resolved: what the link names, if that is shown, with the link beside it. */
  const resolve = (event: Recorded): { event?: Recorded | undefined; link?: Recorded } => {
    const parts = event.type === '$>' ? /^(\d+)@(.+)$/.exec(String(event.data)) : null
    if (!parts) return { event }
    const target = shown(parts[2]!)
    return typeof target === 'string'
      ? { link: event }
      : { event: target.find(({ revision }) => revision === Number(parts[1])), link: event }
  }

  return { log, last, append, remove, shown, read, readAll, resolve, restart: () => remembered.clear() }
}

export type StoreModel = ReturnType<typeof storeModel>
