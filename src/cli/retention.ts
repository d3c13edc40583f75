// `verbatim retention run`: what is temporary, as a table; and what is over is deleted, if it is not already.
import type { Command } from 'commander'
import { api } from '../client/index.ts'
import type { RetentionReport } from '../client/index.ts'
import { say } from './io.ts'
import type { Io } from './io.ts'
import { tokenFor, withToken } from './server.ts'
import type { ServerOptions } from './server.ts'

interface Options extends ServerOptions {
  readonly dryRun?: boolean
}

export function addRetention(program: Command, io: Io): void {
  const retention = program.command('retention').description('what temporary chats keep, and until when')
  const run = retention
    .command('run')
    .description('delete now what is over; the server does so by itself within seconds')
    .option('--dry-run', 'only tell what would go')
  withToken(run, io.env).action(async (options: Options) => {
    const { url, dryRun = false } = options
    const server = api({ url, token: await tokenFor(options, { user: 'operator', roles: ['admin'] }) })
    for (const line of retentionLines(await server.runRetention({ dryRun }), dryRun)) say(io.stdout, line)
  })
}

const heads = ['conversation', 'messages', 'images', 'keys', 'due since', 'kept', 'next due', 'name']

/** The table, if there is anything in it, and a sentence. */
export function retentionLines({ conversations, deleted }: RetentionReport, dryRun: boolean): string[] {
  if (conversations.length === 0) return ['nothing here is temporary']
  const rows = conversations.map(row => [
    row.conversation,
    ...[row.messages, row.images, row.keys].map(String),
    row.since ?? '–',
    String(row.keptMessages),
    row.next ?? '–',
    row.name ?? '–',
  ])
  const widths = heads.map((head, n) => Math.max(head.length, ...rows.map(row => row[n]!.length)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, n) => cell.padEnd(widths[n]!))
      .join('  ')
      .trimEnd()
  const due = conversations.reduce((sum, { keys }) => sum + keys, 0)
  const told = dryRun
    ? `${due} keys would be deleted`
    : `${deleted.keys} keys deleted, and ${deleted.images} images that none was left to open`
  return [line(heads), ...rows.map(line), told]
}
