// Images over HTTP.
import { createHash, randomUUID } from 'node:crypto'
import { request } from 'node:http'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Media } from '../../src/media/index.ts'
import { MediaStoreFailed } from '../../src/media/store.ts'
import { animation, photo, telltale } from '../support/images.ts'
import { freshStack, readAll } from '../support/stack.ts'
import { type Box, openGateway, people, type Row } from './support.ts'

const stack = freshStack()
const mediaBytes = 1_000_000
let box: Box
beforeAll(async () => {
  const { defaults } = await import('../../src/gateway/index.ts')
  box = await openGateway(stack, { limits: { ...defaults.limits, mediaBytes } })
})
afterAll(() => box.gateway.close())

const authorization = async (user: string) => ({ authorization: `Bearer ${await box.token(user)}` })
async function post(user: string, body: Buffer | ReadableStream, headers = {}, at = box) {
  const response = await fetch(`${at.url}/v1/media`, {
    ...{ method: 'POST', duplex: 'half', body: body as BodyInit },
    headers: { ...(await authorization(user)), ...headers },
  })
  return { status: response.status, headers: response.headers, json: (await response.json()) as Row }
}
async function get(user: string, path: string, { method = 'GET', ...headers }: Record<string, string> = {}, at = box) {
  const response = await fetch(`${at.url}/v1/media/${path}`, {
    method,
    headers: { ...(await authorization(user)), ...headers },
  })
  const bytes = Buffer.from(await response.arrayBuffer())
  const isJson = response.headers.get('content-type')?.includes('json') ?? false
  return {
    status: response.status,
    headers: response.headers,
    bytes,
    code: isJson && (JSON.parse(bytes.toString()) as Row)['code'],
  }
}
const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

