// A channel's history, imported by the command line and read back; then played to people who are there.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { api } from '../../src/client/index.ts'
import { ended, freshFolder, person, start, startServer, token, verbatim, type Server } from '../support/server.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(async () => {
  await server.stop()
})

const folder = freshFolder()
const day = (name: string, lines: string[]) => {
  const path = join(folder, name)
  writeFileSync(path, lines.join('\n') + '\n')
  return path
}
const first = day('2004-12-25.txt', [
  '=== ann [~ann@example.org]  has joined #tea',
  '[23:58] <ann> good evening',
  '[23:58]  * ann waves',
  '[23:59] <bob> hello ann',
  '=== ann is now known as ann_away',
  '[00:01] <bob> and a good night',
  '=== bob [~bob@example.org]  has left #tea []',
  '[00:02] <d|ave> anybody left?',
])
const datedFolder = join(folder, '2005-01-01.txt')
mkdirSync(datedFolder)
const second = day('2004-12-26.txt', [
  '[08:00] <ann> morning',
  '=== mode/#tea [+o ann]  by ChanServ',
  '[08:01] <café> here',
])

const importing = (...files: string[]) =>
  verbatim(['import', 'irc', ...files, '--channel', '#tea', '--url', server.url])
const history = async (conversation: string, user: string) => {
  const messages = await api({ url: server.url, token: await token(server.url, user) }).messages(conversation)
  return messages.map(({ from, body, at }) => `${at} ${from}: ${String(body?.['text'])}`)
}
const events = async (conversation: string) => {
  const auditor = api({ url: server.url, token: await token(server.url, 'eve', ['auditor']) })
  const all: string[] = []
  for await (const event of auditor.audit.events(conversation, { open: true })) all.push(JSON.stringify(event))
  return all
}

describe('an imported channel', () => {
  it('[I3] reads back with every author, text, time and order, and importing again changes nothing', async () => {
    const run = await importing(first, second)
    expect(run).toMatchObject({ code: 0 })
    const conversation = /^conversation (\S+)$/m.exec(run.out)![1]!
    const before = await events(conversation)
    const { position } = JSON.parse(before.at(-1)!) as { position: string }
    const said = before
      .map(line => JSON.parse(line) as { type: string; data: { from: string; at: string }; body?: { text: string } })
      .filter(({ type }) => type === 'MessageSent')
      .map(({ data, body }) => `${data.at.slice(0, 16)} ${data.from}: ${body!.text}`)
    expect(said).toEqual([
      '2004-12-25T23:58 ann: good evening',
      '2004-12-25T23:58 ann: /me waves',
      '2004-12-25T23:59 bob: hello ann',
      '2004-12-26T00:01 bob: and a good night',
      '2004-12-26T00:02 d|ave: anybody left?',
      '2004-12-26T08:00 ann: morning',
      '2004-12-26T08:01 caf_: here',
    ])
    const reader = api({ url: server.url, token: await token(server.url, 'd|ave') })
    await reader.inbox({ atLeast: position })
    expect((await history(conversation, 'd|ave')).map(line => line.slice(17 + 8))).toEqual(
      ['d|ave: anybody left?', 'ann: morning', 'caf_: here'].map(line => expect.stringContaining(line) as unknown),
    )
    expect((await history(conversation, 'bob')).length).toBe(2)

    const again = await importing(first, second)
    expect(again.code).toBe(0)
    expect(await events(conversation)).toEqual(before)
  })

  it('what cannot be imported is told before anything is', async () => {
    for (const [files, reason] of [
      [[join(folder, 'nowhere-2004-12-25.txt')], /nowhere-2004-12-25/],
      [[day('undated.txt', ['[08:00] <ann> x'])], /date/],
      [[datedFolder], /folder|directory/i],
    ] as const) {
      const run = await importing(...files)
      expect(run.code).toBe(1)
      expect(run.err.trim().split('\n')).toHaveLength(1)
      expect(run.err).toMatch(reason)
    }
  })

  it('[I4] is played to two people who are there, each author in their own name', async () => {
    const { out } = await importing(first, second)
    const conversation = /^conversation (\S+)$/m.exec(out)![1]!
    const [zoe, yan] = [await person(server, 'zoe'), await person(server, 'yan')]
    const run = await verbatim(['replay', conversation, '--speed', '0', '--to', 'zoe,yan', '--url', server.url])
    expect(run).toMatchObject({ code: 0 })
    const texts = ['good evening', '/me waves', 'hello ann', 'and a good night', 'anybody left?', 'morning', 'here']
    for (const { of, until } of [zoe, yan]) {
      await until(() => of('message').length >= texts.length)
      expect(of('message').map(({ body }) => body?.['text'])).toEqual(texts)
      expect(of('message').map(({ from }) => from)).toEqual(['ann', 'ann', 'bob', 'bob', 'd|ave', 'ann', 'caf_'])
    }
    await Promise.all([zoe.client.close(), yan.client.close()])
  })
})

