// Random histories: what a few clients may do to a few streams, as data that fast-check can make and cut down.
import fc from 'fast-check'

/** An expectation; a revision is given as its distance from the stream's last one, so that most of them mean something. */
export type From = 'any' | 'no_stream' | 'stream_exists' | number
export type Place = 'start' | 'end' | number

interface Reading {
  from: Place
  backwards: boolean
  count: number
  resolve: boolean
}

export type Operation =
  | { do: 'append'; stream: number; expected: From; ids: number[]; way: number }
  | { do: 'append again'; which: number; skip: number; take: number }
  | { do: 'link'; stream: number; to: number; revision: number }
  | { do: 'set metadata'; stream: number; expected: From; tb: number | undefined; maxCount: number | undefined }
  | { do: 'delete' | 'close'; stream: number; expected: From }
  | ({ do: 'read'; stream: number; meta: boolean } & Reading)
  | ({ do: 'read all' } & Reading)
  | { do: 'follow'; stream: number; from: Place }
  | { do: 'follow all'; from: Place; filtered: boolean }
  | { do: 'restart' }

export const STREAMS = 3

const stream = fc.nat(STREAMS - 1)
const expected = fc.oneof(
  fc.constantFrom<From>('any', 'no_stream', 'stream_exists'),
  fc.constant(0),
  fc.integer({ min: -4, max: 2 }),
)
const from = fc.oneof(fc.constantFrom<Place>('start', 'end'), fc.nat(12))
const count = fc.oneof(fc.constant(Number.MAX_SAFE_INTEGER), fc.integer({ min: 1, max: 8 }))
const reading = { from, backwards: fc.boolean(), count, resolve: fc.boolean() }
const maybe = (arbitrary: fc.Arbitrary<number>) => fc.option(arbitrary, { nil: undefined })

const sorts: [weight: number, name: Operation['do'], rest: Record<string, fc.Arbitrary<unknown>>][] = [
  [8, 'append', { stream, expected, ids: fc.array(fc.nat(9), { maxLength: 4 }), way: fc.nat(1) }],
  [4, 'append again', { which: fc.nat(9), skip: fc.nat(1), take: fc.integer({ min: 1, max: 4 }) }],
  [2, 'link', { stream, to: stream, revision: fc.nat(6) }],
  [3, 'set metadata', { stream, expected, tb: maybe(fc.nat(6)), maxCount: maybe(fc.integer({ min: 1, max: 4 })) }],
  [3, 'delete', { stream, expected }],
  [1, 'close', { stream, expected }],
  [4, 'read', { stream, meta: fc.boolean(), ...reading }],
  [2, 'read all', reading],
  [2, 'follow', { stream, from }],
  [1, 'follow all', { from, filtered: fc.boolean() }],
]

/** Appends are most of a history, and the ends of streams are rare in it. */
export const histories = ({ restarts }: { restarts: boolean }): fc.Arbitrary<Operation[]> => {
  const operations = sorts.map(([weight, name, rest]) => ({
    weight,
    arbitrary: fc.record({ do: fc.constant(name), ...rest }),
  }))
  if (restarts) operations.push({ weight: 2, arbitrary: fc.record({ do: fc.constant<Operation['do']>('restart') }) })
  return fc.array(fc.oneof(...operations) as fc.Arbitrary<unknown> as fc.Arbitrary<Operation>, {
    minLength: 1,
    maxLength: 40,
    size: 'max',
  })
}
