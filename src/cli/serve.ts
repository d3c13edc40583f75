// `verbatim serve`: the server in this process. Loaded when asked for, so that the other commands start fast.
import type { Command } from 'commander'
import { Complaint } from './complain.ts'
import type { Io } from './io.ts'

export function addServe(program: Command, io: Io): void {
  program
    .command('serve')
    .description('run the server; settings come from the environment')
    .option('--role <role>', 'which part; this version has one: all', 'all')
    .action(async ({ role }: { role: string }) => {
      if (role !== 'all') throw new Complaint(`--role ${role}: this version runs every part in one process, --role all`)
      const { runServer } = await import('../serve.ts')
      process.exit(await runServer(io.env))
    })
}
