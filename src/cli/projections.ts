// `verbatim projections check`: does everybody's inbox say what the log says?
import type { Command } from 'commander'
import { api } from '../client/index.ts'
import type { InboxDrift } from '../client/index.ts'
import { Complaint } from './complain.ts'
import { say } from './io.ts'
import type { Io } from './io.ts'
import { progress, type Progress } from './progress.ts'
import { tokenFor, withToken } from './server.ts'
import type { ServerOptions } from './server.ts'

/** Lines that are shown of what differs. */
const mostShown = 50

export function addProjections(program: Command, io: Io): void {
  const projections = program.command('projections').description('the read models')
  const check = projections
    .command('check')
    .description('compare inboxes (conversations, their order, what is unread) with a recount from the log')
  withToken(check, io.env).action((options: ServerOptions) => checkInboxes(options, io))
}

async function checkInboxes(options: ServerOptions, io: Io): Promise<void> {
  const server = api({ url: options.url, token: await tokenFor(options, { user: 'operator', roles: ['admin'] }) })
  let bar: Progress | undefined
  try {
    for await (const line of server.checkInboxes()) {
      if ('upTo' in line) {
        bar ??= progress(io.stderr, { name: 'log', total: Number(line.upTo), unit: 'bytes' })
        bar.update(Math.min(Number(line.position), Number(line.upTo)))
        continue
      }
      bar?.stop()
      const { drift, events, position, users, conversations, unread } = line
      for (const one of drift.slice(0, mostShown)) say(io.stdout, `FAIL  ${sentence(one)}`)
      if (drift.length > mostShown) say(io.stdout, `FAIL  and ${drift.length - mostShown} more`)
      if (drift.length > 0)
        throw new Complaint(
          `${drift.length} ${drift.length === 1 ? 'place differs' : 'places differ'} from the log at position ${position}: ` +
            'the log is right; stop Verbatim, drop the schema "read" of the database, and start it: the read models are built anew',
        )
      say(
        io.stdout,
        `ok    inboxes: ${users} people, ${conversations} conversations, ${unread} unread, ` +
          `as ${events} events of the log say, up to position ${position}`,
      )
      return
    }
    throw new Complaint('the server ended its answer before it was complete')
  } finally {
    bar?.stop()
  }
}

function sentence({ user, conversation, what, found, recounted }: InboxDrift): string {
  const where = `${user}, conversation ${conversation}`
  switch (what) {
    case 'unread':
      return `${where}: ${found} unread, the log says ${recounted}`
    case 'order':
      return `${where}: at place ${found} of the inbox, the log says ${recounted}`
    case 'missing':
      return `${where}: not in the inbox, the log says it is, with ${recounted} unread`
    case 'not theirs':
      return `${where}: in the inbox, the log says they never were in it`
  }
}
