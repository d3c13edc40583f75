// Somebody with many conversations looks at their inbox a page at a time.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { api } from '../../src/client/index.ts'
import { person, startServer, token, type Server } from '../support/server.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(async () => {
  expect(await server.stop()).toBe(0)
})

describe('the inbox over the SDK', () => {
  it('[Z6] page by page is the whole of it, and one resumes from the first page’s cursor', async () => {
    const { client } = await person(server, 'ines')
    const sent = []
    for (let n = 0; n < 25; n++) sent.push(await client.send({ user: `friend-${n}` }, { text: `to ${n}` }))
    const atLeast = sent.at(-1)!.position
    const whole = await client.inbox({ atLeast })
    expect(whole.conversations.map(({ conversation }) => conversation)).toEqual(
      sent.map(({ conversation }) => conversation).reverse(),
    )
    expect(whole.next).toBeNull()
    const pages = [await client.inbox({ limit: 10 })]
    const friend = await person(server, 'friend-0')
    await friend.client.send({ user: 'ines' }, { text: 'meanwhile' })
    while (pages.at(-1)!.next !== null) pages.push(await client.inbox({ limit: 10, after: pages.at(-1)!.next! }))
    expect(pages.map(({ conversations }) => conversations.length)).toEqual([10, 10, expect.any(Number)])
    await client.close()
    // it may have moved to the top while the pages were asked for: what moved it comes after the first page's cursor
    const again = await person(server, 'ines', { cursor: pages[0]!.cursor })
    await again.until(() => again.of('message').some(({ body }) => body?.['text'] === 'meanwhile'))
    const seen = [...pages.flatMap(page => page.conversations), ...again.of('message')]
    expect(new Set(seen.map(({ conversation }) => conversation))).toEqual(
      new Set(sent.map(({ conversation }) => conversation)),
    )
    await Promise.all([again.client.close(), friend.client.close()])
  })

  it('[Z6] what it does not know it refuses, and says what there is', async () => {
    const asking = api({ url: server.url, token: await token(server.url, 'ines') })
    const wrong = { offset: 3 } as object
    await expect(asking.inbox(wrong)).rejects.toThrow('offset is not taken here; atLeast, after and limit are')
    await expect(asking.inbox({ limit: 0 })).rejects.toThrow('limit')
    await expect(asking.inbox({ after: 'yesterday' })).rejects.toThrow('the `next` of the page before')
  })
})
