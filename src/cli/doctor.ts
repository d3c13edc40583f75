// `verbatim doctor`: does this installation work? A line for each thing looked at; the last ones send a message and follow it.
import type { Command } from 'commander'
import { api } from '../client/index.ts'
import { Complaint, explain } from './complain.ts'
import { followMessage } from './doctor/message.ts'
import type { Followed } from './doctor/message.ts'
import { say } from './io.ts'
import type { Io } from './io.ts'
import { devToken, withToken } from './server.ts'
import type { ServerOptions } from './server.ts'

/** package.json's `engines`. */
const OLDEST = [20, 19] as const

interface Check {
  readonly name: string
  /** Says what was found; throws what is wrong. */
  readonly look: () => Promise<string> | string
  readonly advice: string
}

export function addDoctor(program: Command, io: Io): void {
  const command = program.command('doctor').description('check the installation, one line each')
  withToken(command, io.env).action((options: ServerOptions) => doctor(options, io))
}

async function doctor(options: ServerOptions, io: Io): Promise<void> {
  let failed = 0
  const check = async ({ name, look, advice }: Check): Promise<boolean> => {
    try {
      say(io.stdout, `ok    ${name}: ${await look()}`)
      return true
    } catch (thrown) {
      failed++
      say(io.stdout, `FAIL  ${name}: ${explain(thrown, io.env)}; ${advice}`)
      return false
    }
  }
  await check(nodeVersion)
  // what builds on something that failed would only say the same again
  if (await all(serverChecks(options), check)) {
    const followed = await follow(options, io, check)
    if (followed) await all(messageChecks(followed), check)
  }
  if (failed > 0) throw new Complaint(failed === 1 ? 'one check failed' : `${failed} checks failed`)
}

async function all(checks: readonly Check[], check: (one: Check) => Promise<boolean>): Promise<boolean> {
  for (const one of checks) if (!(await check(one))) return false
  return true
}

const nodeVersion: Check = {
  name: 'node',
  look: () => {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
    const enough = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])
    if (!enough) throw new Error(`version ${process.versions.node}`)
    return process.versions.node
  },
  advice: `install Node ${OLDEST.join('.')} or newer`,
}

function serverChecks({ url, token }: ServerOptions): Check[] {
  const server = api({ url })
  return [
    {
      name: 'server',
      look: async () => {
        await server.healthz()
        return url
      },
      advice: 'see what it printed when it started',
    },
    {
      name: 'ready',
      look: async () => {
        await server.readyz()
        return 'store, database and projections are there'
      },
      advice: 'wait until it has printed its ready line, or see its log for what it waits for',
    },
    token === undefined
      ? {
          name: 'tokens',
          look: async () => {
            await devToken(url, { user: 'doctor' })
            return 'the server gives out dev tokens'
          },
          advice: 'or check with a token of yours: --token',
        }
      : {
          name: 'token',
          look: async () => {
            await api({ url, token }).inbox()
            return 'accepted'
          },
          advice: "it needs AUTH_SECRET's signature or one of AUTH_JWKS_URL's keys, `sub`, and an `exp` to come",
        },
  ]
}

/** Needs tokens for three: with one given token there is nobody to write to. */
async function follow({ url, token }: ServerOptions, io: Io, check: (one: Check) => Promise<boolean>) {
  if (token !== undefined) {
    say(io.stdout, 'ok    message: not tried, it takes dev tokens for two users and an auditor')
    return undefined
  }
  let followed: Followed | undefined
  await check({
    name: 'message',
    look: async () => {
      followed = await followMessage(url)
      return 'sent, received, delivered, read'
    },
    advice: 'the log of the server (standard error) may say why',
  })
  return followed
}

function messageChecks({ readBack, audited }: Followed): Check[] {
  return [
    { name: 'history', look: readBack, advice: 'projections may have stopped: see /readyz and the log' },
    {
      name: 'record',
      look: audited,
      advice: 'what was answered is not in the log: keep the data folder, and report it',
    },
  ]
}
