// One message between two throwaway users, followed all the way: sent, received, delivered, read, read back, on record.
import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { WebSocket } from 'ws'
import { api, connect } from '../../client/index.ts'
import type { AuditedEvent, Client, Events, Sent } from '../../client/index.ts'
import { devToken } from '../server.ts'

/** How long each step may take: hundreds of times what it does. */
const PATIENCE = 15_000

export interface Followed {
  /** What the history says of it. */
  readonly readBack: () => Promise<string>
  /** What the log says of it. */
  readonly audited: () => Promise<string>
}

export async function followMessage(url: string): Promise<Followed> {
  const tag = randomBytes(4).toString('hex')
  const [from, to] = [`doctor-${tag}-a`, `doctor-${tag}-b`]
  const open = (user: string) => connect({ url, token: () => devToken(url, { user }), WebSocket })
  const [a, b] = [open(from), open(to)]
  try {
    await within('the sockets to be welcomed', Promise.all([a.ready(), b.ready()]))
    const body = { text: `doctor ${tag}` }
    const received = next(b, 'message', ({ body: got }) => isDeepStrictEqual(got, body))
    const delivered = next(a, 'receipt', ({ by, delivered }) => by === to && delivered !== undefined)
    const sent = await within('the send to be answered', a.send({ user: to }, body))
    const message = await within('the message to arrive', received)
    if (message.id !== sent.id || message.seq !== sent.seq)
      throw new Error(`sent as ${sent.id} #${sent.seq}, received as ${message.id} #${message.seq}`)
    await within('the sender to hear that it is delivered', delivered)
    const read = next(a, 'receipt', ({ by, read }) => by === to && read === sent.seq)
    b.markRead(sent.conversation, sent.seq)
    await within('the sender to hear that it is read', read)
    return {
      readBack: () => readBack(url, from, sent, body),
      audited: () => audited(url, { to, sent, body }),
    }
  } finally {
    await Promise.all([a.close(), b.close()])
  }
}

async function readBack(url: string, user: string, sent: Sent, body: object): Promise<string> {
  const asking = api({ url, token: await devToken(url, { user }) })
  const messages = await asking.messages(sent.conversation, { atLeast: sent.position })
  const found = messages.find(({ id }) => id === sent.id)
  if (!found) throw new Error(`message ${sent.id} is not among the ${messages.length} of its conversation`)
  if (found.seq !== sent.seq || !isDeepStrictEqual(found.body, body))
    throw new Error(`message ${sent.id} reads ${JSON.stringify(found)}`)
  return `the message reads back as #${sent.seq}`
}

async function audited(url: string, { to, sent, body }: { to: string; sent: Sent; body: object }): Promise<string> {
  const auditor = api({ url, token: await devToken(url, { user: 'doctor', roles: ['auditor'] }) })
  const events: AuditedEvent[] = []
  for await (const event of auditor.audit.events(sent.conversation, { open: true })) events.push(event)
  const [message] = events.filter(({ id }) => id === sent.id)
  if (!message) throw new Error(`message ${sent.id} is not among the ${events.length} events of the log`)
  if (message.revision !== sent.seq || !isDeepStrictEqual(message.body, body))
    throw new Error(`the log has message ${sent.id} as ${JSON.stringify(message)}`)
  for (const type of ['MessagesDelivered', 'MessagesRead'])
    if (!events.some(event => event.type === type && actorOf(event) === to))
      throw new Error(`the log has no ${type} by ${to}`)
  return `${events.length} events, the message and its receipts among them`
}

const actorOf = ({ metadata }: AuditedEvent): unknown => (metadata['actor'] as { user?: unknown } | undefined)?.user

/** The first event that fits. */
function next<T extends keyof Events>(
  client: Client,
  type: T,
  fits: (event: Events[T]) => boolean,
): Promise<Events[T]> {
  return new Promise(resolve => {
    const off = client.on(type, event => {
      if (!fits(event)) return
      off()
      resolve(event)
    })
  })
}

async function within<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${PATIENCE / 1000} s for ${what}`)), PATIENCE)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
