// `verbatim chat`: a terminal client. Works in pipes as well: then it ends with its input, once all is sent.
import { join } from 'node:path'
import { Option, type Command } from 'commander'
import { WebSocket } from 'ws'
import { connect } from '../client/index.ts'
import type { Client } from '../client/index.ts'
import { fileStorage } from '../client/node/index.ts'
import { openScreen } from './chat/screen.ts'
import { Talk } from './chat/talk.ts'
import { tellWhatWaited } from './chat/waited.ts'
import { Complaint } from './complain.ts'
import type { Io } from './io.ts'
import { tokenFor, withToken } from './server.ts'
import type { ServerOptions } from './server.ts'

interface Options extends ServerOptions {
  readonly to?: string
  readonly conversation?: string
  readonly transport: 'auto' | 'socket' | 'poll'
  readonly state?: string
}

export function addChat(program: Command, io: Io): void {
  const command = program
    .command('chat')
    .description('a terminal client')
    .argument('<user>', 'who you are')
    .option('--to <user>', 'chat with this user')
    .option('--conversation <id>', 'chat in this conversation')
    .addOption(
      new Option('--transport <way>', 'auto: a socket, and requests where sockets are blocked')
        .choices(['auto', 'socket', 'poll'])
        .default('auto'),
    )
    .option('--state <folder>', 'keeps there what is typed and not answered, and says it when started again')
  withToken(command, io.env).action((user: string, options: Options) => chat(user, options, io))
}

async function chat(user: string, options: Options, io: Io): Promise<void> {
  const { url, to, conversation, transport, state } = options
  if (to !== undefined && conversation !== undefined)
    throw new Complaint('--to and --conversation both say where to chat: give one of them')
  const token = await tokenFor(options, { user, device: 'terminal' })
  const storage = state === undefined ? undefined : await fileStorage(join(state, stateName(user, url)))
  const client = connect({ url, token, user, WebSocket, transport, storage })
  const screen = openScreen(io)
  const talk = new Talk(client, user, screen)
  const said = tellWhatWaited(client, screen.print)
  const over = new Promise<Error | undefined>(resolve => watch(client, screen.print, resolve))
  const start = to !== undefined ? { user: to } : conversation === undefined ? undefined : { conversation }
  const opened = start ? talk.open(start) : Promise.resolve() // before anything that is pushed
  opened.catch(() => {}) // told below, unless the token is the reason
  try {
    await client.ready()
    screen.prompt('> ')
    await Promise.race([
      converse(talk, screen.lines(), opened, said),
      over.then(error => error && Promise.reject(error)),
    ])
  } finally {
    screen.close()
    await client.close()
  }
}

/** A file for each person at each server. */
const stateName = (user: string, url: string) => encodeURIComponent(`${user}@${new URL(url).host}`)

async function converse(
  talk: Talk,
  lines: AsyncIterable<string>,
  opened: Promise<void>,
  said: Promise<void>,
): Promise<void> {
  await opened
  for await (const line of lines) if (!(await talk.typed(line))) break
  await Promise.all([talk.settled(), said])
}

/** Says when the connection is gone and back; `over` with an error when it will not come back. */
function watch(client: Client, print: (line: string) => void, over: (error: Error | undefined) => void): void {
  let down = false
  client.on('connection', ({ state, why }) => {
    if (state === 'waiting' && !down) print(`-- connection lost${why?.reason ? ` (${why.reason})` : ''}, trying again`)
    if (state === 'live' && down) print('-- connected again')
    down = state === 'waiting' || (down && state !== 'live')
    if (state === 'closed')
      over(why && why.code !== 1000 ? new Complaint(`the connection has ended: ${why.reason}`) : undefined)
  })
}
