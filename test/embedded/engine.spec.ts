// The engine over a storage whose commits the test completes by hand: groups, answers, and what a failure means.
import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { openEventLog } from '../../src/embedded/engine/event-log.ts'
import type { Outcome } from '../../src/embedded/engine/event-log.ts'
import { revisionOf } from '../../src/embedded/engine/event-record.ts'
import type { ProposedEvent } from '../../src/embedded/engine/event-record.ts'
import { ANY, NO_STREAM } from '../../src/embedded/engine/expected.ts'
import { memoryStorage } from '../../src/embedded/storage/memory.ts'
import type { Entry } from '../../src/embedded/storage/port.ts'

const event = (id: string = randomUUID(), type = 'Said', data = '{}'): ProposedEvent => ({
  id,
  type,
  isJson: true,
  data: Buffer.from(data),
  metadata: Buffer.alloc(0),
})

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** An engine over a disk that answers when it is told to. */
const open = () => {
  const storage = memoryStorage()
  const commits: { entries: readonly Entry[]; done: () => void; fail: (error: Error) => void }[] = []
  const fatal: unknown[] = []
  const published: number[][] = []
  const log = openEventLog({
    storage: {
      ...storage,
      commit: entries =>
        new Promise((resolve, reject) => {
          commits.push({ entries, done: () => void storage.commit(entries).then(resolve), fail: reject })
        }),
    },
    onFatal: error => fatal.push(error),
  })
  log.tail.followAll(({ records }) => published.push(records.map(revisionOf)))
  const outcomes: Outcome[] = []
  const append = (stream: string, expected: number, ...events: ProposedEvent[]) =>
    log.append({ stream, expected, events }, outcome => outcomes.push(outcome))
  return { log, commits, fatal, published, outcomes, append }
}

describe('the engine', () => {
  it('answers nothing before the commit is on disk', async () => {
    const { append, commits, outcomes, published } = open()
    append('s', ANY, event())
    await turn()
    expect([commits.length, outcomes, published]).toEqual([1, [], []])
    commits[0]!.done()
    await turn()
    await turn()
    expect(outcomes).toEqual([{ kind: 'stored', last: 0, position: 1 }])
    expect(published).toEqual([[0]])
  })

  it('makes one commit of all that comes in one turn, and the next of all that comes meanwhile', async () => {
    const { append, commits, outcomes } = open()
    for (let i = 0; i < 3; i++) append('s', ANY, event())
    await turn()
    for (let i = 0; i < 5; i++) append('s', ANY, event(), event())
    expect(commits.map(({ entries }) => entries.length)).toEqual([3])
    commits[0]!.done()
    await turn()
    await turn()
    expect(commits.map(({ entries }) => entries.length)).toEqual([3, 10])
    expect(outcomes.map(outcome => outcome.kind === 'stored' && outcome.last)).toEqual([0, 1, 2])
  })

  it('commits what is appended at the very moment of an answer', async () => {
    const log = openEventLog({ storage: memoryStorage(), onFatal: error => expect(error).toBeUndefined() })
    const append = () =>
      new Promise<Outcome>(resolve => log.append({ stream: 's', expected: ANY, events: [event()] }, resolve))
    for (const last of [0, 1, 2]) expect(await append()).toMatchObject({ kind: 'stored', last })
    await log.close()
  })

  it('decides on what is on its way to the disk, and answers refusals and repeats only behind it', async () => {
    const { append, commits, outcomes } = open()
    const first = event()
    append('s', NO_STREAM, first)
    append('s', NO_STREAM, event())
    append('s', NO_STREAM, first)
    await turn()
    append('s', 0, event())
    append('s', NO_STREAM, first)
    expect(outcomes).toEqual([])
    commits[0]!.done()
    await turn()
    await turn()
    expect(outcomes).toEqual([
      { kind: 'stored', last: 0, position: 1 },
      { kind: 'wrong-version', current: 0 },
      { kind: 'stored', last: 0, position: 1 },
    ])
    commits[1]!.done()
    await turn()
    await turn()
    expect(outcomes.slice(3).map(outcome => outcome.kind === 'stored' && outcome.last)).toEqual([1, 0])
  })

  it('knows of metadata that is on its way to the disk', async () => {
    const { append, log, outcomes, commits } = open()
    append('s', NO_STREAM, event())
    log.remove({ stream: 's', expected: ANY, forGood: false }, outcome => outcomes.push(outcome))
    append('s', NO_STREAM, event())
    append('$$s', 1, event(randomUUID(), '$metadata', '{"$tb":9223372036854775807}'))
    append('s', -4, event())
    await turn()
    commits[0]!.done()
    await turn()
    await turn()
    expect(outcomes.map(({ kind }) => kind)).toEqual(['stored', 'stored', 'stored', 'stored', 'deleted'])
    expect(outcomes[2]).toMatchObject({ last: 1 })
  })

  it('answers nobody any more once a commit has failed, and says why', async () => {
    const { append, commits, outcomes, fatal, published } = open()
    append('s', ANY, event())
    await turn()
    append('s', ANY, event())
    commits[0]!.fail(new Error('disk full'))
    await turn()
    append('s', ANY, event())
    await turn()
    expect(fatal).toEqual([new Error('disk full')])
    expect([outcomes, published, commits.length]).toEqual([[], [], 1])
  })
})
