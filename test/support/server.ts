// Verbatim as its users run it: the compiled server as a process of its own, on a data folder of its own.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll } from 'vitest'
import { WebSocket } from 'ws'
import { api, connect, type ConnectOptions, type Pushed } from '../../src/client/index.ts'

const root = resolve(import.meta.dirname, '../..')

export interface Run {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs one command of the compiled tree to its end. */
export function run(entry: string, args: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  const child = start(entry, args, env)
  return ended(child)
}

export const verbatim = (args: readonly string[], env: Record<string, string> = {}) => run('cli/main.js', args, env)

export function start(entry: string, args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(PORT|HOST|DATABASE_URL|EVENTSTORE_URL|VERBATIM_.*|NODE_ENV)$/.test(name),
    ),
  )
  return spawn(process.execPath, [join(root, 'dist', entry), ...args], {
    env: { ...inherited, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

export function ended(child: ChildProcess): Promise<Run> {
  let out = ''
  let err = ''
  child.stdout!.on('data', chunk => (out += String(chunk)))
  child.stderr!.on('data', chunk => (err += String(chunk)))
  return new Promise(resolve => child.on('close', code => resolve({ code, out, err })))
}

export interface Server {
  readonly url: string
  readonly dataDir: string
  /** What it printed, by the first word of each line. */
  readonly printed: ReadonlyMap<string, string>
  readonly pid: number
  /** What it wrote to stderr so far. */
  complaints(): string
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>
  /** kill -9 of the server and of everything it has started, at once. */
  kill(): Promise<void>
}

/** Starts the server and waits for `ready`. Without `dataDir` a fresh one, removed when the tests' process ends. */
export async function startServer(options: { dataDir?: string; env?: Record<string, string> } = {}): Promise<Server> {
  const dataDir = options.dataDir ?? freshFolder()
  const child = start('main.js', [], { PORT: '0', VERBATIM_DATA: dataDir, ...options.env })
  const printed = new Map<string, string>()
  let err = ''
  child.stderr!.on('data', chunk => (err += String(chunk)))
  const gone = new Promise<number | null>(resolve => child.on('close', resolve))
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout!).on('line', line => {
      const [word, ...rest] = line.split(' ')
      printed.set(word!, rest.join(' '))
      if (word === 'ready') resolve(rest[0]!)
    })
    void gone.then(code => reject(new Error(`the server ended with ${code}: ${err}`)))
  })
  return {
    url,
    dataDir,
    printed,
    pid: child.pid!,
    complaints: () => err,
    stop: () => {
      child.kill('SIGTERM')
      return gone
    },
    kill: async () => {
      const everything = [child.pid!, ...descendants(child.pid!)]
      for (const pid of everything) killed(pid)
      await gone
      while (everything.some(isAlive)) await new Promise(setImmediate)
    },
  }
}

const folders: string[] = []
// what is registered first runs last: after the test file's own, which stop the servers
afterAll(() => folders.splice(0).forEach(folder => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })))

export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'verbatim-'))
  folders.push(folder)
  return folder
}

export const token = (url: string, user: string, roles = ['user'], device?: string) =>
  api({ url, token: '' }).devToken({ user, roles, ...(device ? { device } : {}) })

/** A live client with an ear: everything it was told since it connected, and a way to wait for what is to come. */
export async function person(
  server: { url: string },
  user: string,
  options: Partial<ConnectOptions> & { device?: string } = {},
) {
  const { device, ...rest } = options
  const client = connect({
    url: server.url,
    token: await token(server.url, user, ['user'], device),
    WebSocket,
    ...rest,
  })
  const heard: Pushed[] = []
  const waiting = new Set<() => void>()
  void (async () => {
    for await (const frame of client.frames()) {
      heard.push(frame)
      for (const check of waiting) check()
    }
  })()
  const of = <T extends Pushed['type']>(type: T) =>
    heard.filter((frame): frame is Extract<Pushed, { type: T }> => frame.type === type)
  /** Resolves as soon as it is so; looked at after each frame. */
  const until = (so: () => boolean) =>
    new Promise<void>(resolve => {
      const check = () => {
        if (!so()) return
        waiting.delete(check)
        resolve()
      }
      waiting.add(check)
      check()
    })
  await client.ready()
  return { client, heard, of, until }
}

export async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>(resolve => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as { port: number }
  await new Promise(resolve => probe.close(resolve))
  return port
}

/** Postgres' workers come and go by themselves. */
function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Processes below one, as /proc has them. */
function descendants(pid: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
    } catch {
      // it has ended meanwhile
    }
  }
  const below = (one: number): number[] =>
    [...parents].flatMap(([child, parent]) => (parent === one ? [child, ...below(child)] : []))
  return below(pid)
}

/** A zombie whose parent has not looked yet is dead. */
function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat[stat.lastIndexOf(')') + 2] !== 'Z'
  } catch {
    return false
  }
}
