// The log on disk: what a write that was cut off leaves is dropped, what was acknowledged and is gone is noticed, the index is
// made anew where it must be, and a backup is the log.
import { copyFile, cp, readFile, readdir, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { open as openIndex } from 'lmdb'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  COMMIT_LENGTH,
  encodeEvent,
  positionAfter,
  positionOf,
  revisionOf,
} from '../../src/embedded/engine/event-record.ts'
import type { EventRecord } from '../../src/embedded/engine/event-record.ts'
import { backupDataFolder } from '../../src/embedded/storage/disk/backup.ts'
import { checkDataFolder } from '../../src/embedded/storage/disk/check.ts'
import { openDiskStorage } from '../../src/embedded/storage/disk/disk-storage.ts'
import { SEGMENT_HEADER } from '../../src/embedded/storage/disk/segments.ts'
import { memoryStorage } from '../../src/embedded/storage/memory.ts'
import type { Entry, LogStorage } from '../../src/embedded/storage/port.ts'
import { folder } from './support.ts'

const EVERYTHING = { events: Infinity, bytes: Infinity }

/** Makes commits as the engine does: events of these streams, with so much data. */
const writerTo = (storage: LogStorage) => {
  const streams = new Map<string, { key: number; last: number }>()
  let position = storage.end()
  const entry = ({ stream, size = 100 }: { stream: string; size?: number }): Entry => {
    const known = streams.get(stream) ?? { key: position, last: -1 }
    const event = {
      id: crypto.randomUUID(),
      type: 'Said',
      isJson: false,
      data: Buffer.alloc(size, 1),
      metadata: Buffer.of(),
    }
    const record = encodeEvent(event, Buffer.from(stream), ++known.last, position, 1_700_000_000_000)
    const opens = streams.has(stream) ? {} : { opens: stream }
    streams.set(stream, known)
    const made = { record, position, stream: known.key, revision: known.last, ...opens }
    position = positionAfter(record)
    return made
  }
  return (...events: { stream: string; size?: number }[]): Entry[] => events.map(entry)
}

const reports: string[] = []
const open = (dir: string, segmentSize?: number): Promise<LogStorage> =>
  openDiskStorage(dir, {
    log: line => reports.push(line),
    flushedTogether: 7,
    ...(segmentSize === undefined ? {} : { segmentSize }),
  })

const contents = (storage: LogStorage): EventRecord[] => storage.forward(1, EVERYTHING)

const logFiles = async (dir: string): Promise<string[]> =>
  (await readdir(dir))
    .filter(name => name.endsWith('.log'))
    .sort()
    .map(name => join(dir, name))

/** A folder with commits of one to three events, closed; `index` false: as it is after a kill, nothing indexed. */
const written = async ({
  commits,
  segmentSize,
  index = true,
}: {
  commits: number
  segmentSize?: number
  index?: boolean
}) => {
  const dir = await folder()
  const storage = await open(dir, segmentSize)
  const make = writerTo(storage)
  const ends = [1]
  for (let n = 0; n < commits; n++) {
    await storage.commit(make(...Array.from({ length: 1 + (n % 3) }, (_, i) => ({ stream: `s-${(n + i) % 5}` }))))
    ends.push(storage.end())
  }
  const events = contents(storage)
  await storage.close()
  if (!index) await rm(join(dir, 'index'), { recursive: true })
  return { dir, events, ends }
}

