// Who is online, given what has happened and what time it is.
import { describe, expect, it } from 'vitest'
import type { RecordedEvent } from '../../src/eventstore/index.ts'
import type { PresenceRow, Projections } from '../../src/projections/index.ts'
import type { Outgoing } from '../../src/gateway/socket/outbox.ts'
import { createPresence, isOnline } from '../../src/gateway/socket/presence.ts'
import type { Audience } from '../../src/domain/index.ts'
import { active, clock, closed, joined, opened, ownAffair, textOf } from './given.ts'

const windowMs = 10_000

function office(rows: PresenceRow[] = [], most = 3) {
  const time = clock()
  const kept: RecordedEvent[] = []
  const asked: (readonly string[])[] = []
  /** Who is not simply seen: whether they are, and whom they let. */
  const hidden = new Map<string, [boolean, Audience]>()
  const questions: string[][] = []
  const shedding = { now: false }
  let open = () => {}
  const gate = new Promise<void>(resolve => (open = resolve))
  const queries = {
    presence: async (users: readonly string[]) => {
      asked.push(users)
      await gate
      return rows.filter(({ user }) => users.includes(user))
    },
    sight: (pairs: readonly { viewer: string; user: string }[]) => {
      questions.push(pairs.map(({ viewer, user }) => `${viewer} ${user}`))
      return Promise.resolve(
        pairs.map(pair => {
          const [sees, audience] = hidden.get(pair.user) ?? [true, 'everyone']
          return { ...pair, sees, audience }
        }),
      )
    },
  }
  const projections = { queries, position: () => 0, reached: () => Promise.resolve(true) } as unknown as Projections
  const presence = createPresence(projections, { since: () => kept, head: () => 0 }, time, {
    onlineWindowMs: windowMs,
    most,
    sheds: () => shedding.now,
  })
  return { presence, time, kept, asked, open, hidden, questions, shedding }
}

function watcher(user = 'alice') {
  const told: string[] = []
  return {
    user,
    told,
    tell: (frame: Outgoing) => {
      const { user, state } = JSON.parse(textOf(frame)) as { user: string; state: string }
      told.push(`${user} ${state}`)
    },
  }
}

describe('presence', () => {
  it('[G18] online is a session open and something done within the window, nothing less', () => {
    const now = Date.parse('2026-01-01T00:00:10.000Z')
    expect(isOnline(1, '2026-01-01T00:00:01.000Z', now, windowMs)).toBe(true)
    expect(isOnline(1, '2026-01-01T00:00:00.000Z', now, windowMs)).toBe(false)
    expect(isOnline(0, '2026-01-01T00:00:09.000Z', now, windowMs)).toBe(false)
    expect(isOnline(1, null, now, windowMs)).toBe(false)
  })

  it('[G18] who watches is told each user’s state at once, then only changes', async () => {
    const { presence, time, open } = office()
    open()
    const alice = watcher()
    await presence.watch(alice, ['bob', 'eve'])
    expect(alice.told).toEqual(['bob offline', 'eve offline'])
    presence.take([opened('bob', 's', 1)]) // connecting is the app's doing
    presence.take([active('bob', time.now(), 2), active('bob', time.now(), 3)])
    presence.take([closed('bob', 's', 4)])
    expect(alice.told.slice(2)).toEqual(['bob online', 'bob offline'])
  })

  it('[G18] who does nothing for the window’s length is offline; who does something stays', async () => {
    const { presence, time, open } = office()
    open()
    const alice = watcher()
    await presence.watch(alice, ['bob'])
    presence.take([opened('bob', 's', 1), active('bob', time.now(), 2)])
    time.pass(windowMs - 1)
    presence.take([active('bob', time.now(), 3)])
    time.pass(windowMs - 1)
    expect(alice.told).toEqual(['bob offline', 'bob online'])
    time.pass(1)
    expect(alice.told).toEqual(['bob offline', 'bob online', 'bob offline'])
  })

  it('[G18] what happens while the state is loaded counts, whether the answer has it or not', async () => {
    const row = { user: 'bob', sessions: ['s1', 's2'], lastSeen: null }
    const { presence, time, kept, open } = office([row])
    kept.push(closed('bob', 's1', 1))
    const alice = watcher()
    const watching = presence.watch(alice, ['bob'])
    presence.take([closed('bob', 's2', 2), opened('bob', 's3', 3), active('bob', time.now(), 4)])
    open()
    await watching
    expect(alice.told).toEqual(['bob online'])
    presence.take([closed('bob', 's3', 5)])
    expect(alice.told).toEqual(['bob online', 'bob offline'])
  })

  it('[G18] a user that is watched already is not asked about again; one that nobody watches any more is forgotten', async () => {
    const { presence, time, asked, open } = office()
    open()
    const [alice, eve] = [watcher(), watcher()]
    await presence.watch(alice, ['bob'])
    await presence.watch(eve, ['bob'])
    expect(asked.filter(users => users.length > 0)).toEqual([['bob']])
    presence.unwatch(alice, ['bob'])
    presence.forget(eve)
    presence.take([opened('bob', 's', 1), active('bob', time.now(), 2)])
    expect([...alice.told, ...eve.told]).toEqual(['bob offline', 'bob offline'])
    await presence.watch(eve, ['bob'])
    expect(asked.filter(users => users.length > 0)).toHaveLength(2)
  })

  it('[G19] one session may watch so many and no more; being refused changes nothing', async () => {
    const { presence, open } = office()
    open()
    const alice = watcher()
    expect(await presence.watch(alice, ['a', 'b', 'b'])).toBeUndefined()
    expect(await presence.watch(alice, ['c', 'd'])).toMatchObject({ refused: 'not-allowed' })
    presence.unwatch(alice, ['a'])
    expect(await presence.watch(alice, ['c', 'b'])).toBeUndefined()
    expect(alice.told).toEqual(['a offline', 'b offline', 'c offline', 'b offline'])
  })
})

