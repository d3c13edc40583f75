// What the read models answer after given events.
import { describe, expect, it } from 'vitest'
import { freshDatabase } from '../support/postgres.ts'
import { History, messageId, timeOf } from './history.ts'
import { folded } from './read-models.ts'

const database = freshDatabase()
const answers = async (history: History) => (await folded(database.pool, history.events)).queries

describe('conversations', () => {
  it('are told as the log has left them', async () => {
    const history = new History()
    history.started('g', ['ann', 'bob'], {
      memberLimit: 5,
      delivered: false,
      retention: { mode: 'temporary', ttlMs: 9 },
    })
    history.joined('g', 'cid')
    history.left('g', 'bob')
    history.said('g', 'ann')
    const queries = await answers(history)
    expect(await queries.conversations(['g', 'none'])).toEqual([
      {
        conversation: 'g',
        asOf: 400,
        kind: 'group',
        name: 'The g',
        memberLimit: 5,
        delivered: false,
        retention: { mode: 'temporary', ttlMs: 9 },
        seq: 3,
        members: [
          { user: 'ann', role: 'owner' },
          { user: 'cid', role: 'member' },
        ],
        former: ['bob'],
        imported: [],
      },
    ])
  })

  it('know up to which line a history was imported, and the limit it needed', async () => {
    const history = new History()
    history.started('g', [])
    history.imported('g', 'a.txt', 10)
    history.imported('g', 'b.txt', 5)
    history.imported('g', 'a.txt', 30, 2000)
    const [row] = await (await answers(history)).conversations(['g'])
    expect(row).toMatchObject({ seq: 3, memberLimit: 2000 })
    expect(row!.imported).toEqual([
      { source: 'a.txt', upToLine: 30 },
      { source: 'b.txt', upToLine: 5 },
    ])
  })

  it('are listed for auditors a page at a time, by their ids in the order of code points', async () => {
    const history = new History()
    for (const id of ['b', 'a', 'B', 'c']) history.started(id, ['ann'])
    const queries = await answers(history)
    const first = await queries.allConversations(undefined, 2)
    expect(first.map(row => row.conversation)).toEqual(['B', 'a'])
    const rest = await queries.allConversations('a', 9)
    expect(rest.map(row => row.conversation)).toEqual(['b', 'c'])
  })
})