describe('the log on disk', () => {
  it('answers as the one in memory does, over files and restarts', async () => {
    const event = fc.record({ stream: fc.constantFrom('a', 'b', 'c'), size: fc.oneof(fc.nat(300), fc.nat(9000)) })
    const commit = fc.array(event, { minLength: 1, maxLength: 5 })
    const step = fc.oneof({ arbitrary: commit, weight: 8 }, { arbitrary: fc.constant('restart' as const), weight: 1 })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async steps => {
        const dir = await folder()
        let disk = await open(dir, 20_000)
        const memory = memoryStorage()
        const make = writerTo(disk)
        for (const next of steps) {
          if (next === 'restart') {
            await disk.close()
            disk = await open(dir, 20_000)
            continue
          }
          const entries = make(...next)
          await disk.commit(entries)
          await memory.commit(entries.map(entry => ({ ...entry, record: Buffer.from(entry.record) })))
        }
        const places = (found: EventRecord[]) => found.map(record => [positionOf(record), revisionOf(record)])
        for (const limit of [EVERYTHING, { events: 3, bytes: Infinity }, { events: Infinity, bytes: 5000 }]) {
          for (const record of [...contents(memory).slice(0, 3), ...contents(memory).slice(-3)]) {
            const at = positionOf(record)
            expect(places(disk.forward(at, limit))).toEqual(places(memory.forward(at, limit)))
            expect(places(disk.backward(at, limit))).toEqual(places(memory.backward(at, limit)))
            expect([disk.holds(at), disk.holds(at + 1)]).toEqual([true, memory.holds(at + 1)])
          }
          for (const stream of ['a', 'b', 'c']) {
            const key = memory.streamKey(stream)
            expect(disk.streamKey(stream)).toBe(key)
            if (key === undefined) continue
            const last = memory.lastRevision(key)
            expect(disk.lastRevision(key)).toBe(last)
            for (const [from, to] of [
              [0, last],
              [1, last - 1],
              [last, last],
              [0, 0],
            ] as const) {
              expect(places(disk.streamForward(key, from, to, limit))).toEqual(
                places(memory.streamForward(key, from, to, limit)),
              )
              expect(places(disk.streamBackward(key, to, from, limit))).toEqual(
                places(memory.streamBackward(key, to, from, limit)),
              )
            }
          }
        }
        await disk.close()
        expect((await checkDataFolder(dir)).events).toBe(contents(memory).length)
      }),
      { numRuns: 40 },
    )
  })

  it('keeps whole commits and drops the rest, wherever the last write was cut off', async () => {
    const { dir, events, ends } = await written({ commits: 4, index: false })
    const [file] = await logFiles(dir)
    const whole = await readFile(file!)
    const [before, end] = [ends.at(-2)!, ends.at(-1)!]
    const kept = events.filter(record => positionOf(record) < before)
    for (let cut = before; cut < end; cut += 7) {
      const torn = await folder()
      // as a crash leaves it: the commit's beginning, then the zeros that were there before
      const bytes = Buffer.alloc(whole.length + 5000)
      whole.copy(bytes, 0, 0, SEGMENT_HEADER + cut - 1)
      await writeFile(join(torn, '0000000000000001.log'), bytes)
      const storage = await open(torn)
      expect(contents(storage)).toEqual(kept)
      expect(storage.end()).toBe(before)
      // and goes on from there
      const [entry] = writerTo(storage)({ stream: `new-${cut}` })
      await storage.commit([entry!])
      await storage.close()
      const again = await open(torn)
      expect(contents(again)).toHaveLength(kept.length + 1)
      await again.close()
    }
    expect(reports.some(line => line.includes('was cut off'))).toBe(true)
  })

  it('drops a last write of which the disk has the end and not the beginning', async () => {
    const { dir, events, ends } = await written({ commits: 3, index: false })
    const [file] = await logFiles(dir)
    const bytes = await readFile(file!)
    bytes.fill(0, SEGMENT_HEADER + ends.at(-2)! - 1, SEGMENT_HEADER + ends.at(-2)! + 40)
    await writeFile(file!, bytes)
    const storage = await open(dir)
    expect(contents(storage)).toEqual(events.filter(record => positionOf(record) < ends.at(-2)!))
    await storage.close()
  })

  it.each([
    ['the first event', 1],
    ['an event in the middle', 5],
  ])('refuses to start where %s is not as it was written', async (_, commit) => {
    const { dir, ends } = await written({ commits: 9, index: false })
    const [file] = await logFiles(dir)
    const bytes = await readFile(file!)
    bytes[SEGMENT_HEADER + ends[commit - 1]! + 100]! ^= 1
    await writeFile(file!, bytes)
    await expect(open(dir)).rejects.toThrow(`the log is damaged at position ${ends[commit - 1]} (in `)
    await expect(checkDataFolder(dir)).rejects.toThrow('Restore it from a backup')
  })

  it('takes a commit that says it has no length for damage', async () => {
    const { dir, ends } = await written({ commits: 4, index: false })
    const [file] = await logFiles(dir)
    const bytes = await readFile(file!)
    bytes.writeUInt32BE(0, SEGMENT_HEADER + ends[1]! - 1 + COMMIT_LENGTH)
    await writeFile(file!, bytes)
    await expect(open(dir)).rejects.toThrow(`the log is damaged at position ${ends[1]} (in `)
  })

  it('refuses to show an event that was damaged while it ran', async () => {
    const { dir, events } = await written({ commits: 9 })
    const storage = await open(dir)
    onTestFinished(() => storage.close())
    const [file] = await logFiles(dir)
    const bytes = await readFile(file!)
    const place = positionOf(events[3]!)
    bytes[SEGMENT_HEADER + place + 100]! ^= 1
    await writeFile(file!, bytes)
    expect(() => contents(storage)).toThrow(`the log is damaged at position ${place}`)
    expect(() => storage.backward(storage.end(), EVERYTHING)).toThrow(`the log is damaged at position ${place}`)
    expect(storage.forward(1, { events: 3, bytes: Infinity })).toEqual(events.slice(0, 3))
  })

  it('refuses to start where the end of the log is gone', async () => {
    const { dir, ends } = await written({ commits: 9 })
    const [file] = await logFiles(dir)
    await truncate(file!, SEGMENT_HEADER + ends.at(-2)! - 1)
    await expect(open(dir)).rejects.toThrow('lacks events that were acknowledged')
  })

  it('refuses to start where one of its files is gone, changed places or is not its own', async () => {
    const { dir } = await written({ commits: 40, segmentSize: 2000 })
    const files = await logFiles(dir)
    expect(files.length).toBeGreaterThan(3)
    await rename(files[0]!, `${files[0]}.away`)
    await expect(open(dir)).rejects.toThrow('has no beginning of the log')
    await rename(`${files[0]}.away`, files[0]!)
    await rm(join(dir, 'index'), { recursive: true })
    await rename(files[1]!, `${files[1]}.away`)
    await expect(open(dir)).rejects.toThrow('no event is to be read up to position')
    await rename(`${files[1]}.away`, files[1]!)
    const other = await written({ commits: 1 })
    const [foreign] = await logFiles(other.dir)
    await copyFile(foreign!, join(dir, '0000000000999999.log'))
    await expect(open(dir)).rejects.toThrow('belongs to another log')
    await writeFile(join(dir, '0000000000999999.log'), 'not a log')
    await expect(open(dir)).rejects.toThrow('does not begin as a file of the log does')
    await rm(join(dir, '0000000000999999.log'))
    await (await open(dir)).close()
  })

  it('refuses to start where the log is gone and its index is not', async () => {
    const { dir } = await written({ commits: 2 })
    for (const file of await logFiles(dir)) await rm(file)
    await expect(open(dir)).rejects.toThrow('an index of a log that is not there')
  })

  it('makes the index anew where it is gone, or another log’s', async () => {
    const [mine, other] = [await written({ commits: 20 }), await written({ commits: 7 })]
    await rm(join(mine.dir, 'index'), { recursive: true })
    await cp(join(other.dir, 'index'), join(mine.dir, 'index'), { recursive: true })
    const storage = await open(mine.dir)
    expect(contents(storage)).toEqual(mine.events)
    const key = storage.streamKey('s-3')!
    const ofStream = storage.streamForward(key, 0, Infinity, EVERYTHING)
    expect(ofStream.map(revisionOf)).toEqual(ofStream.map((_, i) => i))
    await storage.close()
    expect(await checkDataFolder(mine.dir)).toMatchObject({ events: mine.events.length, streams: 5 })
  })
})

