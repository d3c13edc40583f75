// The command stage in other processes: the same catalogue, and what happens when one of them goes.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { connectCommands, serveCommands, type Commands, type SentMessage } from '../../src/commands/index.ts'
import { isRefusal } from '../../src/domain/index.ts'
import { StoreUnavailable } from '../../src/eventstore/index.ts'
import { asker, freshStack, openBox, readAll } from '../support/stack.ts'
import { behavesLikeCommands } from './contract.ts'

const stack = freshStack()
const secret = 'what boxes know each other by'
const quiet = { warn: () => undefined, error: () => undefined }
const ignore = () => undefined
const uuid = () => crypto.randomUUID()

interface Process {
  readonly url: string
  /** As when it is killed: nothing more is heard of it. */
  kill(): Promise<void>
  /** As when it is told to stop. */
  stop(): Promise<void>
}

/** A command process's door, over these commands. */
async function serve(commands: Commands, port = 0): Promise<Process> {
  const server = serveCommands(commands, secret, quiet)
  const http: Server = createServer()
  const sockets = new Set<{ destroy(): void }>()
  http.on('connection', socket => sockets.add(socket))
  http.on('upgrade', (request, socket, head) => server.upgrade(request, socket, head))
  await new Promise<void>(resolve => http.listen(port, '127.0.0.1', resolve))
  const closed = () => new Promise<void>(resolve => void http.close(() => resolve()))
  return {
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`,
    kill: async () => {
      const gone = closed()
      for (const socket of sockets) socket.destroy()
      await gone
    },
    stop: async () => {
      const gone = closed()
      await server.close()
      await gone
    },
  }
}
const send = (commands: Commands, from: string, to: string, id = uuid()) =>
  commands.sendMessage(asker(from), { id, to: { user: to }, body: '{"text":"hi"}' })
const accepted = (answer: Awaited<ReturnType<Commands['sendMessage']>>): SentMessage => {
  if (isRefusal(answer)) throw new Error(`refused: ${JSON.stringify(answer)}`)
  return answer
}

behavesLikeCommands(
  'in this process',
  () => stack.commands,
  () => stack.store,
)

describe('over a connection', () => {
  let door: Process
  let remote: ReturnType<typeof connectCommands>
  beforeAll(async () => {
    door = await serve(stack.commands)
    remote = connectCommands([door.url], secret, ignore)
  })
  afterAll(async () => {
    await remote.close()
    await door.stop()
  })
  behavesLikeCommands(
    'in another process',
    () => remote.commands,
    () => stack.store,
  )
})

describe('several command processes', () => {
  it('[N9] many messages into one conversation over three of them: each once, seqs without a gap', async () => {
    const boxes = await Promise.all([1, 2, 3].map(() => openBox(stack.storeUrl, stack.pool, stack.masterKey)))
    const doors = await Promise.all(boxes.map(box => serve(box.commands)))
    // as if each gateway preferred another one
    const remotes = doors.map(door => connectCommands([door.url], secret, ignore))
    const [alice, bob] = [`alice-${uuid()}`, `bob-${uuid()}`]
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, n) => send(remotes[n % 3]!.commands, n % 2 ? alice : bob, n % 2 ? bob : alice)),
    )
    const seqs = answers.map(answer => accepted(answer).seq).sort((a, b) => a - b)
    expect(seqs).toEqual(Array.from({ length: 300 }, (_, n) => n + 1))
    const events = await readAll(stack.store, `conversation-${accepted(answers[0]!).conversation}`)
    expect(
      events
        .map(({ id }) => id)
        .slice(1)
        .sort(),
    ).toEqual(answers.map(answer => accepted(answer).id).sort())
    await Promise.all(remotes.map(remote => remote.close()))
    await Promise.all(doors.map(door => door.stop()))
    await Promise.all(boxes.map(box => box.close()))
  })

  it('[N9] every gateway asks the same one about the same conversation', async () => {
    const asked: string[][] = [[], [], []]
    const doors = await Promise.all(
      asked.map(ids =>
        serve({
          ...stack.commands,
          markRead: (_, { conversation }) => {
            ids.push(conversation)
            return Promise.resolve(undefined)
          },
        }),
      ),
    )
    const urls = doors.map(({ url }) => url)
    const gateways = [connectCommands(urls, secret, ignore), connectCommands([...urls].reverse(), secret, ignore)]
    for (const gateway of gateways) await gateway.commands.recordActivity(asker(`warm-${uuid()}`))
    await expect
      .poll(async () => {
        asked.forEach(ids => (ids.length = 0))
        const conversations = Array.from({ length: 60 }, uuid)
        for (const { commands } of gateways)
          await Promise.all(conversations.map(conversation => commands.markRead(asker('x'), { conversation, upTo: 0 })))
        // each twice at one of them; and none of them without any
        return asked.every(ids => ids.length > 0 && ids.length === 2 * new Set(ids).size)
      })
      .toBe(true)
    await Promise.all(gateways.map(gateway => gateway.close()))
    await Promise.all(doors.map(door => door.stop()))
  })

  it('[N10] what a lost one was asked is asked of another, and happens once', async () => {
    const other = await openBox(stack.storeUrl, stack.pool, stack.masterKey)
    const [alice, bob] = [`alice-${uuid()}`, `bob-${uuid()}`]
    let lose: () => void
    const losing = new Promise<void>(resolve => (lose = resolve))
    let appended = 0
    // it appends, and never says so
    const dying = await serve({
      ...stack.commands,
      sendMessage: async (...args) => {
        await stack.commands.sendMessage(...args)
        if (++appended === 20) lose()
        return new Promise(() => undefined)
      },
    })
    const alone = connectCommands([dying.url], secret, ignore)
    const sends = Array.from({ length: 20 }, () => send(alone.commands, alice, bob))
    await losing
    await dying.kill()
    await expect.poll(() => alone.connected()).toBe(false)
    const back = await serve(other.commands, Number(new URL(dying.url).port))
    const answers = (await Promise.all(sends)).map(accepted)
    expect(answers.map(({ seq }) => seq)).toEqual(answers.map((_, n) => n + 1))
    expect(await readAll(stack.store, `conversation-${answers[0]!.conversation}`)).toHaveLength(21)
    await alone.close()
    await back.stop()
    await other.close()
  })

  it('[N10] one that is told to stop answers what is under way, and takes no more', async () => {
    const [first, second] = await Promise.all([serve(stack.commands), serve(stack.commands)])
    const gateway = connectCommands([first.url, second.url], secret, ignore)
    const users = Array.from({ length: 200 }, (_, n) => `user-${n}-${uuid()}`)
    const round = () => Promise.all(users.map((user, n) => send(gateway.commands, user, users[(n + 1) % 200]!)))
    const sends = round()
    await first.stop()
    for (const answer of [...(await sends), ...(await round())]) accepted(answer)
    await gateway.close()
    await second.stop()
  })

  it('[N10] where none is there, callers are told that the outcome is not known', async () => {
    const door = await serve(stack.commands)
    const gateway = connectCommands([door.url], secret, ignore)
    await gateway.commands.recordActivity(asker(`x-${uuid()}`))
    await door.kill()
    const asked = send(gateway.commands, 'x', 'y')
    asked.catch(() => undefined)
    await gateway.close()
    await expect(asked).rejects.toBeInstanceOf(StoreUnavailable)
  })
})

describe('the door of a command process', () => {
  const knock = (url: string, headers: Record<string, string>) =>
    new Promise(resolve => {
      const ws = new WebSocket(url, { headers })
      ws.on('open', () => resolve('open'))
      ws.on('unexpected-response', (_, response) => resolve(response.statusCode))
      ws.on('error', () => undefined)
    })

  it('[N11] opens to who knows the secret, and to nobody else', async () => {
    const door = await serve(stack.commands)
    const at = `${door.url}/commands`
    expect(await knock(at, {})).toBe(401)
    expect(await knock(at, { authorization: 'Bearer something else' })).toBe(401)
    expect(await knock(`${door.url}/v1/socket`, { authorization: `Bearer ${secret}` })).toBe(404)
    expect(await knock(at, { authorization: `Bearer ${secret}` })).toBe('open')
    await door.stop()
  })

  it('[N11] hangs up where what is said is no call, and refuses commands and arguments that it does not know', async () => {
    const door = await serve(stack.commands)
    const ws = new WebSocket(`${door.url}/commands`, { headers: { authorization: `Bearer ${secret}` } })
    await new Promise(resolve => ws.on('open', resolve))
    const answered = new Promise<string>(resolve => ws.once('message', data => resolve((data as Buffer).toString())))
    ws.send('[[1,"markRead",[{},{"conversation":5}]],[2,"dropEverything",[]]]')
    expect(JSON.parse(await answered)).toMatchObject([
      [1, { fault: expect.stringContaining('markRead') as string }],
      [2, { fault: expect.stringContaining('dropEverything') as string }],
    ])
    const closed = new Promise(resolve => ws.on('close', resolve))
    ws.send('hello')
    expect(await closed).toBe(1002)
    await door.stop()
  })
})
