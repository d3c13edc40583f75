// What is missing is noticed and fetched, and where nothing is missing nothing is fetched.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { person, startServer, type Server } from '../support/server.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(async () => {
  expect(await server.stop()).toBe(0)
})

/** Loses the frames that have this in them. */
const losing = (what: string) =>
  class extends WebSocket {
    override emit(event: string | symbol, ...args: unknown[]): boolean {
      return event === 'message' && String(args[0]).includes(what) ? true : super.emit(event, ...args)
    }
  }

/** Counts what is asked of histories. */
function counted() {
  let asked = 0
  const counting: typeof fetch = (input, init) => {
    if (input instanceof URL && input.pathname.endsWith('/messages')) asked++
    return fetch(input, init)
  }
  return { fetch: counting, asked: () => asked }
}

describe('what is missing', () => {
  it('[C20] is fetched and told in its place', async () => {
    const alice = await person(server, 'alice')
    const bob = await person(server, 'bob', { WebSocket: losing('lost') })
    for (const text of ['one', 'two', 'lost 1', 'lost 2', 'three', 'lost 3', 'four'])
      await alice.client.send({ user: 'bob' }, { text })
    await bob.until(() => bob.of('message').length === 7)
    const texts = bob.of('message').map(({ body }) => body?.['text'])
    expect(texts).toEqual(['one', 'two', 'lost 1', 'lost 2', 'three', 'lost 3', 'four'])
    await alice.until(() => alice.of('receipt').some(({ delivered }) => delivered === 7))
    await Promise.all([alice.client.close(), bob.client.close()])
  })

  it('[C21] is not what others are told: reactions to what one may not see, what was before and while one was away', async () => {
    const [olga, pete] = [await person(server, 'olga'), await person(server, 'pete')]
    const count = counted()
    const quin = await person(server, 'quin', { fetch: count.fetch })
    const gaps: unknown[] = []
    quin.client.on('gap', gap => gaps.push(gap))
    const { id: group } = await olga.client.startGroup({ name: 'tea', members: ['pete'] })
    const to = { conversation: group }
    const old = await olga.client.send(to, { text: 'old' })
    await pete.client.react(group, old.id, '👍')
    await olga.client.addMember(group, 'quin')
    let expected = 0
    for (let round = 0; round < 3; round++) {
      await olga.client.send(to, { text: 'hello' })
      await quin.client.send(to, { text: 'hi' })
      await pete.client.react(group, old.id, `${round}`) // quin does not see that message
      await olga.client.edit(group, old.id, { text: `old ${round}` })
      await olga.client.send(to, { text: 'again' })
      await quin.client.send(to, { text: 'a' })
      await olga.client.send(to, { text: 'b' })
      expected += 3
      await quin.until(() => quin.of('message').length === expected)
      await quin.client.leave(group)
      await olga.client.send(to, { text: 'without quin' })
      await olga.client.addMember(group, 'quin')
    }
    await olga.client.send(to, { text: 'last' })
    await quin.until(() => quin.of('message').length === expected + 1)
    expect([gaps, count.asked()]).toEqual([[], 0])
    await Promise.all([olga, pete, quin].map(({ client }) => client.close()))
  })

  it('[C21] is nothing between two who write as fast as they can', async () => {
    const gaps: unknown[] = []
    const two = [await person(server, 'rita'), await person(server, 'saul')]
    for (const { client } of two) client.on('gap', gap => gaps.push(gap))
    const to = ['saul', 'rita']
    await two[0]!.client.send({ user: 'saul' }, { text: 'first' })
    const lanes = two.flatMap(({ client }, n) =>
      Array.from({ length: 4 }, async () => {
        for (let i = 0; i < 100; i++) await client.send({ user: to[n]! }, { text: `${i}` })
      }),
    )
    await Promise.all(lanes)
    await two[0]!.until(() => two[0]!.of('message').length === 400)
    await two[1]!.until(() => two[1]!.of('message').length === 401)
    expect(gaps).toEqual([])
    for (const { of } of two) {
      const seqs = of('message').map(({ seq }) => seq)
      expect(seqs).toEqual([...seqs].sort((one, other) => one - other))
    }
    await Promise.all(two.map(({ client }) => client.close()))
  })
})
