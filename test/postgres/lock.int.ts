// The lock on a data folder: files that name a process and its life.
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lockName, takeLock } from '../../src/postgres/lock.ts'
import { lifeOf } from '../../src/postgres/processes.ts'
import { temporaryFolder } from './support.ts'

const noProcess = 2 ** 22 + 1 // above the largest process id that Linux gives

test('is there while it is held, and gone when it is released', async () => {
  const dir = await temporaryFolder()
  const lock = await takeLock(dir)
  expect(await readdir(dir)).toEqual([lockName(process.pid, lifeOf(process.pid)!)])
  await expect(takeLock(dir)).rejects.toThrow(/in use by this very process/)
  await lock.release()
  expect(await readdir(dir)).toEqual([])
  await (await takeLock(dir)).release()
})

test('of a process that has ended is swept away', async () => {
  const dir = await temporaryFolder()
  await writeFile(join(dir, lockName(noProcess, 'abc-1')), '')
  await takeLock(dir)
  expect(await readdir(dir)).toEqual([lockName(process.pid, lifeOf(process.pid)!)])
})

test.runIf(process.platform === 'linux')(
  'of an earlier process with an id that is used again is swept away',
  async () => {
    const dir = await temporaryFolder()
    await writeFile(join(dir, lockName(process.ppid, 'abc-1')), '')
    await writeFile(join(dir, lockName(process.pid, 'abc-1')), '')
    await takeLock(dir)
    expect(await readdir(dir)).toEqual([lockName(process.pid, lifeOf(process.pid)!)])
  },
)

test('of a live process stays, and ours is taken back', async () => {
  const dir = await temporaryFolder()
  const theirs = lockName(process.ppid, lifeOf(process.ppid)!)
  await writeFile(join(dir, theirs), '')
  await expect(takeLock(dir)).rejects.toThrow(`in use by process ${process.ppid}`)
  expect(await readdir(dir)).toEqual([theirs])
})

test('leaves other files alone', async () => {
  const dir = await temporaryFolder()
  await writeFile(join(dir, 'lock.txt'), '')
  await (await takeLock(dir)).release()
  expect(await readdir(dir)).toEqual(['lock.txt'])
})
