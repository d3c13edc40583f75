// Several processes that share the work: one store, one database, and boxes with roles, each as its users run it.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { freshFolder, startServer, start, type Server } from './server.ts'
import { startPostgres } from '../../src/postgres/index.ts'

export interface Engines {
  /** What every process is told: the two engines and the secrets. */
  readonly env: Readonly<Record<string, string>>
  readonly storeUrl: string
  /** Each can be stopped, and started again at the same address with what it had. */
  readonly store: Engine
  readonly database: Engine
  /** Starts a process with these roles; its data folder is its own. */
  box(role: string, env?: Record<string, string>): Promise<Server>
  /** Ends the boxes that are still there, then the engines. */
  close(): Promise<void>
}

export interface Engine {
  stop(): Promise<void>
  start(): Promise<void>
}

type Run = (port: number) => Promise<{ url: string; close(): Promise<void> }>

async function engine(run: Run): Promise<Engine & { readonly url: string }> {
  let running = await run(0)
  const { url } = running
  return {
    url,
    stop: () => running.close(),
    start: async () => {
      running = await run(Number(new URL(url).port))
    },
  }
}

export async function startEngines(more: Record<string, string> = {}): Promise<Engines> {
  const [storeDir, databaseDir] = [freshFolder(), freshFolder()]
  const [store, database] = await Promise.all([
    engine(port => startStore(storeDir, port)),
    engine(port => startPostgres({ dir: databaseDir, port })),
  ])
  const boxes = new Set<Server>()
  const env = {
    EVENTSTORE_URL: store.url,
    DATABASE_URL: database.url,
    AUTH_SECRET: randomBytes(32).toString('hex'),
    MASTER_KEY: randomBytes(32).toString('base64'),
    DEV_TOKENS: 'on',
    ...more,
  }
  return {
    env,
    storeUrl: store.url,
    store,
    database,
    box: async (role, own = {}) => {
      const box = await startServer({ env: { ...env, ROLE: role, ...own } })
      boxes.add(box)
      return box
    },
    close: async () => {
      await Promise.all([...boxes].map(box => box.stop()))
      await Promise.all([store.stop(), database.stop()])
    },
  }
}

/** The embedded store alone, as `verbatim store` runs it. */
async function startStore(dir: string, port: number): Promise<{ url: string; close(): Promise<void> }> {
  const child = start('cli/main.js', ['store', '--port', String(port), '--dir', dir])
  const gone = once(child, 'close')
  const lines = createInterface(child.stdout!)
  const [line] = (await Promise.race([once(lines, 'line'), gone])) as [unknown]
  if (typeof line !== 'string') throw new Error(`the store did not start: exit code ${String(line)}`)
  return {
    url: line.replace(/^ready /, ''),
    close: async () => {
      child.kill('SIGTERM')
      await gone
    },
  }
}

/** What stands before several boxes: each connection goes to the first that takes it. */
export async function startBalancer(urls: readonly string[]): Promise<{ url: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const keep = (socket: Socket) => sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => {}))
  const hand = (client: Socket, [first, ...others]: readonly string[]): void => {
    if (first === undefined) return void client.destroy()
    const { hostname, port } = new URL(first)
    const box = connect(Number(port), hostname)
    let taken = false
    box.once('connect', () => {
      taken = true
      client.pipe(box).pipe(client)
    })
    box.on('close', () => (taken ? client.destroy() : hand(client, others)))
    client.on('close', () => box.destroy())
    keep(box)
  }
  const server = createServer(client => {
    keep(client)
    hand(client, urls)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      const closed = new Promise(resolve => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
