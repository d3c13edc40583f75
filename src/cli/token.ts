// `verbatim token`: a dev token, and nothing else, on standard output.
import type { Command } from 'commander'
import { say } from './io.ts'
import type { Io } from './io.ts'
import { devToken, withServer } from './server.ts'

export function addToken(program: Command, io: Io): void {
  const command = program
    .command('token')
    .description("print a dev token (the server's DEV_TOKENS is on)")
    .argument('<user>', 'whose')
    .option('--role <role...>', 'user, auditor, analyst, admin', ['user'])
    .option('--device <device>', 'a name for the device')
  withServer(command, io.env).action(
    async (user: string, options: { url: string; role: string[]; device?: string }) => {
      const { url, role: roles, device } = options
      say(io.stdout, await devToken(url, { user, roles, ...(device === undefined ? {} : { device }) }))
    },
  )
}
