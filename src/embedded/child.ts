// Starts a node as a child process, which never outlives this one, and tells when it dies unasked.
import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { TlsFiles } from './tls.ts'

export interface EventStoreProcessOptions {
  dir: string
  /** Default 127.0.0.1. */
  host?: string
  /** Default 0: any free one. */
  port?: number
  /** `host:port` under which clients reach the node, where that is not where it listens. */
  advertise?: string
  /** Paths of PEM files. */
  tls?: TlsFiles
  /** The path of a JSON file of names and passwords. */
  usersFile?: string
  /** Called when the node ends without `close`. */
  onExit?: (reason: string) => void
  /** The node's own lines. Default: standard error. */
  log?: (line: string) => void
}

export interface EventStoreProcess {
  url: string
  pid: number
  /** Stops the node and waits until it is gone. */
  close(): Promise<void>
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>

/** A child process runs compiled JavaScript, also where this file is run from source. */
const ENTRY = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/embedded/main.js' : './main.js', import.meta.url),
)

/** What an append makes lives for a moment: in 4 MB for it instead of 16 the node is as fast, and 20 MB smaller. */
const YOUNG = '--max-semi-space-size=4'

/** V8 takes as many helping threads as there are cores for: with four on two cores they are what everybody waits for. */
const HELPERS = '--v8-pool-size=0'

/** A node that is asked to stop has this long, in ms: its log is as safe after a kill. */
const LONGEST_STOP = 10_000

/** Rejects where the node cannot start, with what it said. */
export const startEventStoreProcess = async (options: EventStoreProcessOptions): Promise<EventStoreProcess> => {
  const { onExit, log = line => void process.stderr.write(`${line}\n`) } = options
  const child = spawn(process.execPath, [YOUNG, HELPERS, ENTRY, ...argumentsFor(options), '--with-parent'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true, // a group of its own: Ctrl-C is for the parent, which stops this when its own work is done
  })
  // its end of the pipe goes with it; ours must not throw then
  child.stdin.on('error', () => undefined)
  const said: string[] = []
  createInterface(child.stderr).on('line', line => {
    said.push(line)
    if (said.length > 20) said.shift()
    log(line)
  })
  const exited = new Promise<string>(resolve => {
    child.once('error', error => resolve(error.message))
    child.once('close', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`))
  })

  const url = await readyLine(child, exited, said, options.dir)
  let closing = false
  void exited.then(reason => {
    if (!closing) onExit?.(`the embedded store (process ${child.pid}) ended: ${reason}`)
  })
  return {
    url,
    pid: child.pid!,
    close: async () => {
      closing = true
      child.stdin.end()
      child.kill('SIGTERM')
      const impatient = setTimeout(() => child.kill('SIGKILL'), LONGEST_STOP)
      await exited
      clearTimeout(impatient)
    },
  }
}

const argumentsFor = ({ dir, host, port = 0, advertise, tls, usersFile }: EventStoreProcessOptions): string[] => {
  const given = {
    dir,
    host,
    port: String(port),
    advertise,
    certificate: tls?.certificate,
    'private-key': tls?.key,
    users: usersFile,
  }
  return Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`]))
}

const readyLine = (child: Child, exited: Promise<string>, said: readonly string[], dir: string): Promise<string> =>
  new Promise((resolve, reject) => {
    createInterface(child.stdout).on('line', line => {
      if (line.startsWith('ready ')) resolve(line.slice('ready '.length))
    })
    void exited.then(reason => {
      const last = said.join(' ') || (CRASHED.test(reason) ? damagedIndex(dir) : 'it said nothing')
      reject(new Error(`The embedded store did not start (${reason}): ${last}`))
    })
  })

/** LMDB maps its file into memory: where that is damaged, it is the process that ends. */
const CRASHED = /SIGSEGV|SIGBUS/

const damagedIndex = (dir: string): string =>
  `its index may be damaged. Remove ${join(dir, 'index')}: it is made anew from the log`
