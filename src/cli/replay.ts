// `verbatim replay`: a history happens again, in a new conversation and at another pace, before live clients.
import type { Command } from 'commander'
import { api } from '../client/index.ts'
import type { AuditedEvent } from '../client/index.ts'
import { Complaint } from './complain.ts'
import { interruption, pause, say } from './io.ts'
import type { Io } from './io.ts'
import { progress } from './progress.ts'
import { Cast } from './replay/cast.ts'
import { pace, script } from './replay/script.ts'
import type { Act, Script } from './replay/script.ts'
import { devToken, tokenFor, withToken } from './server.ts'
import type { ServerOptions } from './server.ts'

interface Options extends ServerOptions {
  readonly speed: number
  readonly to: readonly string[]
  readonly day?: string
  readonly as: string
}

export function addReplay(program: Command, io: Io): void {
  const command = program
    .command('replay')
    .description('play a history to live clients, in a new conversation')
    .argument('<conversation>', 'its id')
    .option('--speed <n>', 'so many times as fast as it was; 0: as fast as possible', speedOf, 60)
    .option('--to <users>', 'who is to see it, separated by commas', usersOf, [])
    .option('--day <date>', 'only this day, YYYY-MM-DD', dayOf)
    .option('--as <user>', 'who starts the new conversation', 'replayer')
  withToken(command, io.env).action((id: string, options: Options) => replay(id, options, io))
}

function speedOf(text: string): number {
  const speed = Number(text)
  if (text.trim() === '' || !Number.isFinite(speed) || speed < 0)
    throw new Complaint(`--speed ${text}: a number from 0, e.g. 60 for sixty times as fast`)
  return speed
}

const usersOf = (text: string): string[] => text.split(',').filter(user => user !== '')

function dayOf(text: string): string {
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || Number.isNaN(Date.parse(text)))
    throw new Complaint(`--day ${text}: a date as YYYY-MM-DD`)
  return text
}

async function replay(id: string, options: Options, io: Io): Promise<void> {
  const { url, speed, to, day, as } = options
  const auditor = api({ url, token: await tokenFor(options, { user: 'auditor', roles: ['auditor'] }) })
  const history = script(await all(auditor.audit.events(id, { open: true })), day)
  const spoken = history.acts.filter(({ what }) => what === 'said').length
  if (spoken === 0) throw new Complaint(`nothing was said in ${id}${day === undefined ? '' : ` on ${day}`}`)

  const token = await devToken(url, { user: as })
  const name = `replay of ${history.name ?? id}`
  const { id: conversation } = await api({ url, token }).startGroup({ name, members: to })
  say(io.stdout, `conversation ${conversation}`)
  const cast = new Cast({ url, conversation, owner: as, audience: to })
  const said = await perform(history, cast, speed, io)
  say(io.stdout, `${said} of ${spoken} messages said again${history.gone > 0 ? `, ${history.gone} are gone` : ''}`)
}

async function perform({ acts }: Script, cast: Cast, speed: number, io: Io): Promise<number> {
  const due = pace(
    acts.map(({ at }) => at),
    speed,
  )
  const { signal, release } = interruption()
  const bar = progress(io.stderr, { name: 'replay', total: acts.length, unit: 'events' })
  const began = Date.now()
  let said = 0
  try {
    for (const [index, act] of acts.entries()) {
      await pause(Math.max(0, began + (due[index] ?? 0) - Date.now()), signal)
      if (signal.aborted) break
      await play(act, cast)
      if (act.what === 'said') said++
      bar.update(index + 1)
    }
  } finally {
    bar.stop()
    release()
    await cast.end()
  }
  return said
}

/** One after the other, each answered before the next: the order is the history's. */
async function play(act: Act, cast: Cast): Promise<void> {
  if (act.what === 'said') await cast.speak(act.user, act.body)
  else if (act.what === 'joined') await cast.enter(act.user)
  else await cast.leave(act.user)
}

async function all(events: AsyncIterable<AuditedEvent>): Promise<AuditedEvent[]> {
  const found: AuditedEvent[] = []
  for await (const event of events) found.push(event)
  return found
}
