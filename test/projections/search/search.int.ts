// Search over the real stack: said through commands, indexed from the log, found by those who see it.
import { describe, expect, it } from 'vitest'
import { isRefusal } from '../../../src/domain/index.ts'
import { asked, type Asked, type Search } from '../../../src/projections/index.ts'
import { dumpReadModels } from '../../support/read-models.ts'
import { asker, freshStack, openBox } from '../../support/stack.ts'

const stack = freshStack()
const uuid = () => crypto.randomUUID()
const json = (text: string) => JSON.stringify({ text })
/** The place of what was said last. The feed may hear of it after its answer. */
let last = -1
const accepted = <T>(answer: T): Exclude<T, { refused: unknown }> => {
  if (isRefusal(answer)) throw new Error(`refused: ${JSON.stringify(answer)}`)
  if (typeof answer === 'object' && answer !== null && 'position' in answer) last = Number(answer.position)
  return answer as Exclude<T, { refused: unknown }>
}
let names = 0
const people = () => {
  names++
  return { ann: `ann-${names}`, bob: `bob-${names}`, cid: `cid-${names}` }
}
const say = async (from: string, to: string, text: string) =>
  accepted(await stack.commands.sendMessage(asker(from), { id: uuid(), to: { user: to }, body: json(text) }))
const group = async (by: string, members: string[], ttlMs?: number) => {
  const id = uuid()
  const retention = ttlMs === undefined ? ({ mode: 'permanent' } as const) : ({ mode: 'temporary', ttlMs } as const)
  accepted(await stack.commands.startGroup(asker(by), { id, name: 'tea', members, delivered: false, retention }))
  return id
}
const sayIn = async (conversation: string, from: string, text: string) =>
  accepted(await stack.commands.sendMessage(asker(from), { id: uuid(), to: { conversation }, body: json(text) }))
const indexed = async (search = stack.search) =>
  expect(await search.reached(Math.max(stack.feed.head(), last), 20_000)).toBe(true)
const opened = async (row: { conversation: string; id: string; content: unknown }) =>
  (
    JSON.parse(
      (await stack.keyring.open({ conversation: row.conversation, message: row.id }, row.content as never))!,
    ) as { text: string }
  ).text
const texts = async (user: string, question: string, more: Partial<Search> = {}, search = stack.search) => {
  const found = await search.find(user, { question: asked(question) as Asked, limit: 20, ...more })
  return found && Promise.all(found.messages.map(opened))
}

