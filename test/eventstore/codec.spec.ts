// What comes back from the log is checked, and everything ever written can be read.
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decode, eventSchemas } from '../../src/eventstore/codec.ts'
import type { RawEvent } from '../../src/eventstore/index.ts'

const history = 'test/history'
const samples = readdirSync(history)
  .filter(file => file.endsWith('.jsonl'))
  .flatMap(file => readFileSync(`${history}/${file}`, 'utf8').trim().split('\n'))
  .map(line => JSON.parse(line) as RawEvent)

describe('an event read back from the log', () => {
  it.each(samples.map(sample => [sample.type, sample] as const))(
    '[E5] of a shape ever shipped can be read: %s',
    (_, sample) => {
      expect(decode(sample)).toEqual(sample)
    },
  )
  it('[E5] there is a sample of every type', () => {
    expect([...new Set(samples.map(({ type }) => type))].sort()).toEqual(Object.keys(eventSchemas).sort())
  })
  it('of a type that a newer version wrote is left alone', () => {
    expect(decode({ ...samples[0]!, type: 'PollOpened' })).toBeUndefined()
    expect(decode({ ...samples[0]!, type: 'toString' })).toBeUndefined()
  })
  it('[E6] of another shape is told with its place and the field', () => {
    const sent = samples.find(({ type }) => type === 'MessageSent')!
    expect(() => decode({ ...sent, data: { ...(sent.data as object), from: 7 } })).toThrow(
      /event 3 of conversation-\S+ \(MessageSent, position 300\) has data that cannot be read[^]*from/,
    )
    const imported = samples.find(({ type }) => type === 'HistoryImported')!
    for (const poison of [{ upToLine: 3e9 }, { at: '0000-01-01T00:00:00Z' }, { source: 'a\0b' }])
      expect(() => decode({ ...imported, data: { ...(imported.data as object), ...poison } })).toThrow(/cannot be read/)
    expect(() => decode({ ...sent, metadata: null })).toThrow(/metadata that cannot be read/)
    expect(() => decode({ ...sent, data: null })).toThrow(/data that cannot be read/)
  })
})
