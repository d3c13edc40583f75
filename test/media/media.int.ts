// Images over the real stack: taken in, named by messages, seen, and gone.
import { createHash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isRefusal } from '../../src/domain/index.ts'
import { folderStore, openMedia, UploaderGone, type Media } from '../../src/media/index.ts'
import { MediaStoreFailed, type BlobStore } from '../../src/media/store.ts'
import { animation, photo, telltale } from '../support/images.ts'
import { asker, freshStack, readAll } from '../support/stack.ts'

const stack = freshStack()
const now = () => new Date().toISOString()
const day = 24 * 60 * 60 * 1000
let collector: ReturnType<Media['collect']>
beforeAll(() => {
  collector = stack.media.collect(stack.commands)
})
afterAll(() => collector.close())

const chunks = async function* (bytes: Buffer, size = 50_000) {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size))
}

/** Uploads as the gateway does. */
async function upload(user: string, bytes: Buffer, media = stack.media) {
  const kept = await media.take(user, chunks(bytes), now)
  if (isRefusal(kept)) throw new Error(kept.refused)
  const { media: id, address, key, size, type, width, height } = kept
  const position = await stack.commands.recordUpload(asker(user), id, { address, key, size, type, width, height })
  return { ...kept, id, position }
}

async function look(user: string, id: string, width?: number, media = stack.media) {
  const found = await media.find(user, id, width)
  if (isRefusal(found)) return found.refused
  const opened = await found.open()
  if (isRefusal(opened)) return opened.refused
  const parts: Buffer[] = []
  for await (const part of opened.bytes) parts.push(part)
  expect(Buffer.concat(parts).length).toBe(opened.size)
  return Buffer.concat(parts)
}

const send = (user: string, to: string, attachments: string[], id = randomUUID()) =>
  stack.commands.sendMessage(asker(user), { id, to: { user: to }, body: JSON.stringify({ attachments }) })

async function sendAndWait(user: string, to: string, attachments: string[]) {
  const sent = await send(user, to, attachments)
  if (isRefusal(sent)) throw new Error(sent.refused)
  await stack.projections.reached(sent.position, 60_000)
  return sent
}

const files = async () =>
  (await readdir(stack.folder, { recursive: true, withFileTypes: true })).filter(entry => entry.isFile())
const filesOf = async (address: string) =>
  (await files()).map(({ name }) => name).filter(name => name.startsWith(address))
const rowOf = async (id: string) =>
  (await stack.pool.query('SELECT * FROM keyring.upload WHERE media = $1', [id])).rows as { doomed: boolean }[]
const recordOf = async (id: string) =>
  (await readAll(stack.store, `media-${id}`)).map(event => [event.type, event.data])

let names = 0
const people = () => {
  names++
  return { alice: `alice-${names}`, bob: `bob-${names}`, eve: `eve-${names}` }
}