describe('POST /v1/media', () => {
  it.each(['png', 'jpeg', 'webp', 'gif'] as const)(
    '[V2] takes the bytes, and tells what it keeps of them: %s',
    async format => {
      const { alice } = people('alice')
      const bytes = format === 'gif' ? await animation('gif', 120, 80) : await photo(format)
      const { status, json } = await post(alice, bytes, { 'content-type': 'text/plain' })
      expect(status).toBe(201)
      expect(json).toMatchObject({
        type: `image/${format}`,
        width: 120,
        height: 80,
        position: expect.stringMatching(/^\d+$/) as string,
      })
      const seen = await get(alice, json['id'] as string)
      expect(seen.status).toBe(200)
      expect(json).toMatchObject({ sha256: hashOf(seen.bytes), size: seen.bytes.length })
      expect(Object.fromEntries(seen.headers as unknown as Iterable<[string, string]>)).toMatchObject({
        'content-type': `image/${format}`,
        'content-length': String(seen.bytes.length),
        'x-content-type-options': 'nosniff',
        'cache-control': 'private, no-cache',
      })
      expect(seen.bytes.includes(telltale)).toBe(false)
    },
  )

  it('[V2] is on record, as its uploader’s doing', async () => {
    const { alice } = people('alice')
    const { json } = await post(alice, await photo('png'))
    const [uploaded] = await readAll(stack.store, `media-${json['id'] as string}`)
    expect(uploaded).toMatchObject({ type: 'MediaUploaded', data: { user: alice }, metadata: { origin: 'user' } })
    let active: unknown[] = []
    while (active.length === 0) active = await readAll(stack.store, `activity-${alice}`)
    expect(active).toMatchObject([{ type: 'UserActive' }])
  })

  it('[V1] answers 415 to what is no image, without waiting for the rest', async () => {
    const { alice } = people('alice')
    const endless = new ReadableStream({ pull: controller => controller.enqueue(Buffer.alloc(10_000, 'no image ')) })
    const { status, json } = await post(alice, endless)
    expect([status, json['code']]).toEqual([415, 'wrong-type'])
    for (const body of [Buffer.alloc(0), Buffer.from('x'), Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')])
      expect((await post(alice, body, { 'content-type': 'image/png' })).status).toBe(415)
  })

  it('[V3] answers 413 to what is too large, by its length or as soon as it is, and the connection goes on', async () => {
    const { alice } = people('alice')
    const png = await photo('png')
    const large = Buffer.concat([png, Buffer.alloc(mediaBytes)])
    expect(await post(alice, large)).toMatchObject({ status: 413, json: { code: 'too-large' } })
    let sent = 0
    const stream = new ReadableStream({
      pull(controller) {
        controller.enqueue(sent === 0 ? png : Buffer.alloc(50_000))
        if ((sent += 50_000) > 4 * mediaBytes) controller.close()
      },
    })
    expect(await post(alice, stream)).toMatchObject({ status: 413, json: { code: 'too-large' } })
    expect((await post(alice, png)).status).toBe(201)
  })

  it('[V3] whose client goes away in the middle leaves nothing, and the server goes on', async () => {
    const { alice } = people('alice')
    const { rows: before } = await stack.pool.query('SELECT media FROM keyring.upload')
    const png = await photo('png')
    const headers = { ...(await authorization(alice)), 'content-length': String(png.length) }
    const half = request(`${box.url}/v1/media`, { method: 'POST', headers })
    half.on('error', () => undefined)
    const gone = new Promise(resolve => half.on('close', resolve))
    half.write(png.subarray(0, png.length / 2), () => half.destroy())
    await gone
    expect((await post(alice, png)).status).toBe(201)
    const { rows: after } = await stack.pool.query('SELECT media FROM keyring.upload')
    expect(after).toHaveLength(before.length + 1)
  })

  it('[G30] needs a token, and the role of a user', async () => {
    expect((await fetch(`${box.url}/v1/media`, { method: 'POST', body: 'x' })).status).toBe(401)
    const auditor = await box.token('eve', ['auditor'])
    const headers = { authorization: `Bearer ${auditor}` }
    expect((await fetch(`${box.url}/v1/media`, { method: 'POST', body: 'x', headers })).status).toBe(403)
  })
})

describe('GET /v1/media/:id', () => {
  it('[V6] shows who was told, as soon as they are told, and nobody else', async () => {
    const { alice, bob, eve } = people('alice', 'bob', 'eve')
    const { json } = await post(alice, await photo('jpeg'))
    const id = json['id'] as string
    const [from, to] = [await box.connect(alice), await box.connect(bob)]
    from.say({
      type: 'send',
      id: randomUUID(),
      to: { user: bob },
      body: { text: 'look', attachments: [id.toUpperCase()] },
    })
    const { body } = await to.next('message')
    expect(body).toEqual({ text: 'look', attachments: [id.toUpperCase()] })
    expect((await get(bob, id)).status).toBe(200)
    for (const path of [id, id.toUpperCase(), randomUUID(), 'nothing', `${id}?w=10`])
      expect(await get(eve, path)).toMatchObject({ status: 404, code: 'unknown-media' })
    const { conversation, id: message } = await from.next('sent')
    from.say({ type: 'edit', id: randomUUID(), conversation, message, body: { attachments: [id] } })
    const edited = await to.next('edited')
    expect(edited.body).toEqual({ attachments: [id] })
    expect(edited).not.toHaveProperty('attachments')
    const other = await box.connect(eve)
    const refused = randomUUID()
    other.say({ type: 'send', id: refused, to: { user: bob }, body: { attachments: [id] } })
    expect(await other.next('error')).toMatchObject({ id: refused, code: 'unknown-media' })
    other.say({ type: 'send', id: refused, to: { user: bob }, body: { attachments: ['nonsense'] } })
    expect(await other.next('error')).toMatchObject({ id: refused, code: 'bad-frame' })
    other.say({ type: 'send', id: refused, to: { user: bob }, body: { attachments: Array(33).fill(randomUUID()) } })
    expect(await other.next('error')).toMatchObject({ id: refused, code: 'bad-frame' })
    await Promise.all([from.close(), to.close(), other.close()])
  })

  it('[V8] answers one that is not wider than asked, and never enlarges', async () => {
    const { alice } = people('alice')
    const id = (await post(alice, await photo('png', 300, 150))).json['id'] as string
    const widths: Record<string, number> = { 1: 1, 100: 100, 299: 299, 300: 300, 4096: 300 }
    for (const [w, width] of Object.entries(widths)) {
      const { status, bytes, headers } = await get(alice, `${id}?w=${w}`)
      expect(status).toBe(200)
      expect(await sharp(bytes).metadata()).toMatchObject({ width, format: 'png' })
      expect(headers.get('content-type')).toBe('image/png')
    }
    for (const w of ['0', '-1', '4097', '1.5', 'x', ''])
      expect(await get(alice, `${id}?w=${w}`)).toMatchObject({ status: 400, code: 'bad-request' })
  })

  it('[V13] costs no bytes where they are known, and comes in part where that is asked', async () => {
    const { alice, bob } = people('alice', 'bob')
    const id = (await post(alice, await photo('png', 600, 400))).json['id'] as string
    const whole = await get(alice, id)
    const etag = whole.headers.get('etag')!
    const small = await get(alice, `${id}?w=64`)
    expect(small.headers.get('etag')).not.toBe(etag)
    for (const known of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const again = await get(alice, id, { 'if-none-match': known })
      expect([again.status, again.bytes.length, again.headers.get('etag')]).toEqual([304, 0, etag])
    }
    expect((await get(alice, `${id}?w=64`, { 'if-none-match': etag })).status).toBe(200)
    expect((await get(bob, id, { 'if-none-match': etag })).status).toBe(404)

    const size = whole.bytes.length
    expect(size).toBeGreaterThan(150_000)
    const ranges = {
      '0-0': [0, 1],
      '100-70000': [100, 70_001],
      '-10': [size - 10, size],
      [`${size - 5}-`]: [size - 5, size],
    }
    for (const [range, [from, to]] of Object.entries(ranges)) {
      const part = await get(alice, id, { range: `bytes=${range}` })
      expect(part.status).toBe(206)
      expect(part.bytes.equals(whole.bytes.subarray(from, to))).toBe(true)
      expect(part.headers.get('content-range')).toBe(`bytes ${from}-${to! - 1}/${size}`)
    }
    for (const headers of [
      { range: 'bytes=9999999-' },
      { range: 'bytes=0-1,5-6' },
      { range: 'bytes=0-1', 'if-range': '"x"' },
    ]) {
      const all = await get(alice, id, headers)
      expect([all.status, all.bytes.length]).toEqual([200, size])
    }
    const head = await get(alice, id, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-type'), head.bytes.length]).toEqual([200, 'image/png', 0])
  })
})

describe('where the media store does not answer', () => {
  it('[V12] both say busy and when to come back', async () => {
    const away = () => Promise.reject(new MediaStoreFailed('the bucket is away'))
    const find: Media['find'] = () => Promise.resolve({ type: 'image/png', name: 'x', open: away })
    const broken = await openGateway({ ...stackOf(), media: { ...stack.media, take: away, find } })
    const { alice } = people('alice')
    const answers = [await post(alice, await photo('png'), {}, broken), await get(alice, randomUUID(), {}, broken)]
    for (const { status, headers } of answers) {
      expect([status, headers.get('retry-after'), headers.get('etag')]).toEqual([503, '5', null])
      expect(headers.get('content-type')).toMatch(/^application\/problem\+json/)
    }
    await broken.gateway.close()
  })
})

const stackOf = () => {
  const { storeUrl, store, pool, epoch, keyring, feed, projections, commands, media, search, folder } = stack
  return { storeUrl, store, pool, epoch, keyring, feed, projections, commands, media, search, folder }
}