describe('messages', () => {
  const talk = () => {
    const history = new History()
    history.started('g', ['ann', 'bob'])
    for (let seq = 1; seq <= 6; seq++) history.said('g', 'ann')
    return history
  }
  const seqs = (rows: readonly { seq: number }[] | undefined) => rows?.map(row => row.seq)

  it('come as pages: the newest, those before a seq, the oldest after a seq, always ascending', async () => {
    const queries = await answers(talk())
    expect(seqs(await queries.messages('bob', 'g', { limit: 2 }))).toEqual([5, 6])
    expect(seqs(await queries.messages('bob', 'g', { before: 5, limit: 2 }))).toEqual([3, 4])
    expect(seqs(await queries.messages('bob', 'g', { after: 2, limit: 2 }))).toEqual([3, 4])
    expect(seqs(await queries.messages('bob', 'g', { after: 2, before: 4, limit: 9 }))).toEqual([3])
    expect(seqs(await queries.messages('bob', 'g', { after: 6, limit: 9 }))).toEqual([])
  })

  it('come as pages that end after a megabyte, with what they were edited to, and go on in both directions', async () => {
    const history = new History()
    history.started('g', ['ann', 'bob'])
    // 400 KiB each as they are kept, and another 2,000 of the fourth
    const said = Array.from({ length: 6 }, () => history.said('g', 'ann', { bytes: 300 * 1024 }))
    history.edited(said[3]!, 'ann', '.'.repeat(1_500 * 1024))
    const queries = await answers(history)
    const page = async (asked: { before?: number; after?: number }) =>
      seqs(await queries.messages('bob', 'g', { ...asked, limit: 9 }))
    expect(await page({ after: 0 })).toEqual([1, 2, 3])
    expect(await page({ after: 3 })).toEqual([4])
    expect(await page({ after: 4 })).toEqual([5, 6])
    expect(await page({ after: 6 })).toEqual([])
    expect(await page({})).toEqual([4, 5, 6])
    expect(await page({ before: 4 })).toEqual([1, 2, 3])
    expect(await page({ before: 1 })).toEqual([])
  })

  it('are returned as they were sent, content sealed', async () => {
    const history = talk()
    const sent = history.events.at(-1)!
    const [row] = (await (await answers(history)).messages('bob', 'g', { limit: 1 }))!
    expect(row).toEqual({
      conversation: 'g',
      seq: 6,
      id: sent.id,
      from: 'ann',
      at: timeOf(sent.position),
      content: { key: 'key-g-ann', box: Buffer.from(`box of ${sent.id}`).toString('base64') },
      reactions: [],
      position: sent.position,
    })
  })

  it('tell what became of those it became of, when each was said, and when its time is over', async () => {
    const history = new History()
    history.started('g', ['ann', 'bob'])
    const times = [
      '1969-12-31T23:59:59.999Z',
      '2004-07-05T10:00:00.000Z',
      '2026-01-01T00:00:00.120Z',
      '2026-01-01T00:01:00.007Z',
    ]
    const expiresAt = '2026-01-08T00:00:00.120Z'
    const said = times.map((at, n) => history.said('g', 'ann', { at, ...(n === 2 && { expiresAt }) }))
    const edit = history.edited(said[0]!)
    history.edited(said[1]!)
    history.retracted(said[1]!)
    history.reacted(said[2]!, 'bob', 'tab\t, line\n, "quotes" \\')
    const rows = said.map(({ id, revision: seq, position, data: { content } }, n) => ({
      ...{ conversation: 'g', seq, id, from: 'ann', at: times[n], content, reactions: [] as object[], position },
    }))
    Object.assign(rows[0]!, { content: edit.data.content, editedAt: edit.data.at })
    Object.assign(rows[1]!, { content: null })
    const reaction = { reaction: 'tab\t, line\n, "quotes" \\', count: 1, mine: true, users: ['bob'] }
    Object.assign(rows[2]!, { expiresAt, reactions: [reaction] })
    const queries = await answers(history)
    expect(await queries.messages('bob', 'g', { limit: 9 })).toEqual(rows)
    expect(await queries.messages('bob', 'g', { after: 0, limit: 2 })).toEqual(rows.slice(0, 2))
    expect(await queries.messages('bob', 'g', { before: 4, limit: 1 })).toEqual([rows[2]])
  })

  it('[P1] are seen in the times of membership and never in the gaps, on pages that span several of them', async () => {
    const history = new History()
    history.started('g', ['ann', 'bob'])
    history.said('g', 'ann') // 1
    history.left('g', 'bob') // 2
    history.said('g', 'ann') // 3: not for bob
    history.joined('g', 'bob') // 4
    history.said('g', 'ann') // 5
    history.left('g', 'bob') // 6
    history.said('g', 'ann') // 7: not for bob
    const queries = await answers(history)
    expect(seqs(await queries.messages('bob', 'g', { limit: 9 }))).toEqual([1, 5])
    expect(seqs(await queries.messages('bob', 'g', { after: 0, limit: 9 }))).toEqual([1, 5])
    expect(seqs(await queries.messages('bob', 'g', { after: 1, limit: 9 }))).toEqual([5])
    expect(seqs(await queries.messages('bob', 'g', { before: 5, limit: 9 }))).toEqual([1])
    expect(seqs(await queries.messages('bob', 'g', { limit: 1 }))).toEqual([5])
  })

  it('are undefined for who was never in the conversation, and empty for a member of a silent one', async () => {
    const history = new History()
    history.started('g', ['ann'])
    const queries = await answers(history)
    expect(await queries.messages('bob', 'g', { limit: 9 })).toBeUndefined()
    expect(await queries.messages('bob', 'no\0where', { limit: 9 })).toBeUndefined()
    expect(await queries.messages('ann', 'g', { limit: 9 })).toEqual([])
  })

  it('are found by their ids; of two with one id, the earlier', async () => {
    const history = new History()
    history.started('g', ['ann'])
    history.started('h', ['bob'])
    const first = history.said('g', 'ann', { id: messageId('twice') })
    history.said('h', 'bob', { id: messageId('twice') })
    const other = history.said('h', 'bob')
    const found = await (await answers(history)).saidById([messageId('twice'), other.id, messageId('none'), 'no uuid'])
    expect(found).toHaveLength(2)
    expect(found).toContainEqual(expect.objectContaining({ id: first.id, conversation: 'g', from: 'ann', seq: 1 }))
    expect(found).toContainEqual(expect.objectContaining({ id: other.id, conversation: 'h', seq: 2 }))
  })

  it('[M7] have ids that can be read page after page, with those of what became of messages', async () => {
    const history = new History()
    history.started('g', ['ann', 'bob'])
    const said = Array.from({ length: 5 }, () => history.said('g', 'ann'))
    const became = [history.edited(said[0]!), history.reacted(said[1]!, 'bob')]
    const { saidIds } = await answers(history)
    const pages: string[][] = []
    for (let last = ''; pages.at(-1)?.length !== 0; last = pages.at(-1)!.at(-1)!)
      pages.push([...(await saidIds(last, 3))])
    expect(pages.map(page => page.length)).toEqual([3, 3, 1, 0])
    expect(pages.flat()).toEqual([...said, ...became].map(({ id }) => id).sort())
  })

  it('[P2] of a conversation whose start the log does not tell are passed over', async () => {
    const history = new History()
    history.said('lost', 'ann')
    history.joined('lost', 'bob')
    history.read('lost', 'bob', 0)
    history.started('g', ['bob'])
    const queries = await answers(history)
    expect(await queries.saidById([history.events[0]!.id])).toEqual([])
    expect((await queries.inbox('bob')).map(row => row.conversation)).toEqual(['g'])
  })
})

