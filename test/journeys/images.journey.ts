// People show each other images, over the SDK; what is kept of them is kept in a folder, or in a bucket.
import { createHash, randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Uploaded } from '../../src/client/index.ts'
import { photo, pixels, telltale } from '../support/images.ts'
import { credentials, startS3 } from '../support/s3.ts'
import { ended, freePort, freshFolder, person, start, startServer, type Server } from '../support/server.ts'

const bytesOf = async (blob: Blob) => Buffer.from(await blob.arrayBuffer())
const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))

/** Files that have a piece of these bytes in them: any of eight, from all over. */
function filesWith(bytes: Buffer, folders: readonly string[]): string[] {
  const step = Math.floor((bytes.length - 24) / 8)
  const pieces = Array.from({ length: 8 }, (_, n) => bytes.subarray(n * step + 20, n * step + 44))
  return folders.flatMap(filesIn).filter(path => {
    const file = readFileSync(path)
    return pieces.some(piece => file.includes(piece))
  })
}

const stores = {
  folder: () => Promise.resolve({ env: {}, folders: [] as string[], close: () => Promise.resolve() }),
  bucket: async () => {
    const { url, folder, close } = await startS3()
    return { env: { MEDIA_URL: url.href, ...credentials }, folders: [folder], close }
  },
}

describe.each(['folder', 'bucket'] as const)('images kept in a %s', kind => {
  let store: Awaited<ReturnType<(typeof stores)[typeof kind]>>
  let server: Server
  beforeAll(async () => {
    store = await stores[kind]()
    server = await startServer({ env: store.env })
  })
  afterAll(async () => {
    expect(await server.stop()).toBe(0)
    await store.close()
  })

  it('[V14] one uploads and sends, the other looks, a stranger finds nothing, and nothing of it is in the clear', async () => {
    const [alice, bob, eve] = [await person(server, 'alice'), await person(server, 'bob'), await person(server, 'eve')]
    const taken = await photo('jpeg', 600, 400, 6)
    const upright = await photo('png', 300, 200)
    expect(taken.includes(telltale) && upright.includes(telltale)).toBe(true)

    const uploaded = await alice.client.uploadMedia(taken)
    expect(uploaded).toMatchObject({ type: 'image/jpeg', width: 400, height: 600 })
    const second = await alice.client.uploadMedia(new Blob([new Uint8Array(upright)], { type: 'text/plain' }))
    expect((await alice.client.ready()).limits.mediaBytes).toBe(20 * 1024 * 1024)
    await alice.client.send({ user: 'bob' }, { text: 'look', attachments: [uploaded.id, second.id] })
    await bob.until(() => bob.of('message').length === 1)
    const [message] = bob.of('message')
    expect(message!.body).toEqual({ text: 'look', attachments: [uploaded.id, second.id] })

    const blob = await bob.client.media(uploaded.id)
    const seen = await bytesOf(blob)
    expect([blob.type, blob.size]).toEqual(['image/jpeg', uploaded.size])
    expect(createHash('sha256').update(seen).digest('hex')).toBe(uploaded.sha256)
    expect(seen.includes(telltale)).toBe(false)
    const { exif, xmp, orientation, width, height } = await sharp(seen).metadata()
    expect({ exif, xmp, orientation, width, height }).toEqual({ width: 400, height: 600 })
    const same = await bytesOf(await bob.client.media(second.id))
    expect(same.includes(telltale)).toBe(false)
    expect(await pixels(same)).toEqual(await pixels(upright))

    const small = await bytesOf(await bob.client.media(uploaded.id, { width: 100 }))
    expect(await sharp(small).metadata()).toMatchObject({ width: 100, height: 150, format: 'jpeg' })
    expect((await bob.client.media(uploaded.id, { width: 4096 })).size).toBe(uploaded.size)

    await expect(eve.client.media(uploaded.id)).rejects.toMatchObject({ code: 'unknown-media', status: 404 })
    const naming = eve.client.send({ user: 'bob' }, { attachments: [uploaded.id] })
    await expect(naming).rejects.toMatchObject({ code: 'unknown-media' })

    for (const bytes of [taken, upright, seen, same, small])
      expect(filesWith(bytes, [server.dataDir, ...store.folders])).toEqual([])
    const kept = [join(server.dataDir, 'media'), ...store.folders].flatMap(filesIn).map(path => readFileSync(path))
    const stored = kept.filter(bytes => bytes.length > 50_000) // the search finds what is there
    expect(filesWith(stored[0]!, [server.dataDir, ...store.folders])).toHaveLength(1)
    await Promise.all([alice, bob, eve].map(({ client }) => client.close()))
  })

  it('[V14] after kill -9 all that was answered is there', async () => {
    const dataDir = freshFolder()
    const env = { PORT: String(await freePort()), ...store.env }
    let running = await startServer({ dataDir, env })
    const uploads: Uploaded[] = []
    const { client: alice } = await person(running, 'alice')
    const { client: bob } = await person(running, 'bob')
    const noise = await photo('png', 300, 200)
    for (let round = 1; round <= 2; round++) {
      let uploading = true
      const lane = async () => {
        while (uploading) {
          const uploaded = await alice.uploadMedia(noise).catch(() => undefined)
          if (uploaded) uploads.push(uploaded)
        }
      }
      const lanes = [lane(), lane(), lane()]
      const enough = uploads.length + 10
      while (uploads.length < enough) await new Promise(setImmediate)
      await running.kill()
      uploading = false
      await Promise.all(lanes)
      running = await startServer({ dataDir, env })
      await alice.ready()
    }
    for (let at = 0; at < uploads.length; at += 32) {
      const attachments = uploads.slice(at, at + 32).map(({ id }) => id)
      await alice.send({ user: 'bob' }, { attachments }, { id: randomUUID() })
    }
    for (const { id, size } of uploads) expect((await bob.media(id)).size).toBe(size)
    expect(filesWith(await bytesOf(await bob.media(uploads[0]!.id)), [dataDir, ...store.folders])).toEqual([])
    await Promise.all([alice.close(), bob.close()])
    expect(await running.stop()).toBe(0)
  })
})

