// What was acknowledged is there: after a stop, after kill -9 under many writers, and for the writer that asks again.
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { EventStoreDBClient, binaryEvent, jsonEvent } from '@eventstore/db-client'
import type { EventData } from '@eventstore/db-client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startEventStore, startEventStoreProcess } from '../../src/embedded/index.ts'
import { read } from '../contracts/reading.ts'
import { folder } from './support.ts'

const ENTRY = fileURLToPath(new URL('../../dist/embedded/main.js', import.meta.url))

const event = (n: number): EventData => jsonEvent({ type: 'Said', data: { n, text: 'x'.repeat(300) } })

describe('a node that is started again on its folder', () => {
  it('has every event at its revision and position, and goes on behind them', async () => {
    const dir = await folder()
    const first = await startEventStore({ dir })
    const client = EventStoreDBClient.connectionString(first.url)
    for (let n = 0; n < 5; n++) await client.appendToStream(`s-${n % 2}`, event(n))
    await client.setStreamMetadata('s-0', { maxCount: 2 })
    await client.tombstoneStream('s-1')
    const before = await read(client.readAll())
    await client.dispose()
    await first.close()

    const second = await startEventStore({ dir })
    const again = EventStoreDBClient.connectionString(second.url)
    expect(await read(again.readAll())).toEqual(before)
    expect((await read(again.readStream('s-0'))).map(({ event: e }) => e!.revision)).toEqual([1n, 2n])
    await expect(read(again.readStream('s-1'))).rejects.toThrow()
    const { nextExpectedRevision, position } = await again.appendToStream('s-0', event(5), { expectedRevision: 2n })
    expect(nextExpectedRevision).toBe(3n)
    expect(position!.commit > before.at(-1)!.event!.position!.commit).toBe(true)
    await again.dispose()
    await second.close()
  })

  it('knows an append at an exact revision that is sent again', async () => {
    const dir = await folder()
    const batch = [event(0), event(1)]
    const answers = []
    for (let start = 0; start < 2; start++) {
      const store = await startEventStore({ dir })
      const client = EventStoreDBClient.connectionString(store.url)
      answers.push(await client.appendToStream('s', batch, { expectedRevision: 'no_stream' }))
      expect(await read(client.readStream('s'))).toHaveLength(2)
      await client.dispose()
      await store.close()
    }
    expect(answers[1]).toEqual(answers[0])
  })
})

describe('a node that is killed under many writers', () => {
  it('loses and doubles no acknowledged event, and no retried one', { timeout: 180_000 }, async () => {
    const dir = await folder()
    const writers = Array.from({ length: 64 }, (_, i) => ({
      stream: `w-${i}`,
      next: 0,
      pending: undefined as EventData[] | undefined,
      acknowledged: [] as { id: string; position: bigint }[],
    }))
    let uncertain = 0

    for (let round = 0; round < 20; round++) {
      const store = await startEventStoreProcess({ dir })
      const client = EventStoreDBClient.connectionString(store.url)
      let acknowledged = 0
      let enough = (): void => undefined
      const reached = new Promise<void>(resolve => (enough = resolve))
      const writing = writers.map(async writer => {
        for (;;) {
          const batch = (writer.pending ??= [event(writer.next), event(writer.next + 1)])
          const expectedRevision = writer.next === 0 ? 'no_stream' : BigInt(writer.next - 1)
          const answer = await client.appendToStream(writer.stream, batch, { expectedRevision }).catch(() => undefined)
          if (!answer) return uncertain++ // the writer does not know; it will ask again with the same ids
          writer.acknowledged.push({ id: batch[1]!.id, position: answer.position!.commit })
          writer.pending = undefined
          writer.next += 2
          if (++acknowledged === 400) enough()
        }
      })
      await reached
      process.kill(store.pid, 'SIGKILL')
      await Promise.all(writing)
      await store.close()
      await client.dispose()
    }

    const store = await startEventStore({ dir })
    const client = EventStoreDBClient.connectionString(store.url)
    onTestFinished(() => store.close())
    expect(uncertain).toBeGreaterThan(0)
    const everything = await read(client.readAll())
    for (const { stream, next, pending, acknowledged } of writers) {
      const stored = (await read(client.readStream(stream))).map(({ event: e }) => e!)
      expect(stored.map(({ revision }) => Number(revision))).toEqual(stored.map((_, i) => i))
      // all that was acknowledged, and whole or not at all what was under way when the last node died
      expect([next, next + (pending?.length ?? 0)]).toContain(stored.length)
      for (const [i, { id, position }] of acknowledged.entries())
        expect(stored[2 * i + 1]).toMatchObject({ id, position: { commit: position } })
      expect(everything.filter(({ event: e }) => e!.streamId === stream)).toHaveLength(stored.length)
    }
    const ids = everything.map(({ event: e }) => e!.id)
    expect(new Set(ids).size).toBe(ids.length)
    await client.dispose()
  })
})

describe('a node whose disk takes no more', () => {
  // a limit on the size of its files, which every user may set, fails the writes as a full disk does
  it.skipIf(process.platform === 'win32')('stops, says why, and has all that it acknowledged', async () => {
    const dir = await folder()
    const node = spawn('bash', [
      '-c',
      `ulimit -f 3000; exec "$0" "$@"`,
      process.execPath,
      ENTRY,
      '--dir',
      dir,
      '--port',
      '0',
    ])
    let said = ''
    node.stderr.on('data', chunk => (said += String(chunk)))
    const exit = once(node, 'exit')
    const [line] = (await once(createInterface(node.stdout), 'line')) as [string]
    const client = EventStoreDBClient.connectionString(line.slice('ready '.length))
    const acknowledged: string[] = []
    const writing = Array.from({ length: 8 }, async (_, i) => {
      for (;;) {
        const large = binaryEvent({ type: 'Large', data: new Uint8Array(20_000) })
        const answer = await client.appendToStream(`w-${i}`, large).catch(() => undefined)
        if (!answer) return
        acknowledged.push(large.id)
      }
    })
    await Promise.all(writing)
    expect(await exit).toEqual([1, null])
    expect(said).toMatch(
      /^embedded store: a write to .* failed, nothing more is accepted: .*(EFBIG|bytes were written)/,
    )
    await client.dispose()

    const store = await startEventStore({ dir })
    const again = EventStoreDBClient.connectionString(store.url)
    const stored = new Set((await read(again.readAll())).map(({ event: e }) => e!.id))
    expect(acknowledged.length).toBeGreaterThan(50)
    expect(acknowledged.filter(id => !stored.has(id))).toEqual([])
    await again.dispose()
    await store.close()
  })
})

describe('positions', () => {
  it('rise over restarts', async () => {
    const dir = await folder()
    let last = -1n
    for (let start = 0; start < 3; start++) {
      const store = await startEventStore({ dir })
      const client = EventStoreDBClient.connectionString(store.url)
      const { position } = await client.appendToStream(`s-${randomUUID()}`, event(start))
      expect(position!.commit > last).toBe(true)
      last = position!.commit
      await client.dispose()
      await store.close()
    }
  })
})