describe('an inbox', () => {
  it('shows each conversation with its last message, its members, own marks and what is unread', async () => {
    const history = new History()
    history.started('d', ['ann', 'bob'], { kind: 'direct', name: null })
    history.said('d', 'ann')
    history.said('d', 'bob')
    const last = history.said('d', 'ann')
    history.delivered('d', 'bob', 3, 'desk')
    history.read('d', 'bob', 1)
    expect(await (await answers(history)).inbox('bob')).toEqual([
      {
        conversation: 'd',
        kind: 'direct',
        name: null,
        unread: 1,
        last: expect.objectContaining({ id: last.id, seq: 3, from: 'ann' }) as unknown,
        members: ['ann', 'bob'],
        delivered: 3,
        read: 1,
        member: true,
        place: last.position,
      },
    ])
  })

  it('is in the order of last activity, also where imported messages tell older times', async () => {
    const history = new History()
    history.started('a', ['ann'])
    history.started('b', ['ann'])
    history.said('b', 'ann')
    history.started('c', ['ann'])
    history.said('a', 'bob', { at: '2004-07-05T10:00:00.000Z' })
    const inbox = await (await answers(history)).inbox('ann')
    expect(inbox.map(row => row.conversation)).toEqual(['a', 'c', 'b'])
    expect(inbox[0]!.last!.at).toBe('2004-07-05T10:00:00.000Z')
  })

  it('[P1] keeps what was said while one was a member, and shows who has left the members of then', async () => {
    const history = new History()
    history.started('g', ['ann', 'bob', 'dee'])
    const last = history.said('g', 'ann')
    history.left('g', 'dee')
    history.renamed('g', 'with bob')
    history.left('g', 'bob')
    history.said('g', 'ann')
    history.joined('g', 'cid')
    history.renamed('g', 'without bob')
    const queries = await answers(history)
    const [row] = await queries.inbox('bob')
    expect(row).toMatchObject({ member: false, unread: 1, last: { id: last.id }, members: ['ann', 'bob'] })
    expect([row!.name, (await queries.inbox('dee'))[0]!.name, (await queries.inbox('ann'))[0]!.name]).toEqual([
      'with bob',
      'The g',
      'without bob',
    ])
  })

  it('has no last message where one has seen none', async () => {
    const history = new History()
    history.started('g', ['ann'])
    history.said('g', 'ann')
    history.joined('g', 'bob')
    expect(await (await answers(history)).inbox('bob')).toMatchObject([
      { last: null, unread: 0, delivered: -1, read: -1 },
    ])
  })
})