describe('an image', () => {
  it('[V6] is seen by its uploader at once, and by nobody else', async () => {
    const { alice, bob } = people()
    const { id, sha256, size } = await upload(alice, await photo('jpeg'))
    const seen = (await look(alice, id)) as Buffer
    expect(seen.length).toBe(size)
    expect(createHash('sha256').update(seen).digest('hex')).toBe(sha256)
    expect(await look(bob, id)).toBe('unknown-media')
    expect(await look(alice, randomUUID())).toBe('unknown-media')
  })

  it('[V6] is seen by who may see a message that names it, and named on by them; nobody else can name it', async () => {
    const { alice, bob, eve } = people()
    const bytes = await photo('png')
    const { id } = await upload(alice, bytes)
    expect(await send(eve, bob, [id])).toMatchObject({ refused: 'unknown-media' })
    await send(alice, bob, [id])
    const seen = (await look(bob, id)) as Buffer // not waited for: the message may not be in the read models
    expect(seen.includes(telltale)).toBe(false)
    expect(await look(eve, id)).toBe('unknown-media')
    expect(await look(alice, id)).toEqual(seen)
    const sent = await send(bob, eve, [id])
    expect(sent).not.toHaveProperty('refused')
    expect(await look(eve, id)).toEqual(seen)
  })

  it('[V6] of a group is seen for the time one was in it', async () => {
    const { alice, bob, eve } = people()
    const conversation = randomUUID()
    const group = {
      id: conversation,
      name: 'g',
      members: [bob],
      delivered: false,
      retention: { mode: 'permanent' } as const,
    }
    await stack.commands.startGroup(asker(alice), group)
    const say = async (...attachments: string[]) => {
      const sent = await stack.commands.sendMessage(asker(alice), {
        ...{ id: randomUUID(), to: { conversation }, body: JSON.stringify({ attachments }) },
      })
      expect(sent).not.toHaveProperty('refused')
    }
    const [first, second] = [await upload(alice, await photo('png')), await upload(alice, await photo('png'))]
    await say(first.id)
    await stack.commands.removeMember(asker(bob), { conversation, user: bob })
    await stack.commands.addMember(asker(alice), { conversation, user: eve })
    await say(second.id)
    expect([await look(bob, first.id), await look(eve, second.id)].every(Buffer.isBuffer)).toBe(true)
    expect([await look(bob, second.id), await look(eve, first.id)]).toEqual(['unknown-media', 'unknown-media'])
  })

  it('[V7] that one may not see cannot be named; a message is refused whole, and the same id sent again is taken', async () => {
    const { alice, bob, eve } = people()
    const { id: mine } = await upload(alice, await photo('png'))
    const { id: hers } = await upload(eve, await photo('png'))
    const id = randomUUID()
    const refused = await send(alice, bob, [mine, hers], id)
    expect(refused).toMatchObject({ refused: 'unknown-media', because: expect.stringContaining(hers) as string })
    const sent = await send(alice, bob, [mine, mine], id)
    expect(sent).not.toHaveProperty('refused')
    expect(await send(alice, bob, [mine, hers], id)).toEqual(sent)
    const [, message] = await readAll(stack.store, `conversation-${(sent as { conversation: string }).conversation}`)
    expect((message!.data as { attachments: unknown[] }).attachments).toHaveLength(1)
  })

  it('[V6] is seen as the message’s body is: what it is edited to counts, and what is retracted shows nothing', async () => {
    const { alice, bob, eve } = people()
    const [first, second, hers] = [
      await upload(alice, await photo('png')),
      await upload(alice, await photo('png')),
      await upload(eve, await photo('png')),
    ]
    const { id: message, conversation } = await sendAndWait(alice, bob, [first.id])
    const edit = (...attachments: string[]) =>
      stack.commands.editMessage(asker(alice), {
        ...{ id: randomUUID(), conversation, message },
        body: JSON.stringify({ attachments }),
      })
    expect(await edit(second.id, hers.id)).toMatchObject({ refused: 'unknown-media' })
    const edited = (await edit(second.id)) as { position: number }
    await stack.projections.reached(edited.position, 60_000)
    expect(await look(bob, second.id)).toBeInstanceOf(Buffer)
    expect(await look(bob, first.id)).toBe('unknown-media')
    const retracted = await stack.commands.retractMessage(asker(alice), { id: randomUUID(), conversation, message })
    await stack.projections.reached((retracted as { position: number }).position, 60_000)
    for (const { id, address } of [first, second]) {
      for (const user of [alice, bob]) expect(await look(user, id)).toBe('unknown-media')
      await collector.pass()
      expect(await filesOf(address)).toEqual([])
      expect((await recordOf(id)).at(-1)).toMatchObject(['MediaDiscarded', { why: 'unnamed' }])
    }
  })

  it('[V7] keeps its message’s place among those sent before and after', async () => {
    const { alice, bob } = people()
    const { id } = await upload(alice, await photo('png'))
    await send(alice, bob, [])
    const sent = await Promise.all([
      send(alice, bob, [id]),
      send(alice, bob, []),
      send(alice, bob, [id]),
      send(alice, bob, []),
    ])
    expect(sent.map(answer => (answer as { seq: number }).seq)).toEqual([2, 3, 4, 5])
  })

  it('[V4] is nowhere on disk as it was, nor in the log or the database', async () => {
    const { alice, bob } = people()
    const { id, address } = await upload(alice, await photo('jpeg', 400, 300))
    const { conversation } = await sendAndWait(alice, bob, [id])
    const seen = (await look(bob, id)) as Buffer
    const small = (await look(bob, id, 100)) as Buffer
    expect(await filesOf(address)).toHaveLength(2)
    for (const { parentPath, name } of await files()) {
      const bytes = await readFile(join(parentPath, name))
      for (const piece of [seen.subarray(100, 140), seen.subarray(-40), small.subarray(100, 140)])
        expect(bytes.includes(piece)).toBe(false)
    }
    const log = JSON.stringify([await recordOf(id), await readAll(stack.store, `conversation-${conversation}`)])
    const hash = createHash('sha256').update(seen).digest('hex')
    expect(log).not.toContain(hash)
    expect(JSON.stringify((await stack.pool.query('SELECT * FROM read.media, read.attachment')).rows)).not.toContain(
      hash,
    )
    expect(
      createHash('sha256')
        .update(await readFile(join(stack.folder, address.slice(0, 2), address)))
        .digest('hex'),
    ).toBe(address)
  })

  it('[V1] is told by its bytes, and anything else refused as soon as it is seen', async () => {
    const { alice } = people()
    const endless = async function* () {
      for (;;) yield await Promise.resolve(Buffer.alloc(1000, '<svg>'))
    }
    expect(await stack.media.take(alice, endless(), now)).toMatchObject({ refused: 'wrong-type' })
    expect(await stack.media.take(alice, chunks(Buffer.alloc(0)), now)).toMatchObject({ refused: 'wrong-type' })
    expect(await stack.media.take(alice, chunks(Buffer.from('\x89PNG')), now)).toMatchObject({ refused: 'wrong-type' })
    const jpeg = await photo('jpeg')
    expect(await stack.media.take(alice, chunks(jpeg, 1), now)).toMatchObject({ type: 'image/jpeg' })
    expect(await stack.media.take(alice, chunks(jpeg.subarray(0, 900)), now)).toMatchObject({ refused: 'wrong-type' })
  })

  it('[V3] that is too large is told while it comes, and leaves nothing', async () => {
    const { alice } = people()
    const before = await files()
    let read = 0
    const endless = async function* () {
      yield await photo('png')
      for (; ; read += 10_000) yield await Promise.resolve(Buffer.alloc(10_000))
    }
    expect(await stack.media.take(alice, endless(), now)).toMatchObject({ refused: 'too-large' })
    expect(read).toBeLessThan(1_100_000)
    expect(await files()).toEqual(before)
  })

  it('[V3] whose uploader goes away leaves nothing', async () => {
    const { alice } = people()
    const before = await files()
    const cut = async function* () {
      yield await photo('png')
      throw new Error('aborted')
    }
    await expect(stack.media.take(alice, cut(), now)).rejects.toThrow(UploaderGone)
    expect(await files()).toEqual(before)
  })

  it('[V8] comes smaller: not wider than asked, never enlarged, made once, of its own type', async () => {
    const { alice } = people()
    const { id, address } = await upload(alice, await photo('jpeg', 400, 300))
    const whole = await look(alice, id)
    const small = await Promise.all([look(alice, id, 100), look(alice, id, 100)])
    expect(await sharp(small[0] as Buffer).metadata()).toMatchObject({ width: 100, height: 75, format: 'jpeg' })
    expect(await look(alice, id, 100)).toEqual(small[0])
    expect([await look(alice, id, 400), await look(alice, id, 4096)]).toEqual([whole, whole])
    expect(await filesOf(address)).toHaveLength(2)
    expect(await sharp((await look(alice, id, 1)) as Buffer).metadata()).toMatchObject({ width: 1, height: 1 })
    for (let width = 10; width < 40; width++) expect(await look(alice, id, width)).toBeInstanceOf(Buffer)
    expect(await filesOf(address)).toHaveLength(17)
  })

  it.each(['gif', 'webp'] as const)('[V8] that moves goes on moving when it is smaller: %s', async format => {
    const { alice } = people()
    const { id } = await upload(alice, await animation(format))
    const small = await sharp((await look(alice, id, 30)) as Buffer).metadata()
    expect(small).toMatchObject({ width: 30, pages: 3, loop: 0, delay: [50, 60, 70], format })
  })
})

