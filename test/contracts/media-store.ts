// What a media store does, wherever it keeps things.
import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BlobStore } from '../../src/media/store.ts'

interface Open {
  readonly store: BlobStore
  close(): Promise<void>
}

export const nameOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

export async function read(store: BlobStore, name: string): Promise<Buffer | undefined> {
  const stored = await store.get(name)
  if (stored === undefined) return undefined
  const parts: Buffer[] = []
  for await (const part of stored.bytes) parts.push(part)
  const bytes = Buffer.concat(parts)
  expect(stored.size).toBe(bytes.length)
  return bytes
}

export function behavesLikeAMediaStore(kind: string, open: () => Promise<Open>): void {
  describe(kind, () => {
    let opened: Open
    let store: BlobStore
    beforeAll(async () => {
      opened = await open()
      store = opened.store
    })
    afterAll(() => opened.close())

    const put = async (size: number) => {
      const bytes = randomBytes(size)
      await store.put(nameOf(bytes), bytes)
      return { bytes, name: nameOf(bytes) }
    }

    it.each([0, 1, 70_000, 7_000_000])('[V11] keeps %d bytes as they are', async size => {
      const { bytes, name } = await put(size)
      expect((await read(store, name))!.equals(bytes)).toBe(true)
      await store.put(name, bytes)
      expect((await read(store, name))!.equals(bytes)).toBe(true)
    })

    it('[V11] says where there is nothing', async () => {
      expect(await store.get(nameOf(randomBytes(8)))).toBeUndefined()
      expect(await store.names(nameOf(randomBytes(8)))).toEqual([])
    })

    it('[V11] lists the names that begin so, and no others', async () => {
      const { name } = await put(10)
      await put(10)
      await store.put(`${name}.w320`, randomBytes(10))
      await store.put(`${name}.w64`, randomBytes(10))
      expect([...(await store.names(name))].sort()).toEqual([name, `${name}.w320`, `${name}.w64`])
      expect(await store.names(`${name}.w6`)).toEqual([`${name}.w64`])
    })

    it('[V11] removes what is there, and what is not', async () => {
      const { name } = await put(10)
      await store.put(`${name}.w320`, randomBytes(10))
      await store.remove(name)
      await store.remove(name)
      expect(await store.get(name)).toBeUndefined()
      expect(await store.names(name)).toEqual([`${name}.w320`])
    })

    it('[V11] takes many at once', async () => {
      const all = await Promise.all(Array.from({ length: 20 }, () => put(100_000)))
      const found = await Promise.all(all.map(({ name }) => read(store, name)))
      expect(found.every((bytes, at) => bytes!.equals(all[at]!.bytes))).toBe(true)
    })

    it('[V11] can be read in part, and left', async () => {
      const { bytes, name } = await put(3_000_000)
      for await (const part of (await store.get(name))!.bytes) {
        expect(bytes.subarray(0, part.length).equals(part)).toBe(true)
        break
      }
    })
  })
}