describe('a check', () => {
  it('tells what there is, beside the node or without it', async () => {
    const { dir, events, ends } = await written({ commits: 40, segmentSize: 3000 })
    const report = { events: events.length, streams: 5, end: ends.at(-1), torn: 0, indexedTo: ends.at(-1) }
    expect(await checkDataFolder(dir)).toMatchObject(report)
    const storage = await open(dir)
    expect(await checkDataFolder(dir)).toMatchObject(report)
    await storage.close()
  })

  it('finds an index that has another place for an event', async () => {
    const { dir } = await written({ commits: 9 })
    const environment = openIndex({ path: join(dir, 'index'), overlappingSync: false, maxDbs: 8, noSubdir: false })
    const revisions = environment.openDB<number, number[]>('revisions', { encoding: 'ordered-binary' })
    await revisions.put([1, 2], 77)
    await environment.close()
    await expect(checkDataFolder(dir)).rejects.toThrow('the index has another place for revision 2 of stream s-0')
  })

  it('says that there is no log', async () => {
    const dir = await folder()
    await expect(checkDataFolder(dir)).rejects.toThrow('has no log in it')
    await expect(checkDataFolder(join(dir, 'nowhere'))).rejects.toThrow('has no log in it')
  })
})

describe('a backup', () => {
  it('taken while events are written is what was there, and starts as a node’s folder', async () => {
    const dir = await folder()
    const to = join(await folder(), 'backup')
    const storage = await open(dir, 30_000)
    const make = writerTo(storage)
    let copied = 0
    for (let n = 0; n < 200; n++) {
      const writing = storage.commit(make({ stream: `s-${n % 7}` }, { stream: 'all', size: 500 }))
      if (n % 40 === 39) {
        const report = backupDataFolder(dir, to)
        copied += report.events
        expect(copied).toBeGreaterThanOrEqual(2 * n) // all that was acknowledged before it began
      }
      await writing
    }
    const last = backupDataFolder(dir, to)
    expect(last.end).toBe(storage.end())
    expect(backupDataFolder(dir, to)).toEqual({ events: 0, bytes: 0, end: storage.end() })
    const events = contents(storage)
    await storage.close()
    expect(await checkDataFolder(to)).toMatchObject({ events: 400, streams: 8, indexedTo: undefined })

    const restored = await folder()
    await cp(to, restored, { recursive: true })
    const node = await open(restored)
    expect(contents(node)).toEqual(events)
    expect(node.lastRevision(node.streamKey('all')!)).toBe(199)
    await node.close()
  })

  it('that was broken off is completed by the next', async () => {
    const { dir, events } = await written({ commits: 30, segmentSize: 2500 })
    const to = await folder()
    backupDataFolder(dir, to)
    const files = await logFiles(to)
    await rm(files.at(-1)!)
    const { size } = await stat(files.at(-2)!)
    await truncate(files.at(-2)!, size - 150)
    backupDataFolder(dir, to)
    expect(await checkDataFolder(to)).toMatchObject({ events: events.length })
  })

  it('is refused where it would mix histories', async () => {
    const [{ dir }, other] = [await written({ commits: 6 }), await written({ commits: 3 })]
    const to = await folder()
    backupDataFolder(dir, to)
    expect(() => backupDataFolder(other.dir, to)).toThrow('a backup of another log')
    expect(() => backupDataFolder(dir, other.dir)).toThrow("is a node's data folder")
    // the same log, gone on twice from one backup
    const restored = await folder()
    await cp(to, restored, { recursive: true })
    for (const [each, n] of [
      [dir, 1],
      [restored, 2],
    ] as const) {
      const storage = await open(each)
      await storage.commit(writerTo(storage)(...Array.from({ length: n }, () => ({ stream: 'later' }))))
      await storage.close()
    }
    backupDataFolder(restored, to)
    expect(() => backupDataFolder(dir, to)).toThrow('is of another history')
    expect(() => backupDataFolder(join(to, 'nowhere'), to)).toThrow('has no log in it')
  })
})