describe('what nobody can see any more', () => {
  it('[V9] is deleted with the last key that opens it, and the log is told', async () => {
    const { alice, bob, eve } = people()
    const { id, address, key } = await upload(alice, await photo('png', 300))
    const one = await sendAndWait(alice, bob, [id])
    const other = await sendAndWait(alice, eve, [id])
    expect(await look(bob, id, 64)).toBeInstanceOf(Buffer)
    const destroy = async (conversation: string) => {
      const text = 'DELETE FROM keyring.content_key WHERE conversation = $1 RETURNING id'
      return (await stack.pool.query<{ id: string }>(text, [conversation])).rows.map(row => row.id)
    }
    expect(await collector.forget(await destroy(one.conversation))).toBe(0)
    expect(await look(eve, id)).toBeInstanceOf(Buffer)
    expect(await collector.forget(await destroy(other.conversation))).toBe(1)
    expect(await filesOf(address)).toEqual([])
    expect(await recordOf(id)).toMatchObject([
      ['MediaUploaded', { user: alice, address, key, type: 'image/png', width: 300, height: 80 }],
      ['MediaDiscarded', { why: 'keys-gone' }],
    ])
    const [discarded] = (await readAll(stack.store, `media-${id}`)).slice(-1)
    await stack.projections.reached(discarded!.position, 60_000)
    for (const user of [alice, bob, eve]) expect(await look(user, id)).toBe('unknown-media')
    expect(await collector.forget([key])).toBe(0)
  })

  it('[V9] is deleted when its uploader is erased, wherever it was named on', async () => {
    const { alice, bob, eve } = people()
    const [named, waiting] = [await upload(alice, await photo('png')), await upload(alice, await photo('png'))]
    await sendAndWait(alice, bob, [named.id])
    await sendAndWait(bob, eve, [named.id])
    const text = 'DELETE FROM keyring.content_key WHERE author = $1 RETURNING id'
    const { rows } = await stack.pool.query<{ id: string }>(text, [alice])
    expect(await collector.forget(rows.map(row => row.id))).toBe(2)
    for (const { id, address } of [named, waiting]) {
      expect(await filesOf(address)).toEqual([])
      expect((await recordOf(id)).at(-1)).toMatchObject(['MediaDiscarded', { why: 'keys-gone' }])
      expect(await rowOf(id)).toEqual([])
    }
  })

  it('[V9] is found by the next pass where whoever destroyed the keys did not get to say so', async () => {
    const { alice, bob } = people()
    const { id, address } = await upload(alice, await photo('png'))
    const { conversation } = await sendAndWait(alice, bob, [id])
    await stack.pool.query('DELETE FROM keyring.content_key WHERE conversation = $1', [conversation])
    await collector.pass()
    expect(await filesOf(address)).toEqual([])
    expect((await recordOf(id)).map(([type]) => type)).toEqual(['MediaUploaded', 'MediaDiscarded'])
  })

  const age = (id: string, ms: number) =>
    stack.pool.query('UPDATE keyring.upload SET at = at - make_interval(secs => $2) WHERE media = $1', [id, ms / 1000])

  it('[V10] goes when no message has named it within a day, not before', async () => {
    const { alice, bob } = people()
    const [old, young, named] = [
      await upload(alice, await photo('png')),
      await upload(alice, await photo('png')),
      await upload(alice, await photo('png')),
    ]
    await age(old.id, day + 1000)
    await age(young.id, day - 60_000)
    await age(named.id, day - 1000)
    await sendAndWait(alice, bob, [named.id])
    await collector.pass()
    expect(await look(alice, old.id)).toBe('unknown-media')
    expect(await filesOf(old.address)).toEqual([])
    expect((await recordOf(old.id)).at(-1)).toMatchObject(['MediaDiscarded', { why: 'unnamed' }])
    expect(await look(alice, young.id)).toBeInstanceOf(Buffer)
    expect(await look(bob, named.id)).toBeInstanceOf(Buffer)
    expect(await rowOf(named.id)).toEqual([])
  })

  it('[V10] goes after a kill between the store and the log, and after one in the middle of deleting', async () => {
    const { alice } = people()
    const kept = await stack.media.take(alice, chunks(await photo('png')), now) // and no event
    if (isRefusal(kept)) throw new Error(kept.refused)
    await age(kept.media, day + 1000)
    const half = await upload(alice, await photo('png'))
    await stack.pool.query('UPDATE keyring.upload SET doomed = true WHERE media = $1', [half.id])
    expect(await look(alice, half.id)).toBe('unknown-media')
    await collector.pass()
    expect([...(await filesOf(kept.address)), ...(await filesOf(half.address))]).toEqual([])
    expect([...(await rowOf(kept.media)), ...(await rowOf(half.id))]).toEqual([])
    expect(await recordOf(kept.media)).toEqual([])
    expect((await recordOf(half.id)).at(-1)).toMatchObject(['MediaDiscarded', { why: 'unnamed' }])
  })

  it.each(['0 days', '2 days'])(
    '[V10] stays where a kill came between a message and its telling, %s ago',
    async ago => {
      const { alice, bob } = people()
      const { id, address } = await upload(alice, await photo('png'))
      await sendAndWait(alice, bob, [id])
      await collector.pass() // its own turn comes after what was queued before
      const text = `INSERT INTO keyring.upload (media, uploader, at, address, key, box)
      SELECT media, user_id, now() - $2::interval, address, key::uuid, '' FROM read.media WHERE media = $1`
      await stack.pool.query(text, [id, ago])
      await collector.pass()
      expect(await rowOf(id)).toEqual([])
      expect(await filesOf(address)).toHaveLength(1)
      expect(await look(bob, id)).toBeInstanceOf(Buffer)
    },
  )

  it('[V10] stays while the read models are being made again', async () => {
    const { alice, bob } = people()
    const { id, address } = await upload(alice, await photo('png'))
    await sendAndWait(alice, bob, [id])
    await collector.pass()
    const client = await stack.pool.connect()
    try {
      // what another process that rebuilds them does, seen from here
      await client.query(`UPDATE read.checkpoint SET position = position - 1000000`)
      await client.query('DELETE FROM read.attachment WHERE media = $1', [id])
      await collector.pass()
      expect(await filesOf(address)).toHaveLength(1)
    } finally {
      await client.query(`UPDATE read.checkpoint SET position = position + 1000000`)
      client.release()
    }
  })
})

