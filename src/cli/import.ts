// `verbatim import irc`: a channel's logs become a conversation. Importing again, also after a stop half way, adds what is missing.
import type { Command } from 'commander'
import { api } from '../client/index.ts'
import { Complaint } from './complain.ts'
import { interruption, say } from './io.ts'
import type { Io } from './io.ts'
import { findLogs, readLog } from './irc/files.ts'
import { batches, plan } from './irc/plan.ts'
import { Report } from './irc/report.ts'
import { patiently } from './patience.ts'
import { progress } from './progress.ts'
import { tokenFor, withToken } from './server.ts'
import type { ServerOptions } from './server.ts'

/** Entries a request. */
const BATCH = 500

interface Options extends ServerOptions {
  readonly channel: string
  readonly dryRun?: boolean
}

export function addImport(program: Command, io: Io): void {
  const imports = program.command('import').description('bring in a history from elsewhere')
  const irc = imports
    .command('irc')
    .description('logs of an IRC channel, a file a day, become one conversation')
    .argument('<files...>', 'their names hold the day: 2004-12-25.txt')
    .requiredOption('--channel <name>', "the conversation's name, e.g. '#ubuntu'", channelName)
    .option('--dry-run', 'only count')
  withToken(irc, io.env).action((files: string[], options: Options) => importIrc(files, options, io))
}

function channelName(text: string): string {
  if (text.trim() === '') throw new Complaint("--channel is empty: name the channel, e.g. --channel '#ubuntu'")
  return text
}

async function importIrc(paths: readonly string[], options: Options, io: Io): Promise<void> {
  const { url, channel, dryRun } = options
  const files = await findLogs(paths)
  const report = new Report()
  const server = dryRun
    ? undefined
    : api({ url, token: await tokenFor(options, { user: 'importer', roles: ['admin'] }) })
  const conversation = await server?.startImport(channel)
  if (conversation !== undefined) say(io.stdout, `conversation ${conversation}`)

  const began = Date.now()
  const total = files.reduce((lines, file) => lines + file.lines, 0)
  const bar = progress(io.stderr, { name: channel, total, unit: 'lines' })
  const { signal, release } = interruption()
  let before = 0
  try {
    for (const file of files) {
      const log = await readLog(file)
      const history = plan(channel, log)
      report.file(history, log.latin1)
      if (server && conversation !== undefined)
        for (const batch of batches(history, BATCH)) {
          if (signal.aborted) throw new Complaint('stopped: importing again goes on where this ended')
          report.imported((await patiently(() => server.importEntries(conversation, batch))).imported)
          bar.update(before + batch.upToLine)
        }
      bar.update((before += file.lines))
    }
  } finally {
    bar.stop()
    release()
  }
  for (const line of report.lines(dryRun ? undefined : (Date.now() - began) / 1000)) say(io.stdout, line)
}
