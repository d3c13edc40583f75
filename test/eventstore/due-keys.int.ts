// Content keys whose time is limited, in a real Postgres.
import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { dueOf, openDueKeys, openKeyring } from '../../src/eventstore/index.ts'
import { freshDatabase } from '../support/postgres.ts'

const database = freshDatabase()
const masterKey = randomBytes(32)
const fault = (error: Error) => {
  throw error
}
const ringOf = (now?: () => number) => openKeyring(database.pool, masterKey, fault, now)
const place = (message: string, expiresAt?: string) => ({
  ...{ conversation: 'c', message, author: 'alice', at: '2026-01-02T03:04:05.678Z' },
  ...(expiresAt === undefined ? {} : { expiresAt }),
})
const opening = (message: string, expiresAt?: string) => ({ conversation: 'c', message, expiresAt })
const from = (ms: number) => new Date(Date.now() + ms).toISOString()
const hour = 60 * 60 * 1000
const rows = async () =>
  (await database.pool.query<{ id: string }>('SELECT id FROM keyring.content_key')).rows.map(({ id }) => id)

beforeEach(async () => {
  await ringOf()
  await database.pool.query('DELETE FROM keyring.content_key')
})

describe('keys with a limit', () => {
  it('[X2] are due not before what they open is over, and not five seconds after it', () => {
    expect(dueOf('2026-01-02T03:04:05.000Z')).toBe(Date.parse('2026-01-02T03:04:05.000Z'))
    expect(dueOf('2026-01-02T03:04:05.001Z')).toBe(Date.parse('2026-01-02T03:04:10.000Z'))
    expect(dueOf('9999-12-31T23:59:59.999Z')).toBe(Date.parse('9999-12-31T23:59:59.999Z'))
  })

  it('[X3] are shared by what ends within five seconds, and by nothing that is permanent', async () => {
    const ring = await ringOf()
    const ends = Math.ceil(Date.now() / 5_000) * 5_000 + hour
    const at = (ms: number) => new Date(ends + ms).toISOString()
    const sealed = await Promise.all([
      ring.seal(place('1', at(-4_999)), '1'),
      ring.seal(place('2', at(0)), '2'),
      ring.seal(place('3', at(1)), '3'),
      ring.seal(place('4'), '4'),
      ring.seal(place('5', '9999-12-31T23:59:59.999Z'), '5'),
    ])
    const [one, two, ...others] = sealed.map(({ key }) => key)
    expect(one).toBe(two)
    expect(new Set([one, ...others]).size).toBe(4)
    const later = await ringOf()
    expect(await later.open(opening('5', '9999-12-31T23:59:59.999Z'), sealed[4])).toBe('5')
  })

  it('[X1] open nothing that is over, and nothing when they are due, though the key is there and at hand', async () => {
    let now = Date.now()
    const ring = await ringOf(() => now)
    const expiresAt = new Date(Math.ceil(now / 5_000) * 5_000 + hour + 1_000).toISOString()
    const sealed = await ring.seal(place('m', expiresAt), 'text')
    expect(await ring.open(opening('m', expiresAt), sealed)).toBe('text')
    now = Date.parse(expiresAt)
    expect(await ring.open(opening('m', expiresAt), sealed)).toBeNull()
    expect(await ring.open(opening('m'), sealed)).toBe('text') // a grant, which is asked for without the time
    now = dueOf(expiresAt)
    expect(await ring.open(opening('m'), sealed)).toBeNull()
    const another = await ringOf(() => now)
    expect(await another.open(opening('m'), sealed)).toBeNull()
    expect(await rows()).toEqual([sealed.key])
  })

  it('[X2] are kept nowhere for what is over before it is said', async () => {
    const ring = await ringOf()
    const sealed = await ring.seal(place('old', '2004-12-25T00:00:00.000Z'), 'text')
    expect(await ring.open(opening('old'), sealed)).toBeNull()
    expect(await rows()).toEqual([])
  })
})

describe('what is due', () => {
  it('[X5] is deleted once, by however many that do it at once, and nothing else is', async () => {
    const ring = await ringOf()
    const seal = async (message: string, expiresAt?: string) => ring.seal(place(message, expiresAt), message)
    const some = await Promise.all(Array.from({ length: 30 }, (_, n) => seal(`m${n}`, from(hour + n * 5_000))))
    const kept = await Promise.all([seal('permanent'), seal('later', from(24 * hour))])
    const due = some.map(({ key }) => key)
    await database.pool.query('UPDATE keyring.content_key SET due = now() WHERE id = ANY($1::uuid[])', [due])
    const sweepers = Array.from({ length: 4 }, () => openDueKeys(database.pool))
    const told = await sweepers[0]!.byConversation()
    expect(told).toMatchObject([{ conversation: 'c', kept: 1 }])
    expect([...told[0]!.due].sort()).toEqual([...due].sort())
    const deleted = await Promise.all(sweepers.map(({ destroy }) => destroy()))
    const rest = await sweepers[0]!.destroy() // what another had in hand is not waited for
    expect([...deleted.flat(), ...rest].sort()).toEqual([...due].sort())
    expect((await rows()).sort()).toEqual(kept.map(({ key }) => key).sort())
    const { inMs } = await sweepers[0]!.next()
    expect(inMs).toBeGreaterThan(23 * hour)
    await sweepers[0]!.vacuum()
  })
})
