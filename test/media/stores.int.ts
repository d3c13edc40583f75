// The media stores: a folder, and a bucket.
import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folderStore } from '../../src/media/folder.ts'
import { s3Store } from '../../src/media/s3.ts'
import { MediaStoreFailed } from '../../src/media/store.ts'
import { behavesLikeAMediaStore, nameOf, read } from '../contracts/media-store.ts'
import { credentials, startS3 } from '../support/s3.ts'

Object.assign(process.env, credentials)

async function openFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'verbatim-media-'))
  const incoming = join(folder, 'incoming')
  await mkdir(incoming)
  const store = folderStore(folder, incoming)
  return { store, folder, incoming, close: () => rm(folder, { recursive: true }) }
}

async function openBucket() {
  const server = await startS3()
  const store = s3Store(server.url)
  const close = async () => {
    await store.close()
    await server.close()
  }
  return { store, server, close }
}

behavesLikeAMediaStore('a folder', openFolder)
behavesLikeAMediaStore('a bucket', openBucket)
const ownBucket = process.env['TEST_MEDIA_URL']
if (ownBucket)
  behavesLikeAMediaStore('a bucket of one’s own', () => {
    const store = s3Store(new URL(ownBucket))
    return Promise.resolve({ store, close: () => store.close() })
  })

describe('a folder', () => {
  it('[V12] that is full says so, and has nothing half written', async () => {
    const { store, folder, incoming, close } = await openFolder()
    await rm(incoming, { recursive: true })
    await symlink('/dev/full', incoming)
    await expect(store.put(nameOf(Buffer.from('x')), Buffer.from('x'))).rejects.toThrow(MediaStoreFailed)
    expect((await readdir(folder, { recursive: true })).filter(name => name.length > 10)).toEqual([])
    await close()
  })
})

describe('a bucket', () => {
  it('[V12] that is away says so, and is found when it is back', async () => {
    const { store, server, close } = await openBucket()
    const bytes = Buffer.from('kept')
    await store.put(nameOf(bytes), bytes)
    await server.stop()
    await expect(store.put(nameOf(bytes), bytes)).rejects.toThrow(MediaStoreFailed)
    await expect(store.get(nameOf(bytes))).rejects.toThrow(MediaStoreFailed)
    await expect(store.names(nameOf(bytes))).rejects.toThrow(MediaStoreFailed)
    await expect(store.remove(nameOf(bytes))).rejects.toThrow(MediaStoreFailed)
    await server.startAgain()
    expect(await read(store, nameOf(bytes))).toEqual(bytes)
    await close()
  })

  it('[V12] that does not exist is told, and is no place without images', async () => {
    const { server, close } = await openBucket()
    const url = new URL(server.url)
    url.hostname = 'nowhere'
    const store = s3Store(url)
    await expect(store.get(nameOf(Buffer.from('x')))).rejects.toThrow(/reading .* of s3:\/\/nowhere\/verbatim\/media/)
    await store.close()
    await close()
  })
})
