// The keyring, in a real Postgres.
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { openKeyring } from '../../src/eventstore/index.ts'
import { freshDatabase } from '../support/postgres.ts'

const database = freshDatabase()
const masterKey = randomBytes(32)
const fault = (error: Error) => {
  throw error
}
const ringOf = (key = masterKey, onTampered: (error: Error) => void = fault) =>
  openKeyring(database.pool, key, onTampered)
const place = (message: string, author = 'alice', at = '2026-01-02T03:04:05.678Z') => ({
  conversation: 'c',
  message,
  author,
  at,
})
const opening = (message: string) => ({ conversation: 'c', message })

describe('the keyring', () => {
  it('[S3] has one key for a conversation, an author and a month, whoever asks first', async () => {
    const rings = await Promise.all([ringOf(), ringOf()])
    const sealed = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => rings[n % 2]!.seal(place(`m${n}`), `text ${n}`)),
    )
    expect(new Set(sealed.map(({ key }) => key)).size).toBe(1)
    const others = await Promise.all([
      rings[0].seal(place('x', 'bob'), 'x'),
      rings[0].seal(place('y', 'alice', '2026-02-01T00:00:00.000Z'), 'y'),
    ])
    expect(new Set([...others, sealed[0]!].map(({ key }) => key)).size).toBe(3)
    const reopened = await ringOf()
    expect(await reopened.open(opening('m7'), sealed[7]!)).toBe('text 7')
  })

  it('[S4] without its key a content is gone', async () => {
    const ring = await ringOf()
    const sealed = await ring.seal(place('gone', 'carol'), 'text')
    await database.pool.query('DELETE FROM keyring.content_key WHERE author = $1', ['carol'])
    const later = await ringOf()
    expect(await later.open(opening('gone'), sealed)).toBeNull()
  })

  it('[S5] keys are wrapped, and another master key is told at once', async () => {
    const ring = await ringOf()
    await ring.seal(place('m'), 'text')
    const { rows } = await database.pool.query<{ wrapped: Buffer }>('SELECT wrapped FROM keyring.content_key')
    for (const { wrapped } of rows) expect(wrapped).toHaveLength(12 + 32 + 16)
    await expect(ringOf(randomBytes(32))).rejects.toThrow(/MASTER_KEY is not the key/)
  })

  it('[S7] what has a limit is not remembered: without its key it is gone at once', async () => {
    let now = Date.parse('2026-01-02T03:04:05.678Z')
    const ring = await openKeyring(database.pool, masterKey, fault, () => now)
    const limited = { ...place('brief'), expiresAt: '2026-01-02T03:05:05.678Z' }
    const sealed = await ring.seal(limited, 'text')
    const { expiresAt } = limited
    expect(await ring.open({ ...opening('brief'), expiresAt }, sealed)).toBe('text')
    now += 3_600_000
    expect(await ring.open({ ...opening('brief'), expiresAt }, sealed)).toBeNull()
    expect(await ring.open(opening('brief'), sealed)).toBeNull()
  })

  it('[S6] a content that was tampered with is reported, and reads as gone', async () => {
    const tampered: string[] = []
    const ring = await ringOf(masterKey, error => tampered.push(error.message))
    const sealed = await ring.seal(place('t'), 'text')
    expect(await ring.open(opening('another'), sealed)).toBeNull()
    expect(await ring.open(opening('t'), { ...sealed, box: 'AAAA' })).toBeNull()
    expect(tampered).toEqual([
      expect.stringMatching(/message another of c does not open/),
      expect.stringMatching(/message t of c does not open: .*has 3 bytes/),
    ])
    expect(await ring.open(opening('t'), sealed)).toBe('text')
  })
})
