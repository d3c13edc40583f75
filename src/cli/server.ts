// Which server, and as whom: what the commands that talk to one have in common.
import type { Command } from 'commander'
import { addressIn } from '../address.ts'
import { Refused, api } from '../client/index.ts'
import { Complaint } from './complain.ts'

export interface ServerOptions {
  readonly url: string
  readonly token?: string
}

/** Where the environment says, or where the server on the data folder listens; else where one usually does. */
function defaultUrl({ VERBATIM_URL, PORT, VERBATIM_DATA }: NodeJS.ProcessEnv): string {
  if (VERBATIM_URL) return VERBATIM_URL
  if (PORT && PORT !== '0') return `http://127.0.0.1:${PORT}`
  return addressIn(VERBATIM_DATA || '.verbatim') ?? 'http://127.0.0.1:8080'
}

/** Throws a Complaint where it is none; commander's own errors cannot say what is accepted. */
function serverUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new Complaint(`'${text}' is no address of a server: write it as http://HOST:PORT`)
  return text
}

export const withServer = (command: Command, env: NodeJS.ProcessEnv): Command =>
  command.option('--url <url>', 'the server', serverUrl, defaultUrl(env))

export const withToken = (command: Command, env: NodeJS.ProcessEnv): Command =>
  withServer(command, env).option('--token <token>', 'a token; left out: a dev token of the server')

export interface Who {
  readonly user: string
  readonly roles?: readonly string[]
  readonly device?: string
}

/** A token for anyone, if the server gives such out. */
export async function devToken(url: string, who: Who): Promise<string> {
  try {
    return await api({ url }).devToken(who)
  } catch (thrown) {
    if (thrown instanceof Refused && (thrown.status === 404 || thrown.status === 403))
      throw new Complaint(
        `the server at ${url} gives out no dev tokens: pass --token where the command takes one, or start the server with DEV_TOKENS=on`,
      )
    throw thrown
  }
}

export const tokenFor = async ({ url, token }: ServerOptions, who: Who): Promise<string> =>
  token ?? (await devToken(url, who))
