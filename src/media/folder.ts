// The media store in a folder: `<folder>/ab/<name>`, by the name's first two characters.
import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { attempt, reading, type BlobStore } from './store.ts'

const missing = (error: unknown): undefined => {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
  throw error
}

/** Flushes what a folder lists, so that a name is there after a power cut too. */
async function flushFolder(path: string): Promise<void> {
  const folder = await open(path)
  await folder.sync().finally(() => folder.close())
}

/** `incoming` is a folder of the same file system: what is written there and not whole is moved nowhere. */
export function folderStore(folder: string, incoming: string): BlobStore {
  const place = (name: string) => join(folder, name.slice(0, 2))

  return {
    put: (name, bytes) =>
      attempt(`writing ${name}`, async () => {
        const beside = join(incoming, randomUUID())
        const first = await mkdir(place(name), { recursive: true, mode: 0o700 })
        try {
          const file = await open(beside, 'wx', 0o600)
          try {
            await file.writeFile(bytes)
            await file.sync()
          } finally {
            await file.close()
          }
          await rename(beside, join(place(name), name))
        } catch (error) {
          await rm(beside, { force: true })
          throw error
        }
        await flushFolder(place(name))
        if (first !== undefined) await flushFolder(folder)
      }),

    get: name =>
      attempt(`reading ${name}`, async () => {
        const file = await open(join(place(name), name)).catch(missing)
        if (file === undefined) return undefined
        const { size } = await file.stat()
        const bytes = file.createReadStream({ highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>
        return { size, bytes: reading(`reading ${name}`, bytes) }
      }),

    names: prefix =>
      attempt(`listing ${prefix}`, async () => {
        const names = (await readdir(place(prefix)).catch(missing)) ?? []
        return names.filter(name => name.startsWith(prefix))
      }),

    remove: name => attempt(`removing ${name}`, () => rm(join(place(name), name), { force: true })),
  }
}
