// What one can do in the current chat, or about somebody, with a line that begins with a slash: each answers the line to show.
import type { Client, Role } from '../../client/index.ts'
import { Complaint } from '../complain.ts'
import { devicesLine } from './lines.ts'

/** A message that an order may be about. */
export interface Said {
  readonly id: string
  readonly seq: number
}

/** Where one is. */
export interface Here {
  readonly conversation: string
  /** The last message, and the last one of one's own. */
  readonly last: Said | undefined
  readonly own: Said | undefined
}

export interface Order {
  readonly takes: string
  /** `here` throws where no chat is open. */
  readonly run: (client: Client, words: readonly string[], here: () => Here) => Promise<string>
}

export const orders: Readonly<Record<string, Order>> = {
  '/edit': {
    takes: 'TEXT',
    run: async (client, words, here) => {
      const { conversation, own } = here()
      const { id, seq } = needed(own, 'there is nothing of yours to edit here')
      await client.edit(conversation, id, { text: text(words, '/edit TEXT') })
      return `  ✓ edited #${seq}`
    },
  },
  '/retract': {
    takes: '',
    run: async (client, _, here) => {
      const { conversation, own } = here()
      const { id, seq } = needed(own, 'there is nothing of yours to take back here')
      await client.retract(conversation, id)
      return `  ✓ retracted #${seq}`
    },
  },
  '/react': { takes: 'EMOJI', run: (client, words, here) => react(client, words, here, true) },
  '/unreact': { takes: 'EMOJI', run: (client, words, here) => react(client, words, here, false) },
  '/group': {
    takes: 'NAME [USER …]',
    run: async (client, [name, ...members]) => {
      const { id } = await client.startGroup({ name: needed(name, '/group NAME [USER …]'), members })
      return `-- ${name} is there: /to ${id}`
    },
  },
  '/name': {
    takes: 'NAME',
    run: async (client, words, here) => {
      const name = text(words, '/name NAME')
      await client.changeConversation(here().conversation, { name })
      return `-- this is ${name} now`
    },
  },
  '/keep': {
    takes: '24h|ever',
    run: async (client, words, here) => {
      const ttl = text(words, '/keep 24h, or another time, or /keep ever')
      const retention = ttl === 'ever' ? ({ mode: 'permanent' } as const) : ({ mode: 'temporary', ttl } as const)
      await client.changeConversation(here().conversation, { retention })
      return `-- what is said from now on is kept ${ttl === 'ever' ? 'for ever' : `for ${ttl}`}`
    },
  },
  '/add': {
    takes: 'USER [ROLE]',
    run: async (client, [user, role], here) => {
      await client.addMember(
        here().conversation,
        needed(user, '/add USER [owner|admin|member]'),
        role as Role | undefined,
      )
      return `-- ${user} is in${role === undefined ? '' : `, as ${role}`}`
    },
  },
  '/remove': {
    takes: 'USER',
    run: async (client, [user], here) => {
      await client.removeMember(here().conversation, needed(user, '/remove USER'))
      return `-- ${user} is out`
    },
  },
  '/leave': {
    takes: '',
    run: async (client, _, here) => {
      await client.leave(here().conversation)
      return '-- you have left'
    },
  },
  '/block': {
    takes: 'USER',
    run: async (client, [user]) => {
      await client.block(needed(user, '/block USER'))
      return `-- ${user} is blocked`
    },
  },
  '/unblock': {
    takes: 'USER',
    run: async (client, [user]) => {
      await client.unblock(needed(user, '/unblock USER'))
      return `-- ${user} is not blocked`
    },
  },
  '/devices': { takes: '', run: async client => devicesLine(await client.devices()) },
  '/signout': {
    takes: 'DEVICE',
    run: async (client, [device]) => {
      await client.signOut(needed(device, '/signout DEVICE'))
      return `-- ${device} is signed out`
    },
  },
}

export const ordersHelp = Object.entries(orders)
  .map(([name, { takes }]) => `${name} ${takes}`.trim())
  .join(', ')

async function react(client: Client, words: readonly string[], here: () => Here, on: boolean): Promise<string> {
  const reaction = text(words, `/${on ? '' : 'un'}react EMOJI`)
  const { conversation, last } = here()
  const { id, seq } = needed(last, 'there is nothing to react to here')
  await client.react(conversation, id, reaction, { on })
  return `  ✓ ${on ? '' : 'no '}${reaction} on #${seq}`
}

function needed<T>(value: T | undefined, complaint: string): T {
  if (value === undefined) throw new Complaint(complaint)
  return value
}

const text = (words: readonly string[], complaint: string): string => needed(words.join(' ') || undefined, complaint)
