// Starts a PostgreSQL program that does not outlive this process, however this process ends.
//
// A `sh` leaves a watcher behind and becomes the program, so that the child's id and exit code are the program's own.
// The watcher reads a pipe of ours: a line says all is over, the end of the pipe without one that we are gone (exit,
// kill -9), upon which it sends SIGINT, PostgreSQL's fast shutdown. It is nobody's child (the inner brackets): a
// postmaster treats the death of a child it does not know as a crash. A Node process for the same would take 40 MB.
import { spawn } from 'node:child_process'
import type { Writable } from 'node:stream'
import { ENVIRONMENT } from './account.ts'
import type { Account } from './account.ts'

const UNDER_WATCH = '( ( read -r _ <&3 || kill -INT $$ 2>/dev/null ) & ); exec 3<&-; exec "$@"'

export interface Program {
  pid: number
  /** How it ended, in words; `''` for exit code 0. Never rejects. */
  ended: Promise<string>
  /** Has it not ended yet? */
  running(): boolean
}

export interface Launch {
  account: Account
  command: string[]
  /** Text for its standard input. */
  input?: string
  /** The file descriptor that its messages go to. */
  messages: number
}

export async function launch({ account, command, input, messages }: Launch): Promise<Program> {
  const [first = 'sh', ...rest] = [...account.prefix, 'sh', '-c', UNDER_WATCH, 'sh', ...command]
  const child = spawn(first, rest, {
    ...(account.prefix.length === 0 ? account.other : {}),
    cwd: '/', // not where we are: that folder may be closed to the other user
    env: ENVIRONMENT,
    detached: true, // its own process group: Ctrl-C in a terminal ends us, and we end it when we no longer need it
    stdio: [input === undefined ? 'ignore' : 'pipe', input === undefined ? messages : 'ignore', messages, 'pipe'],
  })
  const pipe = child.stdio[3] as Writable
  pipe.on('error', () => {}) // the watcher may be gone first
  child.stdin?.on('error', () => {})
  child.stdin?.end(input)
  let running = true
  const ended = new Promise<string>(resolve => {
    child.once('exit', (code, signal) => resolve(signal ? `ended by ${signal}` : code === 0 ? '' : `exit code ${code}`))
    child.once('error', error => resolve(error.message))
  }).finally(() => {
    running = false
    pipe.end('over\n')
  })
  if (child.pid === undefined) throw new Error(`cannot run ${first}: ${await ended}`)
  return { pid: child.pid, ended, running: () => running }
}
