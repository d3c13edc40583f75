// `verbatim serve`: the server, or some roles of it, in this process. Loaded when asked for, so that the other commands start fast.
import type { Command } from 'commander'
import { Complaint } from './complain.ts'
import type { Io } from './io.ts'

export function addServe(program: Command, io: Io): void {
  program
    .command('serve')
    .description('run the server; settings come from the environment')
    .option(
      '--role <roles>',
      'gateway, commands, projections, some of them with commas between, or all (default: ROLE, or all)',
    )
    .action(async ({ role }: { role?: string }) => {
      const { aboutRoles, rolesIn, runServer } = await import('../serve.ts')
      if (role !== undefined && !rolesIn(role)) throw new Complaint(`--role ${role}: accepted is ${aboutRoles}`)
      process.exit(await runServer(role === undefined ? io.env : { ...io.env, ROLE: role }))
    })
}
