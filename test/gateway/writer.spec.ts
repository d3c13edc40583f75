// One socket's writing, into a stream that takes as much as it is let.
import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { tally } from '../../src/metrics/index.ts'
import { frameClasses, type Outgoing } from '../../src/gateway/socket/outbox.ts'
import { Ticks, Writer } from '../../src/gateway/socket/writer.ts'
import { frame, textOf } from './given.ts'

/** Notes what arrives and with which write; takes the next only when let. */
function peer(blocks = false) {
  const writes: string[][] = []
  let go = () => {}
  const stream = new Writable({
    highWaterMark: 8,
    writev(chunks, done) {
      writes.push(chunks.map(({ chunk }) => textOf({ bytes: chunk as Buffer })))
      if (blocks) go = done
      else done()
    },
  })
  return { writes, stream, go: () => go() }
}

const tick = () => new Promise<void>(resolve => setImmediate(resolve))
const open = (blocks = false) => {
  const { stream, ...rest } = peer(blocks)
  const failures: unknown[] = []
  const ticks = new Ticks(tally(frameClasses))
  const writer = new Writer(stream as never, ticks, error => failures.push(error))
  return { writer, ticks, stream, failures, ...rest }
}

describe('a writer', () => {
  it('[G21] writes what a tick brings in one call', async () => {
    const { writer, writes } = open()
    for (const text of ['a', 'b', 'c']) writer.push(frame(text))
    expect(writes).toEqual([])
    await tick()
    expect(writes).toEqual([['a', 'b', 'c']])
    expect(writer.waiting).toBe(0)
  })

  it('[G21] keeps back what a slow reader does not take, and says when it has taken all', async () => {
    const { writer, writes, go } = open(true)
    let drained = 0
    for (const text of ['abcdef', 'ghijkl']) writer.push(frame(text))
    await tick()
    writer.push(frame('mn'))
    writer.whenDrained(() => drained++)
    await tick()
    expect(writes).toHaveLength(1)
    expect(writer.waiting).toBe(8 + 8 + 4)
    expect(drained).toBe(0)
    go()
    await tick()
    await tick()
    expect(writes).toEqual([['abcdef', 'ghijkl'], ['mn']])
    go()
    await tick()
    expect([writer.waiting, drained]).toEqual([0, 1])
  })

  it('[G21] counts among what waits for all readers what its own did not take, until it has, or has gone', async () => {
    const { writer, ticks, stream, go } = open(true)
    writer.push(frame('abcdef'))
    await tick()
    writer.push(frame('ghi'))
    await tick()
    expect(ticks.waiting()).toBe(8 + 5)
    go()
    await tick()
    await tick()
    expect(ticks.waiting()).toBe(5)
    go()
    await tick()
    expect(ticks.waiting()).toBe(0)
    writer.push(frame('jkl'))
    await tick()
    expect(ticks.waiting()).toBe(5)
    stream.destroy()
    expect(ticks.waiting()).toBe(0)
  })

  it('[G11] waits for a body that is being opened, and reports one that cannot be', async () => {
    const { writer, writes, failures } = open()
    let there = () => {}
    const late: Outgoing = { class: 'message', bytes: undefined, size: 6, opened: new Promise(done => (there = done)) }
    for (const one of [frame('a'), late, frame('b')]) writer.push(one)
    await tick()
    expect(writes).toEqual([['a']])
    late.bytes = frame('late').bytes
    there()
    await tick()
    await tick()
    expect(writes).toEqual([['a'], ['late', 'b']])

    const lost = Promise.reject(new Error('no key'))
    lost.catch(() => {})
    writer.push({ class: 'message', bytes: undefined, size: 6, opened: lost })
    await tick()
    await tick()
    expect(failures).toEqual([new Error('no key')])
  })

  it('[J56] lets what a corked stream was given go out with the first frame, and what comes later in ticks of its own', async () => {
    const { writer, stream, writes } = open()
    stream.cork()
    stream.write(frame('answer').bytes)
    await tick()
    expect(writes).toEqual([])
    writer.push(frame('welcome'))
    await tick()
    writer.push(frame('a'))
    await tick()
    expect(writes).toEqual([['answer', 'welcome'], ['a']])
  })

  it('[J56] lets it go out at its end, where there was no frame', async () => {
    const { writer, stream, writes } = open()
    stream.cork()
    stream.write(frame('answer').bytes)
    writer.end()
    stream.write(frame('close').bytes)
    await tick()
    expect(writes.flat()).toEqual(['answer', 'close'])
  })

  it('[G21] writes nothing after its end but what it had', async () => {
    const { writer, writes } = open()
    writer.push(frame('a'))
    writer.end()
    writer.push(frame('b'))
    await tick()
    expect(writes).toEqual([['a']])
  })
})
