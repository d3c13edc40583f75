// Somebody's devices over two boxes, one lost, one found: through the SDK and the terminal client, and after a restart too.
import { WebSocket } from 'ws'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { api, connect, type Client, type ConnectionState } from '../../src/client/index.ts'
import { startEngines, type Engines } from '../support/boxes.ts'
import { person, start, ended, token, type Server } from '../support/server.ts'

let engines: Engines
let one: Server
let other: Server

let commandsUrl: string
const gateway = () => engines.box('gateway', { COMMANDS_URL: commandsUrl })

beforeAll(async () => {
  engines = await startEngines()
  await engines.box('projections')
  commandsUrl = (await engines.box('commands')).url.replace('http', 'ws')
  ;[one, other] = await Promise.all([gateway(), gateway()])
})
afterAll(() => engines.close())

/** Why it is over, as soon as it is. */
const ending = (client: Client) =>
  new Promise<ConnectionState['why']>(resolve =>
    client.on('connection', ({ state, why }) => state === 'closed' && resolve(why)),
  )

describe('somebody with a phone and a laptop', () => {
  it('[Y8] reads on both, signs the lost one out from the other box, and is let in again only with a newer token', async () => {
    const alice = await person(one, 'alice')
    const old = await token(other.url, 'bob', ['user'], 'phone')
    const [laptop, phone] = await Promise.all([
      person(one, 'bob', { device: 'laptop' }),
      person(other, 'bob', { device: 'phone', token: old }),
    ])

    // own messages are seen on one's other devices
    const { conversation, seq } = await laptop.client.send({ user: 'alice' }, { text: 'from the laptop' })
    await phone.until(() => phone.of('message').length === 1)
    await alice.until(() => alice.of('message').length === 1)
    const answer = await alice.client.send({ conversation }, { text: 'seen' })
    await Promise.all([laptop, phone].map(device => device.until(() => device.of('message').some(m => m.seq > seq))))
    laptop.client.markRead(conversation, answer.seq)
    await alice.until(() => alice.of('receipt').some(({ read }) => read === answer.seq))
    await phone.until(() => phone.of('receipt').some(({ by, read }) => by === 'bob' && read === answer.seq))

    const devices = async () => (await laptop.client.devices()).map(({ device, sessions }) => `${device} ${sessions}`)
    await expect.poll(devices).toEqual(['laptop 1', 'phone 1'])
    const over = ending(phone.client)
    const { position } = await laptop.client.signOut('phone')
    expect((await laptop.client.signOut('phone')).position).toMatch(/^\d+$/)
    expect(await over).toEqual({ code: 4501, reason: 'this device was signed out: sign in again' })
    expect(phone.client.state).toBe('closed') // and does not come back
    expect((await laptop.client.devices({ atLeast: position })).map(({ device }) => device)).toEqual(['laptop'])

    const tried = async ({ url }: Server, token: string) => {
      await expect(api({ url, token }).inbox()).rejects.toMatchObject({ code: 'unauthorized', status: 401 })
      const client = connect({ url, token, WebSocket })
      expect(await ending(client)).toMatchObject({ code: 401 })
    }
    for (const box of [one, other])
      await expect.poll(() => api({ url: box.url, token: old }).inbox().catch(String)).toMatch(/signed out/)
    for (const box of [one, other]) await tried(box, old)
    expect(await other.stop()).toBe(0)
    other = await gateway()
    await tried(other, old)

    const back = await person(other, 'bob', { device: 'phone' })
    await expect.poll(devices).toEqual(['laptop 1', 'phone 1'])
    await tried(one, old)
    await Promise.all([alice, laptop, back].map(({ client }) => client.close()))
  })

  it('[Y9] sees and signs out devices in the terminal client, which ends when its own is', async () => {
    const dave = await person(one, 'dave', { device: 'phone' })
    const over = ending(dave.client)
    const chat = start('cli/main.js', ['chat', 'dave', '--url', other.url])
    const end = ended(chat)
    let shown = ''
    chat.stdout!.on('data', chunk => (shown += String(chunk)))
    const ask = (line: string, answer: RegExp) =>
      expect
        .poll(() => {
          chat.stdin!.write(`${line}\n`)
          return shown
        })
        .toMatch(answer)
    await ask('/devices', /-- phone \(1 open\), terminal \(1 open, this one\)/)
    await ask('/signout phone', /-- phone is signed out/)
    expect(await over).toMatchObject({ code: 4501 })
    const root = api({ url: one.url, token: await token(one.url, 'root', ['admin']) })
    expect((await root.devices({ user: 'dave' })).map(({ device }) => device)).toContain('terminal')
    await root.signOut('terminal', { user: 'dave' })
    expect(await end).toMatchObject({ code: 1, err: expect.stringContaining('this device was signed out') as string })
  })
})
