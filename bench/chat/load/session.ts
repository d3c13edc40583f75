// Somebody's session: the SDK's client, with its answers and frames as callbacks, and everything that must not happen counted.
import { WebSocket } from 'ws'
import { api, connect } from '../../../src/client/index.ts'
import type { Body, Client, FrameOf, Recipient, Sent } from '../../../src/client/index.ts'
import type { Setting } from './jobs.ts'
import type { Faults } from './faults.ts'

export interface Session {
  /** Its answer comes to `onSent`. */
  send(id: string, to: Recipient, body: Body): void
  delivered(conversation: string, upTo: number): void
  read(conversation: string, upTo: number): void
  close(): Promise<void>
}

export interface Ears {
  faults: Faults
  onSent?: (sent: Sent) => void
  onMessage?: (message: FrameOf<'message'>, session: Session) => void
  onReceipt?: (receipt: FrameOf<'receipt'>) => void
}

const tokens = new Map<string, Promise<string>>()

/** Asked for once: a login that is timed has its token. */
export const tokenOf = ({ target: { url } }: Setting, user: string): Promise<string> => {
  let token = tokens.get(user)
  if (!token) tokens.set(user, (token = api({ url }).devToken({ user })))
  return token
}

export const apiOf = (setting: Setting, user: string) =>
  api({ url: setting.target.url, token: () => tokenOf(setting, user) })

/** From a cursor, where there is one. */
export const clientOf = async (setting: Setting, user: string, cursor?: string): Promise<Client> =>
  connect({
    url: setting.target.url,
    token: await tokenOf(setting, user),
    WebSocket,
    transport: 'socket',
    ack: 'manual',
    cursor,
  })

/** Resolves once welcome. */
export const openSession = async (
  setting: Setting,
  user: string,
  { faults, onSent, onMessage, onReceipt }: Ears,
): Promise<Session> => {
  const client = await clientOf(setting, user)
  const session: Session = {
    send: (id, to, body) => void client.send(to, body, { id }).then(onSent, faults.add),
    delivered: (conversation, upTo) => client.markDelivered(conversation, upTo),
    read: (conversation, upTo) => client.markRead(conversation, upTo),
    close: () => client.close(),
  }
  client.on('error', faults.add)
  client.on('reset', faults.add)
  // it would come back by itself, and nobody would know that it was gone
  client.on('connection', ({ state, why }) => {
    if (state === 'waiting') faults.add(`the connection of ${user} was lost: ${why?.code} ${why?.reason}`)
  })
  if (onMessage) client.on('message', message => onMessage(message, session))
  if (onReceipt) client.on('receipt', onReceipt)
  await client.ready()
  return session
}