describe('two terminal clients', () => {
  it('[W7] talk to each other live', async () => {
    const terminal = (user: string, to: string) => {
      const child = start('cli/main.js', ['chat', user, '--to', to, '--url', server.url])
      let seen = ''
      const shows = (text: string) =>
        new Promise<void>(resolve => {
          const check = () => seen.includes(text) && resolve()
          child.stdout!.on('data', check)
          check()
        })
      child.stdout!.on('data', chunk => (seen += String(chunk)))
      return { child, shows, type: (line: string) => child.stdin!.write(`${line}\n`), end: ended(child) }
    }
    const ann = terminal('tom', 'tim')
    const bob = terminal('tim', 'tom')
    ann.type('is anybody there?')
    await bob.shows('is anybody there?')
    bob.type('yes, me')
    await ann.shows('yes, me')
    ann.type('/react 🎉')
    await bob.shows('tom reacted 🎉 to #2')
    bob.type('yes, mee')
    bob.type('/edit yes, it is me')
    await ann.shows('tim edited #4: yes, it is me')
    bob.type('/name the tims')
    await ann.shows('tim calls this the tims now')
    ann.type('/keep 1h')
    await bob.shows('tom: what is said is kept for 1h now')
    bob.type('/retract')
    await ann.shows('tim retracted #4')
    ann.type('/add somebody')
    await ann.shows('(not-allowed)')
    bob.type('/group tea tom')
    await ann.shows('tom joined')
    bob.type('/block tom')
    await bob.shows('tom is blocked')
    ann.type('still there?')
    await ann.shows('(blocked)')
    ann.type('/quit')
    bob.type('/quit')
    expect((await ann.end).code).toBe(0)
    expect((await bob.end).code).toBe(0)
  })
})

describe('the command line', () => {
  it('[O2] says what is wrong in one line, exits with 1, and does nothing', async () => {
    for (const args of [
      ['serve', '--role', 'nonsense'],
      ['token'],
      ['token', 'no spaces please', '--url', server.url],
      ['token', 'ann', '--role', 'king', '--url', server.url],
      ['chat', 'ann', '--url', 'not a url'],
      ['chat', 'ann', '--url', 'http://127.0.0.1:1'],
      ['import', 'irc', '--channel', '#x'],
      ['replay', 'nothing', '--speed', 'fast', '--url', server.url],
      ['store', '--port', 'http'],
      ['sreve'],
    ]) {
      const run = await verbatim(args)
      expect(run.code, args.join(' ')).toBe(1)
      expect(run.err.trim().split('\n'), args.join(' ')).toHaveLength(1)
    }
  })
  it('[O3] the doctor finds a running server well', async () => {
    const { code, out } = await verbatim(['doctor', '--url', server.url])
    expect(out).not.toContain('FAIL')
    expect(code).toBe(0)
    expect((await verbatim(['doctor', '--url', 'http://127.0.0.1:1'])).code).toBe(1)
  })
})
