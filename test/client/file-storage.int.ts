// What a client keeps in a file, on a real disk.
import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fileStorage } from '../../src/client/node/index.ts'

let folder: string
let path: string
/** How another process opens it. */
let opened: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'verbatim-client-'))
  path = join(folder, 'deep', 'alice.outbox')
  opened = `const { fileStorage } = await import(${JSON.stringify(resolve(import.meta.dirname, '../../dist/client/node/index.js'))})
    const storage = await fileStorage(${JSON.stringify(path)})`
})
afterEach(() => rm(folder, { recursive: true }))

const frame = (n: number, text = 'x') => ({
  id: `id-${n}`,
  text: JSON.stringify({ type: 'send', id: `id-${n}`, text }),
})
const ids = ({ frames }: { frames: readonly { id: string }[] }) => frames.map(({ id }) => id)

describe('the file storage', () => {
  it('[C23] has after a restart what was not removed, in its order, and the last place', async () => {
    const first = await fileStorage(path)
    for (const n of [1, 2, 3, 4]) await first.put(frame(n))
    void first.keep({ user: 'alice', cursor: 'c1' })
    void first.remove('id-2')
    void first.keep({ cursor: 'c2' })
    await first.close()
    const second = await fileStorage(path)
    expect(ids(second)).toEqual(['id-1', 'id-3', 'id-4'])
    expect(second.frames[0]).toEqual(frame(1))
    expect(second.place).toEqual({ user: 'alice', cursor: 'c2' })
    await second.close()
  })

  it('[C25] passes over a torn last line, wherever it was torn', async () => {
    const first = await fileStorage(path)
    await first.put(frame(1))
    await first.close()
    const whole = await readFile(path)
    const next = JSON.stringify({ put: frame(2) })
    for (let torn = 0; torn < next.length; torn += 7) {
      await writeFile(path, whole)
      await appendFile(path, next.slice(0, torn))
      const storage = await fileStorage(path)
      expect(ids(storage)).toEqual(['id-1'])
      await storage.put(frame(3))
      await storage.close()
      const again = await fileStorage(path)
      expect(ids(again)).toEqual(['id-1', 'id-3'])
      await again.close()
    }
  })

  it('[C25] does not grow for ever, and loses nothing when it is written anew', async () => {
    const storage = await fileStorage(path)
    await storage.put(frame(0))
    for (let round = 0; round < 20; round++) {
      const some = Array.from({ length: 50 }, (_, n) => frame(1 + round * 50 + n, 'y'.repeat(1000)))
      await Promise.all(some.map(async one => storage.put(one)))
      for (const { id } of some) void storage.remove(id)
    }
    await storage.put(frame(9999))
    await storage.close()
    expect((await stat(path)).size).toBeLessThan(400_000)
    const again = await fileStorage(path)
    expect(ids(again)).toEqual(['id-0', 'id-9999'])
    await again.close()
  })

  it('[C25] is not written anew for every frame while many wait, whatever the letters', async () => {
    const storage = await fileStorage(path)
    const files: number[] = [] // what is written anew is another file
    for (let n = 0; n < 90; n++) {
      await storage.put(frame(n, '字"'.repeat(1500)))
      files.push((await stat(path)).ino)
    }
    const anew = files.filter((ino, n) => n > 0 && ino !== files[n - 1])
    expect(anew.length).toBeLessThan(4) // each time it has doubled
    await storage.close()
    const again = await fileStorage(path)
    expect(ids(again)).toEqual(Array.from({ length: 90 }, (_, n) => `id-${n}`))
    await again.close()
  })

  it('[C26] belongs to one process at a time, and is given back by a kill', async () => {
    const storage = await fileStorage(path)
    await expect(fileStorage(path)).rejects.toThrow(/in use by this very process/)
    await storage.close()
    const script = `${opened}
      await storage.put(${JSON.stringify(frame(7))})
      console.log('open')
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    await expect(fileStorage(path)).rejects.toThrow(`in use by process ${child.pid}`)
    child.kill('SIGKILL')
    await once(child, 'exit')
    const again = await fileStorage(path)
    expect(ids(again)).toEqual(['id-7'])
    await again.close()
    expect(await readdir(join(folder, 'deep'))).toEqual(['alice.outbox'])
  })

  it('[C24] says so where the disk is full, and has what it said it has', async () => {
    const script = `${opened}
      const kept = []
      for (let n = 0; n < 100; n++) {
        const text = JSON.stringify({ n, text: 'x'.repeat(300) })
        await storage.put({ id: 'id-' + n, text }).then(() => kept.push('id-' + n), () => undefined)
      }
      console.log(JSON.stringify(kept))
      process.exit()`
    // a file may not be larger than that: what is written past it fails as on a full disk, and in the middle
    const limited = `trap '' XFSZ; ulimit -f 8; exec "$0" --input-type=module -e "$1"`
    const child = spawn('bash', ['-c', limited, process.execPath, script], { stdio: ['ignore', 'pipe', 'inherit'] })
    const kept = JSON.parse(String((await once(child.stdout, 'data'))[0])) as string[]
    await once(child, 'exit')
    expect(kept.length).toBeGreaterThan(5)
    expect(kept.length).toBeLessThan(100)
    const storage = await fileStorage(path)
    expect(ids(storage)).toEqual(kept)
    await storage.put(frame(200))
    await storage.close()
    await expect(Promise.resolve(storage.put(frame(201)))).rejects.toThrow(/closed/)
    const again = await fileStorage(path)
    expect(ids(again)).toEqual([...kept, 'id-200'])
    await again.close()
  })
})