describe('a store that fails', () => {
  const failing = new Set<keyof BlobStore>()
  let media: Media
  let told: Error[]
  beforeAll(async () => {
    const incoming = join(stack.folder, 'incoming')
    const blobs = new Proxy(folderStore(stack.folder, incoming), {
      get: (store, name: keyof BlobStore) =>
        failing.has(name) ? () => Promise.reject(new MediaStoreFailed('away')) : store[name],
    })
    told = []
    media = await openMedia({
      ...{ pool: stack.pool, keyring: stack.keyring, projections: stack.projections, feed: stack.feed },
      ...{ blobs, incoming, mostBytes: 1_000_000, onFailed: error => told.push(error) },
    })
  })

  it('[V12] takes nothing in, and nothing is named that is not there', async () => {
    const { alice } = people()
    failing.add('put')
    await expect(media.take(alice, chunks(await photo('png')), now)).rejects.toThrow(MediaStoreFailed)
    failing.clear()
    const { rows } = await stack.pool.query<{ media: string }>('SELECT media FROM keyring.upload WHERE uploader = $1', [
      alice,
    ])
    expect(rows).toHaveLength(1)
    expect(await recordOf(rows[0]!.media)).toEqual([])
  })

  it('[V12] that cannot be written still shows smaller images', async () => {
    const { alice } = people()
    const { id } = await upload(alice, await photo('png', 300), media)
    failing.add('put')
    expect(await look(alice, id, 100, media)).toBeInstanceOf(Buffer)
    failing.clear()
    expect(told).toHaveLength(1)
    failing.add('get')
    await expect(look(alice, id, undefined, media)).rejects.toThrow(MediaStoreFailed)
    failing.clear()
  })

  it('[V12] deletes later what it could not delete', async () => {
    const { alice } = people()
    const { id, address } = await upload(alice, await photo('png'), media)
    await stack.pool.query('UPDATE keyring.upload SET doomed = true WHERE media = $1', [id])
    failing.add('remove')
    const other = media.collect(stack.commands)
    await expect(other.pass()).rejects.toThrow(MediaStoreFailed)
    expect(await filesOf(address)).toHaveLength(1)
    failing.clear()
    await other.pass()
    await other.close()
    expect(await filesOf(address)).toEqual([])
  })
})
