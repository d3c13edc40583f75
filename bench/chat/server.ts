// The server that is measured: the compiled one, as a process on a folder of its own, or one that others run.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { startArguments } from '../start.ts'

/** What the generator is told of it. */
export interface Target {
  url: string
  /** Root processes; none where nobody knows them. */
  pids: number[]
  /** Where its event loop can be asked about. */
  probe: string | undefined
}

export interface Server extends Target {
  /** ms from the start of its process to the line that begins with this word; `ready` is the last. */
  saidAfter(word: string): number
  /** What stands after that word. */
  said(word: string): string
  close(): Promise<void>
}

/** dist-bench/bench/chat → the project. */
const root = resolve(fileURLToPath(new URL('../../..', import.meta.url)))
const PROBE = new URL('./probe.js', import.meta.url).href
const SETTINGS =
  /^(PORT|HOST|ROLE|AUTH_.*|BOX_.*|COMMANDS_URL|DATABASE_URL|EVENTSTORE_URL|VERBATIM_.*|MEDIA_.*|MASTER_KEY)$/

let started = 0

/** Started with its defaults: settings of this environment are for another server. */
export const startServer = async (dir: string, settings: Record<string, string> = {}): Promise<Server> => {
  const inherited = Object.entries(process.env).filter(([name]) => !SETTINGS.test(name))
  const probe = `${dir}.probe-${++started}` // beside the folder: a socket's path may have 107 bytes
  const began = performance.now()
  const child = spawn(process.execPath, ['--import', PROBE, ...startArguments(root)], {
    cwd: root,
    env: { ...Object.fromEntries(inherited), PORT: '0', VERBATIM_DATA: dir, BENCH_PROBE: probe, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines = new Map<string, { after: number; rest: string }>()
  let complaints = ''
  child.stderr.on('data', chunk => (complaints = `${complaints}${String(chunk)}`.slice(-2000)))
  const gone = once(child, 'close')
  await new Promise<void>((ready, reject) => {
    createInterface(child.stdout).on('line', line => {
      const [word = '', ...rest] = line.split(' ')
      lines.set(word, { after: performance.now() - began, rest: rest.join(' ') })
      if (word === 'ready') ready()
    })
    gone.then(([code]) => reject(new Error(`the server ended with ${String(code)}: ${complaints}`)), reject)
  })
  const told = (word: string) => {
    const line = lines.get(word)
    if (!line) throw new Error(`the server said no line that begins with '${word}'`)
    return line
  }
  return {
    url: told('ready').rest,
    pids: [child.pid!],
    probe,
    saidAfter: word => told(word).after,
    said: word => told(word).rest,
    close: async () => {
      child.kill('SIGTERM')
      await gone
    },
  }
}

export const serverOfOthers = (url: string, pids: number[]): Server => {
  const unknown = () => {
    throw new Error('nothing is known of the start of a server of others')
  }
  return { url, pids, probe: undefined, saidAfter: unknown, said: unknown, close: () => Promise.resolve() }
}

export const versionsOf = (): { version: string; commit: string } => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  const { stdout } = spawnSync('git', ['-C', root, 'describe', '--always', '--dirty', '--abbrev=12'], {
    encoding: 'utf8',
  })
  return { version, commit: stdout?.trim() || 'unknown' }
}