describe('receipts', () => {
  it('[P3] of a message are who got and read it, when first, on which device; reading is getting', async () => {
    const history = new History()
    history.started('g', ['ann', 'bob', 'cid', 'dee'])
    history.said('g', 'ann')
    const message = history.said('g', 'ann')
    history.delivered('g', 'bob', 1)
    const got = history.delivered('g', 'bob', 2)
    history.said('g', 'ann')
    const read = history.read('g', 'bob', 3)
    history.delivered('g', 'bob', 3)
    const both = history.read('g', 'bob', 2, 'desk')
    history.delivered('g', 'cid', 1)
    history.read('g', 'ann', 3)
    const queries = await answers(history)
    expect((await queries.receiptsOf('ann', 'g', message.id))?.receipts).toEqual([
      { user: 'bob', device: 'desk', delivered: timeOf(both.position), read: timeOf(both.position) },
      { user: 'bob', device: 'phone', delivered: timeOf(got.position), read: timeOf(read.position) },
    ])
  })

  it('[P3] of a message leave out who could not see it, whatever their mark', async () => {
    const history = new History()
    history.started('g', ['ann'])
    const message = history.said('g', 'ann')
    history.joined('g', 'bob')
    history.said('g', 'ann')
    history.read('g', 'bob', 3)
    const queries = await answers(history)
    expect((await queries.receiptsOf('ann', 'g', message.id))?.receipts).toEqual([])
    expect(await queries.receiptsOf('bob', 'g', message.id)).toBeUndefined()
    expect(await queries.receiptsOf('ann', 'g', messageId('none'))).toBeUndefined()
  })

  it('give the marks of each device, and leave out who has none', async () => {
    const history = new History()
    history.started('g', ['ann'])
    history.delivered('g', 'ann', 5)
    history.read('g', 'ann', 3)
    history.delivered('g', 'ann', 2)
    history.read('g', 'ann', 1, 'desk')
    const asked = ['phone', 'desk', 'watch'].map(device => ({ conversation: 'g', user: 'ann', device }))
    const marks = await (await answers(history)).marks(asked)
    expect(marks).toHaveLength(2)
    expect(marks).toContainEqual({ ...asked[0], delivered: 5, read: 3 })
    expect(marks).toContainEqual({ ...asked[1], delivered: 1, read: 1 })
  })
})

describe('who arrives', () => {
  it('[P4] has the memberships they had as of a position: what came later does not count', async () => {
    const history = new History()
    history.started('g', ['ann', 'bob'])
    const left = history.left('g', 'bob')
    const back = history.joined('g', 'bob')
    const queries = await answers(history)
    const stays = async (users: readonly string[], asOf: number) => {
      const who = users.map(user => ({ user, device: 'phone' }))
      return (await queries.arrivals(who, asOf)).map(arrival => arrival.stays)
    }
    const open = { conversation: 'g', joinedSeq: 0, leftSeq: null }
    const over = { conversation: 'g', joinedSeq: 0, leftSeq: 1 }
    expect(await stays(['bob'], left.position - 1)).toEqual([[open]])
    expect(await stays(['bob'], left.position)).toEqual([[over]])
    const again = { conversation: 'g', joinedSeq: 2, leftSeq: null }
    expect(await stays(['bob', 'eve', 'bob'], back.position)).toEqual([[over, again], [], [over, again]])
    expect(await stays(['bob'], 0)).toEqual([[]])
    expect(await stays(['bob\0', '\ud800'], back.position)).toEqual([[], []])
  })
})

describe('changes', () => {
  it('[P5] tell who joins a started conversation of their own joining alone', async () => {
    const history = new History()
    history.started('g', ['ann', 'bob', 'cid'])
    const { rows: changes } = await (await answers(history)).changes('bob', -1, history.end, 9)
    expect(changes).toEqual([
      {
        what: 'member',
        conversation: 'g',
        seq: 0,
        user: 'bob',
        change: 'joined',
        role: 'member',
        by: null,
        at: history.at,
        position: history.end,
      },
    ])
  })

  it('come in pages that go on where the last one ended', async () => {
    const history = new History()
    history.started('g', ['ann', 'bob'])
    for (let n = 0; n < 10; n++) {
      const { revision } = history.said('g', 'ann')
      history.read('g', 'bob', revision)
      history.joined('g', `guest${n}`)
    }
    const queries = await answers(history)
    const { rows: all } = await queries.changes('bob', -1, history.end, 99)
    expect(all).toHaveLength(31)
    const paged = []
    for (let after = -1; after < history.end; after = paged.at(-1)!.position)
      paged.push(...(await queries.changes('bob', after, history.end, 4)).rows)
    expect(paged).toEqual(all)
  })
})