describe('who may see whom', () => {
  const settled = () => new Promise(setImmediate)

  it('[B3] who may not is told that they are offline, and of no change', async () => {
    const { presence, time, open, hidden } = office()
    open()
    hidden.set('bob', [false, 'nobody'])
    const [alice, bobs] = [watcher(), watcher('bob')]
    await presence.watch(alice, ['bob', 'eve'])
    presence.take([
      opened('bob', 's', 1),
      active('bob', time.now(), 2),
      opened('eve', 't', 3),
      active('eve', time.now(), 4),
    ])
    expect(alice.told).toEqual(['bob offline', 'eve offline', 'eve online'])
    hidden.set('bob', [true, 'nobody']) // their own
    await presence.watch(bobs, ['bob'])
    expect(bobs.told).toEqual(['bob online'])
  })

  it('[B3] is asked again when somebody changes whom they let, and told where it is another', async () => {
    const { presence, time, open, hidden } = office()
    open()
    const alice = watcher()
    await presence.watch(alice, ['bob', 'eve'])
    presence.take([opened('bob', 's', 1), active('bob', time.now(), 2)])
    hidden.set('bob', [false, 'nobody'])
    presence.take([ownAffair('PrivacyChanged', 'bob', 3)])
    await settled()
    presence.take([closed('bob', 's', 4), opened('bob', 's2', 5)])
    hidden.set('bob', [true, 'everyone'])
    presence.take([ownAffair('UserUnblocked', 'bob', 6)])
    await settled()
    expect(alice.told).toEqual(['bob offline', 'eve offline', 'bob online', 'bob offline', 'bob online'])
  })

  it('[B3] is asked again when those whom only contacts see meet or part, and for nobody else', async () => {
    const { presence, open, hidden, questions } = office()
    open()
    hidden.set('bob', [false, 'contacts'])
    const alice = watcher()
    await presence.watch(alice, ['bob', 'eve'])
    presence.take([joined('eve', { position: 1 }), joined('somebody', { position: 2 })])
    await settled()
    expect(questions).toHaveLength(1)
    presence.take([joined('alice', { position: 3 })])
    presence.take([joined('bob', { position: 4 })])
    await settled()
    expect(questions.slice(1)).toEqual([['alice bob'], ['alice bob']])
    presence.forget(alice)
    presence.take([joined('bob', { position: 5 })])
    await settled()
    expect(questions).toHaveLength(3)
  })

  it('[H4] whose changes were not told while it was too much is told as they are, once it is over', async () => {
    const { presence, time, open, shedding } = office()
    open()
    const [alice, late] = [watcher(), watcher('late')]
    await presence.watch(alice, ['bob', 'eve', 'dan'])
    alice.told.length = 0
    shedding.now = true
    presence.take([opened('bob', 's', 1), active('bob', time.now(), 2)])
    presence.take([opened('eve', 't', 3), active('eve', time.now(), 4)])
    presence.take([closed('eve', 't', 5)])
    expect(alice.told).toEqual([])
    await presence.watch(late, ['bob']) // who asks is answered, whatever there is to do
    expect(late.told).toEqual(['bob online'])
    presence.repair()
    expect(alice.told).toEqual([])
    shedding.now = false
    presence.repair()
    expect(alice.told.toSorted()).toEqual(['bob online', 'eve offline'])
    presence.repair()
    expect(alice.told).toHaveLength(2)
  })

  it('[H4] who is not watched any more is not told; many are told a few at a time', async () => {
    const { presence, time, open, shedding } = office([], 1_000)
    open()
    const alice = watcher()
    const users = Array.from({ length: 500 }, (_, n) => `user-${n}`)
    await presence.watch(alice, [...users, 'bob'])
    shedding.now = true
    const events = [...users, 'bob'].flatMap((user, n) => [opened(user, `s${n}`, n), active(user, time.now(), n)])
    presence.take(events)
    presence.unwatch(alice, ['bob'])
    alice.told.length = 0
    shedding.now = false
    presence.repair()
    expect(alice.told).toHaveLength(200)
    time.pass(100)
    expect(alice.told.toSorted()).toEqual(users.map(user => `${user} online`).toSorted())
  })
})
