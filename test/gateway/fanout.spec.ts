// Who is told what, given what has happened.
import { Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { Batch, Feed, RecordedEvent } from '../../src/eventstore/index.ts'
import type { Projections } from '../../src/projections/index.ts'
import { createCursors } from '../../src/gateway/socket/cursor.ts'
import { Fanout } from '../../src/gateway/socket/fanout.ts'
import { createFrames } from '../../src/gateway/socket/frames.ts'
import { createLogins } from '../../src/gateway/socket/logins.ts'
import { conversation, ear, type Ear, joined, left, marked, sent, started } from './given.ts'

const cursors = createCursors('epoch')
/** Contents of given events are sealed by nothing: the box is the text. */
const keyring = { seal: () => ({ key: 'k', box: '' }), open: (_: object, { box }: { box: string }) => box }

/** A box with these sessions, whose users are in the conversation. */
function box(ears: Ear[], members = ears.map(({ user }) => user)) {
  const fanout = new Fanout(createFrames(keyring, cursors), 0)
  for (const one of ears) fanout.attach(one, new Map(members.includes(one.user) ? [[conversation, [0]]] : []), [])
  const then = (...events: RecordedEvent[]) => fanout.take(events, events.at(-1)?.position ?? 0)
  return { fanout, then }
}

const [phone, laptop, bobs, eves] = ['phone', 'laptop', 'bobs', 'eves'] as const

describe('the fan-out', () => {
  it('[G1] a message goes to every session of every member except the one that sent it', () => {
    const ears = [ear('alice', phone), ear('alice', laptop), ear('bob', bobs), ear('eve', eves)] as const
    box([...ears], ['alice', 'bob']).then(sent('alice', { position: 7, seq: 3, session: phone }))
    const [alices, other, bob, eve] = ears
    expect(alices.frames).toEqual([])
    expect(eve.frames).toEqual([])
    expect(bob.heard()).toMatchObject([
      { type: 'message', conversation, seq: 3, from: 'alice', body: { text: '7' }, cursor: cursors.of(7) },
    ])
    expect(other.frames[0]).toBe(bob.frames[0]) // made once, shared by all
  })

  it('[G14] a receipt goes to all other members and to the reader’s other sessions', () => {
    const ears = [ear('alice', 'a'), ear('bob', phone), ear('bob', laptop)] as const
    box([...ears]).then(marked('Read', 'bob', 4, { position: 9, session: phone }))
    expect(ears[0].heard()).toMatchObject([{ type: 'receipt', by: 'bob', read: 4, cursor: cursors.of(9) }])
    expect(ears[1].frames).toEqual([])
    expect(ears[2].frames).toHaveLength(1)
  })

  it('[G14] a receipt that does not raise the member’s mark is not pushed', () => {
    const alice = ear('alice', 'a')
    box([alice], ['alice', 'bob']).then(
      marked('Delivered', 'bob', 4, { position: 1 }),
      marked('Delivered', 'bob', 4, { position: 2 }, 'laptop'),
      marked('Read', 'bob', 3, { position: 3 }),
      marked('Read', 'bob', 6, { position: 4 }),
      marked('Delivered', 'bob', 5, { position: 5 }, 'laptop'),
    )
    expect(alice.heard().map(({ delivered, read }) => [delivered, read])).toEqual([
      [4, undefined],
      [undefined, 3],
      [undefined, 6], // what is read is delivered: delivered 5 says nothing new
    ])
  })

  it('[G15] who joins and who leaves is told to the members, themselves included; then the one sees and the other does not', () => {
    const [alice, bob] = [ear('alice', 'a'), ear('bob', 'b')]
    box([alice, bob], ['alice']).then(
      sent('alice', { position: 1 }),
      joined('bob', { position: 2 }),
      sent('alice', { position: 3 }),
      left('bob', { position: 4 }),
      sent('alice', { position: 5 }),
    )
    const seen = (one: Ear) =>
      one.heard().map(({ type, user, change, seq }) => [seq, type, user, change].join(' ').trim())
    expect(seen(bob)).toEqual(['2 member bob joined', '3 message', '4 member bob left'])
    expect(seen(alice)).toEqual(['1 message', '2 member bob joined', '3 message', '4 member bob left', '5 message'])
  })

  it('[G25] knows who is here and never was in a conversation: nobody who came in since, or left before', () => {
    const [alice, bob, eve] = [ear('alice', 'a'), ear('bob', 'b'), ear('eve', 'e')]
    const { fanout, then } = box([alice, bob, eve], ['alice'])
    then(joined('bob', { position: 2 }), left('alice', { position: 3 }))
    expect(['alice', 'bob', 'eve', 'nobody'].map(user => fanout.neverIn(user))).toEqual([false, false, true, false])
    fanout.detach(eve)
    expect(fanout.neverIn('eve')).toBe(false) // who is not here is not known
  })

  it('[G15] when a conversation starts each member is told of their own joining, and sees what follows', () => {
    const [alice, bob, eve] = [ear('alice', 'a'), ear('bob', 'b'), ear('eve', 'e')]
    box([alice, bob, eve], []).then(started(['alice', 'bob'], { position: 1, seq: 0 }), sent('alice', { position: 2 }))
    expect(bob.heard()).toMatchObject([{ type: 'member', user: 'bob', change: 'joined', seq: 0 }, { type: 'message' }])
    expect(alice.heard()[0]).toMatchObject({ user: 'alice' })
    expect(eve.frames).toEqual([])
  })

  it('[G16] a session that ended is told nothing; a user’s other sessions are', () => {
    const [first, second] = [ear('bob', 'b1'), ear('bob', 'b2')]
    const { fanout, then } = box([first, second])
    fanout.detach(first)
    then(sent('alice', { position: 1 }))
    expect([first.frames.length, second.frames.length]).toEqual([0, 1])
    fanout.detach(second)
    then(sent('alice', { position: 2 }))
    expect(second.frames).toHaveLength(1)
  })

  it('[G17] a session that joins is first told what its user may see of what the read models do not have yet', () => {
    const bob = ear('bob', 'b')
    const { fanout, then } = box([])
    const tail = [
      sent('alice', { position: 5 }),
      joined('bob', { position: 6 }),
      sent('alice', { position: 7 }),
      sent('bob', { position: 8, session: 'b' }),
      left('bob', { position: 9 }),
      sent('alice', { position: 10 }),
      started(['bob'], { position: 11, seq: 0, conversation: '00000000-0000-4000-8000-000000000000' }),
    ]
    fanout.attach(bob, new Map(), tail)
    then(
      sent('alice', { position: 12 }),
      sent('x', { position: 13, conversation: '00000000-0000-4000-8000-000000000000' }),
    )
    expect(bob.frames.map(({ position }) => position)).toEqual([6, 7, 9, 11, 13])
  })

  it('[G5] tells who waits for a position when it is there, once, and not who has stopped waiting', () => {
    const { fanout, then } = box([])
    const told: string[] = []
    fanout.whenAt(5, () => told.push('at 5'))
    const forget = fanout.whenAt(5, () => told.push('forgotten'))
    fanout.whenAt(7, () => told.push('at 7'))
    forget()
    then(sent('alice', { position: 4 }))
    expect(told).toEqual([])
    then(sent('alice', { position: 6 }))
    then(sent('alice', { position: 7 }), sent('alice', { position: 8 }))
    expect(told).toEqual(['at 5', 'at 7'])
  })

  it('[G11] a body whose key is gone is null; one that is still being opened is on its way', async () => {
    const opening: ((text: string | null) => void)[] = []
    const slow = { ...keyring, open: () => new Promise<string | null>(resolve => opening.push(resolve)) }
    const bob = ear('bob', 'b')
    const fanout = new Fanout(createFrames(slow, cursors), 0)
    fanout.attach(bob, new Map([[conversation, [0]]]), [])
    fanout.take([sent('alice', { position: 1 })], 1)
    expect(bob.frames[0]!.bytes).toBeUndefined()
    opening[0]!(null)
    await bob.frames[0]!.opened
    expect(bob.heard()).toMatchObject([{ body: null }])
  })
})

describe('logging in', () => {
  const sessionOf = (user: string) => ({ user, session: user, device: 'phone', box: 'box-1' })
  const nobodyArrives = () => Promise.reject(new Error('everybody is linked'))
  const linked = { standing: 'linked', stays: [] }
  const batches = new Subject<Batch>()
  const log: RecordedEvent[] = []
  const feed = { batches, since: (after: number) => log.filter(({ position }) => position > after) } as unknown as Feed

  it('[G17] those of one tick share a query, and what happens while it runs is neither missed nor told twice', async () => {
    const asked: { who: readonly object[]; asOf: number; answer: (rows: object[]) => void }[] = []
    const arrivals = (who: readonly object[], asOf: number) =>
      new Promise<object[]>(answer => asked.push({ who, asOf, answer }))
    const projections = { queries: { arrivals }, position: () => 3 } as unknown as Projections
    const { fanout } = box([])
    const logins = createLogins(projections, feed, fanout, { arrive: nobodyArrives })
    const happen = (event: RecordedEvent) => {
      log.push(event)
      fanout.take([event], event.position)
      logins.take([event])
    }
    log.push(sent('alice', { position: 2 }))
    happen(sent('alice', { position: 4 }))
    const [bob, eve] = [ear('bob', 'b'), ear('eve', 'e')]
    const attached = [logins.attach(bob, sessionOf('bob')), logins.attach(eve, sessionOf('eve'))]
    await new Promise(resolve => setImmediate(resolve))
    happen(sent('alice', { position: 5 }))
    happen(marked('Read', 'alice', 1, { position: 6 }))
    expect(asked).toMatchObject([{ who: [{ user: 'bob' }, { user: 'eve' }], asOf: 3 }])
    asked[0]!.answer([
      { standing: 'linked', stays: [{ conversation, joinedSeq: 0, leftSeq: null }] },
      { standing: 'linked', stays: [{ conversation, joinedSeq: 0, leftSeq: 2 }] },
    ])
    expect(await Promise.all(attached)).toEqual([3, 3])
    happen(sent('alice', { position: 7 }))
    expect(bob.frames.map(({ position }) => position)).toEqual([4, 5, 6, 7])
    expect(eve.frames).toEqual([])
  })

  it('[G17] fails where the read models cannot be asked, and the next one is tried anew', async () => {
    const answers = [Promise.reject(new Error('no database')), Promise.resolve([linked])]
    answers[0]!.catch(() => {})
    const projections = { queries: { arrivals: () => answers.shift() }, position: () => 3 } as unknown as Projections
    const logins = createLogins(projections, feed, box([]).fanout, { arrive: nobodyArrives })
    await expect(logins.attach(ear('bob', 'b'), sessionOf('bob'))).rejects.toThrow('no database')
    await expect(logins.attach(ear('bob', 'b'), sessionOf('bob'))).resolves.toBe(0)
  })

  it('[J53] waits until a device is linked that the read models do not know, and joins nothing where it cannot be', async () => {
    const queries = { arrivals: () => Promise.resolve([{ ...linked, standing: 'unknown' }]) }
    const projections = { queries, position: () => 3 } as unknown as Projections
    const { fanout } = box([])
    const told: string[] = []
    const arrive = (session: object, standing: string) => {
      told.push(standing)
      return told.length === 1 ? Promise.resolve() : Promise.reject(new Error('no store'))
    }
    const logins = createLogins(projections, feed, fanout, { arrive })
    await expect(logins.attach(ear('bob', 'b'), sessionOf('bob'))).resolves.toBe(0)
    await expect(logins.attach(ear('eve', 'e'), sessionOf('eve'))).rejects.toThrow('no store')
    expect(told).toEqual(['unknown', 'unknown'])
    expect([fanout.person('bob')?.receivers.size, fanout.person('eve')]).toEqual([1, undefined])
  })
})