describe('search', () => {
  it('[FS2] finds words, phrases, exclusions and alternatives, newest first', async () => {
    const { ann, bob } = people()
    const said = ['New York is far', 'York, new to me', 'a new car', 'far and near', '我在北京大学', 'Ünïcode café']
    for (const text of said) await say(ann, bob, text)
    await indexed()
    expect(await texts(bob, 'NEW')).toEqual(['a new car', 'York, new to me', 'New York is far'])
    expect(await texts(bob, 'york new')).toEqual(['York, new to me', 'New York is far'])
    expect(await texts(bob, '"new york"')).toEqual(['New York is far'])
    expect(await texts(bob, 'new -car')).toEqual(['York, new to me', 'New York is far'])
    expect(await texts(bob, 'new -"new york"')).toEqual(['a new car', 'York, new to me'])
    expect(await texts(ann, 'near or car')).toEqual(['far and near', 'a new car'])
    expect(await texts(bob, '北京')).toEqual(['我在北京大学'])
    expect(await texts(bob, '京北')).toEqual([])
    expect(await texts(bob, 'unicode CAFE')).toEqual(['Ünïcode café'])
    expect(await texts(bob, 'yor')).toEqual([]) // words, not their beginnings
  })

  it('[FS3] one finds what one sees: of the times one was in, by whomever, and nothing of others', async () => {
    const { ann, bob, cid } = people()
    const tea = await group(ann, [bob])
    await sayIn(tea, ann, 'word before')
    accepted(await stack.commands.addMember(asker(ann), { conversation: tea, user: cid }))
    await sayIn(tea, bob, 'word between')
    accepted(await stack.commands.removeMember(asker(ann), { conversation: tea, user: cid }))
    await sayIn(tea, ann, 'word in the gap')
    accepted(await stack.commands.addMember(asker(ann), { conversation: tea, user: cid }))
    await sayIn(tea, cid, 'word of my own')
    await say(ann, bob, 'word between us')
    await indexed()
    expect(await texts(cid, 'word')).toEqual(['word of my own', 'word between'])
    expect(await texts(bob, 'word')).toHaveLength(5)
    expect(await texts(bob, 'word', { conversation: tea, from: ann })).toEqual(['word in the gap', 'word before'])
    expect(await texts(people().bob, 'word')).toEqual([])
    expect(await texts(cid, 'word', { conversation: uuid() })).toBeUndefined()
    accepted(await stack.commands.block(asker(bob), { user: ann }))
    await indexed()
    expect(await texts(bob, 'word', { from: ann })).toHaveLength(3) // as the history has it
  })

  it('[FS3] what was edited is found by the words one sees, what was retracted by none', async () => {
    const { ann, bob, cid } = people()
    const tea = await group(ann, [bob, cid])
    const { id: message } = await sayIn(tea, ann, 'meet at six')
    accepted(await stack.commands.removeMember(asker(ann), { conversation: tea, user: cid }))
    const edit = { conversation: tea, message, body: json('meet at seven') }
    accepted(await stack.commands.editMessage(asker(ann), { id: uuid(), ...edit }))
    await indexed()
    expect([await texts(bob, 'six'), await texts(bob, 'seven')]).toEqual([[], ['meet at seven']])
    expect([await texts(cid, 'six'), await texts(cid, 'seven')]).toEqual([['meet at six'], []])
    expect(await texts(bob, 'meet')).toEqual(['meet at seven'])
    accepted(await stack.commands.retractMessage(asker(ann), { id: uuid(), conversation: tea, message }))
    await indexed()
    for (const who of [ann, bob, cid]) expect(await texts(who, 'meet')).toEqual([])
    expect(await rowsOf(tea)).toBe(0)
  })

  it('[FS3] what is over is not found, and its row goes', async () => {
    const { ann, bob } = people()
    const [short, long] = [await group(ann, [bob], 1_000), await group(ann, [bob], 3_600_000)]
    await sayIn(short, ann, 'soon over')
    await sayIn(long, ann, 'later over')
    await indexed()
    while ((await texts(bob, 'over'))!.length > 1) await new Promise(setImmediate)
    expect(await texts(bob, 'over')).toEqual(['later over'])
    while ((await rowsOf(short)) > 0) await new Promise(setImmediate)
    expect(await rowsOf(long)).toBe(1)
  })

  it('[FS9] what was sealed with a key that is destroyed is found no more, and its row goes', async () => {
    const { ann, bob } = people()
    const { conversation } = await say(ann, bob, 'erased')
    await say(bob, ann, 'erased, not')
    await indexed()
    const { rows } = await stack.pool.query<{ id: string }>(
      'DELETE FROM keyring.content_key WHERE conversation = $1 AND author = $2 RETURNING id::text',
      [conversation, ann],
    )
    await stack.search.forget(rows.map(({ id }) => id))
    expect(await rowsOf(conversation)).toBe(1)
    expect(await texts(bob, 'erased')).toEqual(['erased, not'])
  })

  it('[FS4] pages through everything, each message once', async () => {
    const { ann, bob } = people()
    for (let n = 0; n < 13; n++) await say(n % 2 ? ann : bob, n % 2 ? bob : ann, `page ${n}`)
    await indexed()
    const seen: string[] = []
    for (let before: number | undefined; ;) {
      const found = await stack.search.find(ann, { question: asked('page') as Asked, limit: 5, before })
      seen.push(...(await Promise.all(found!.messages.map(opened))))
      if (found!.next === null) break
      before = found!.next
    }
    expect(seen).toEqual(Array.from({ length: 13 }, (_, n) => `page ${12 - n}`))
  })

  it('[FS6] two boxes index each message once; a box that comes later, and one that builds anew, have the same', async () => {
    const other = await openBox(stack.storeUrl, stack.pool, stack.masterKey)
    const { ann, bob } = people()
    await Promise.all(Array.from({ length: 40 }, (_, n) => say(ann, bob, `both ${n}`)))
    await indexed()
    await indexed(other.search)
    await other.close()
    await Promise.all(Array.from({ length: 40 }, (_, n) => say(bob, ann, `both ${n}`)))
    await indexed()
    const later = await openBox(stack.storeUrl, stack.pool, stack.masterKey)
    await indexed(later.search)
    expect(await texts(ann, 'both', { limit: 100 }, later.search)).toHaveLength(80)
    await later.close()
    const anew = await openBox(stack.storeUrl, stack.pool, stack.masterKey, 'anew')
    await indexed(anew.search)
    const [live, rebuilt] = [
      await dumpReadModels(stack.pool, 'search'),
      await dumpReadModels(stack.pool, 'anew_search'),
    ]
    expect(rebuilt['said']).toEqual(live['said'])
    expect(rebuilt['progress']).toEqual(['(t,t)'])
    await anew.close()
  })

  it('[FS7] says that it is not complete where nobody has begun it', async () => {
    const { openFinder } = await import('../../../src/projections/index.ts')
    const { openSearchKeys } = await import('../../../src/eventstore/index.ts')
    const keys = await openSearchKeys(stack.pool, stack.masterKey)
    const finder = openFinder({ pool: stack.pool, keys, schema: 'none' })
    const { ann, bob } = people()
    const { position } = await say(ann, bob, 'early')
    expect(await openFinder({ pool: stack.pool, keys }).reached(position, 20_000)).toBe(true) // as another process asks
    const search = { question: asked('early') as Asked, limit: 1 }
    expect(await finder.find(ann, search)).toEqual({ messages: [], next: null, complete: false })
    expect(await finder.reached(0, 0)).toBe(false)
    expect(await openFinder({ pool: stack.pool, keys }).find(ann, search)).toMatchObject({ complete: true })
  })

  it('[FS5] its key tells a word from another; without it there are no words', async () => {
    const { ann, bob } = people()
    const { conversation } = await say(ann, bob, 'distinctive distinctive')
    const { conversation: another } = await say(ann, people().cid, 'distinctive')
    await indexed()
    const { rows } = await stack.pool.query<{ conversation: string; words: string }>(
      'SELECT conversation, words::text FROM search.said WHERE conversation = ANY($1)',
      [[conversation, another]],
    )
    const lexemes = rows.map(({ words }) => words.split(':')[0])
    expect(new Set(lexemes).size).toBe(2)
    expect(JSON.stringify(rows)).not.toMatch(/distinctive/i)
  })
})

const rowsOf = async (conversation: string) => {
  const { rows } = await stack.pool.query<{ n: number }>(
    'SELECT count(*)::integer AS n FROM search.said WHERE conversation = $1',
    [conversation],
  )
  return rows[0]!.n
}