describe('a bucket that is away', () => {
  it('[V12] is answered with busy, holds nobody up who only writes, and is found when it is back', async () => {
    const bucket = await startS3()
    const server = await startServer({ env: { MEDIA_URL: bucket.url.href, ...credentials } })
    const { client: alice } = await person(server, 'alice')
    const image = await photo('png')
    const { id, size } = await alice.uploadMedia(image)
    await bucket.stop()
    await expect(alice.uploadMedia(image)).rejects.toMatchObject({ code: 'busy', retryAfterMs: 5000 })
    await expect(alice.media(id)).rejects.toMatchObject({ code: 'busy', retryAfterMs: 5000 })
    await alice.send({ user: 'bob' }, { text: 'words go through', attachments: [id] })
    await bucket.startAgain()
    expect((await alice.media(id)).size).toBe(size)
    expect((await alice.uploadMedia(image)).type).toBe('image/png')
    await alice.close()
    expect(await server.stop()).toBe(0)
    await bucket.close()
  })
})

describe('the terminal client', () => {
  it('[W7] sends an image from a file', async () => {
    const server = await startServer()
    const bob = await person(server, 'bob')
    const path = join(freshFolder(), 'a photo.png')
    writeFileSync(path, await photo('png'))
    const chat = start('cli/main.js', ['chat', 'alice', '--to', 'bob', '--url', server.url])
    chat.stdin!.end(`/image ${path}\n/image nowhere.png\n`)
    const { code, out } = await ended(chat)
    await bob.until(() => bob.of('message').length === 1)
    const [id] = bob.of('message')[0]!.body!['attachments'] as [string]
    expect(code).toBe(0)
    expect(out).toContain(`✓ sent #1 [image ${id.slice(0, 8)}`)
    expect(out).toMatch(/! ENOENT: .*nowhere\.png/)
    expect((await bob.client.media(id)).type).toBe('image/png')
    await bob.client.close()
    expect(await server.stop()).toBe(0)
  })
})