describe('what is undelivered', () => {
  it('is said by others, not acknowledged by any device, in conversations that keep delivered marks', async () => {
    const history = new History()
    history.started('d', ['ann', 'bob'], { kind: 'direct' })
    history.started('g', ['ann', 'bob'], { delivered: false })
    history.said('d', 'ann')
    history.delivered('d', 'bob', 1, 'desk')
    history.said('d', 'bob')
    const missing = history.said('d', 'ann')
    history.said('g', 'ann')
    const later = history.said('d', 'ann')
    const queries = await answers(history)
    const ids = async (upTo: number, limit: number) =>
      (await queries.undelivered('bob', upTo, limit)).map(row => row.id)
    expect(await ids(history.end, 9)).toEqual([missing.id, later.id])
    expect(await ids(history.end, 1)).toEqual([missing.id])
    expect(await ids(later.position - 1, 9)).toEqual([missing.id])
  })

  it('[J52] is answered to each of those who ask at once, each with their own bounds', async () => {
    const history = new History()
    history.started('d', ['ann', 'bob'], { kind: 'direct' })
    history.started('e', ['ann', 'eve'], { kind: 'direct' })
    history.started('g', ['ann', 'gus'], { kind: 'direct' })
    const [toBob, toEve, alsoToEve, toAnn] = [
      history.said('d', 'ann'),
      history.said('e', 'ann'),
      history.said('e', 'ann'),
      history.said('d', 'bob'),
    ]
    /** 400 KiB each, as they are kept: with three of them a page is full. */
    const toGus = Array.from({ length: 5 }, () => history.said('g', 'ann', { bytes: 300 * 1024 }))
    const queries = await answers(history)
    const asked: [user: string, after: number, upTo: number, limit: number][] = [
      ['eve', -1, history.end, 9],
      ['gus', -1, history.end, 9],
      ['bob', -1, history.end, 9],
      ['eve', -1, toEve.position, 9],
      ['nobody', -1, history.end, 9],
      ['gus', toGus[2]!.position, history.end, 9],
      ['eve', -1, history.end, 1],
      ['ann', -1, history.end, 9],
      ['eve', toEve.position, history.end, 9],
    ]
    const found = await Promise.all(asked.map(of => queries.unacknowledged(...of)))
    const ids = (...said: { id: string }[]) => said.map(({ id }) => id)
    expect(found.map(({ rows, more }) => ({ rows: ids(...rows), more }))).toEqual([
      { rows: ids(toEve, alsoToEve), more: false },
      { rows: ids(...toGus.slice(0, 3)), more: true },
      { rows: ids(toBob), more: false },
      { rows: ids(toEve), more: false },
      { rows: [], more: false },
      { rows: ids(...toGus.slice(3)), more: false },
      { rows: ids(toEve), more: true },
      { rows: ids(toAnn), more: false },
      { rows: ids(alsoToEve), more: false },
    ])
  })
})

describe('whether a device is linked', () => {
  it('[J53] is answered to each of those who ask at once', async () => {
    const history = new History()
    history.linked('ann', 'desk')
    history.linked('bob', 'phone')
    history.signedOut('bob', 'phone')
    const queries = await answers(history)
    const asked = [
      { user: 'bob', device: 'phone' },
      { user: 'ann', device: 'desk' },
      { user: 'eve', device: 'desk' },
      { user: 'ann', device: 'phone' },
    ]
    const found = await queries.arrivals(asked, history.end)
    expect(found.map(({ standing }) => standing)).toEqual(['not-linked', 'linked', 'unknown', 'not-linked'])
  })
})

describe('presence', () => {
  it('is the latest own activity and the sessions that are open, for each who is asked about', async () => {
    const history = new History()
    history.active('ann', '2024-05-05T05:05:05.005Z')
    history.active('ann', '2024-05-05T05:05:04.000Z')
    history.opened('ann', 's1')
    history.opened('ann', 's2')
    history.opened('ann', 's1')
    history.closed('ann', 's1')
    history.closed('ann', 's9')
    history.opened('bob', 's3')
    history.closed('bob', 's3')
    history.opened('bob', 's3')
    const queries = await answers(history)
    expect(await queries.presence(['bob', 'ann', 'eve', 'ann'])).toEqual([
      { user: 'ann', lastSeen: '2024-05-05T05:05:05.005Z', sessions: ['s2'] },
      { user: 'bob', lastSeen: null, sessions: ['s3'] },
      { user: 'eve', lastSeen: null, sessions: [] },
    ])
  })
})
