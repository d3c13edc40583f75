// THE wiring: which parts there are, who gets whom, what starts after what. The only file that names adapters.
import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { Logger } from 'pino'
import { createCommands } from './commands/index.ts'
import type { Config } from './config.ts'
import { startEventStoreProcess } from './embedded/index.ts'
import { connectEventStore, epochOf, openKeyring, startFeed } from './eventstore/index.ts'
import { createGateway, defaults } from './gateway/index.ts'
import { folderStore, openMedia } from './media/index.ts'
import { startPostgres } from './postgres/index.ts'
import { openProjections } from './projections/index.ts'
import { keptSecret } from './secrets.ts'

export interface App {
  readonly url: string
  /** Ends every part, last started first; what is under way is finished. */
  close(): Promise<void>
}

/** The port where none is asked for; another where it is taken. */
const usualPort = 8080

const now = () => new Date().toISOString()

/**
 * Starts everything in this process, with the embedded store and Postgres beside it where no URL says otherwise. `say` gets
 * one line per part. `onFault` hears when a part has failed for good; the app is then to be closed.
 */
export async function startApp(
  config: Config,
  say: (line: string) => void,
  log: Logger,
  onFault: (error: Error) => void,
): Promise<App> {
  const parts: { name: string; close: () => Promise<unknown> }[] = []
  const opened = <T extends { close: () => Promise<unknown> }>(name: string, part: T): T => {
    parts.push({ name, close: () => part.close() })
    return part
  }
  const close = async () => {
    for (let part = parts.pop(); part; part = parts.pop())
      await part.close().catch((error: unknown) => log.error({ error, part: part?.name }, 'closing failed'))
  }

  try {
    const { dataDir } = config
    await mkdir(dataDir, { recursive: true })
    const box = `${hostname()}-${randomBytes(4).toString('hex')}`
    const [secret, masterKey] = await Promise.all([
      config.jwksUrl ? undefined : (config.authSecret ?? keptSecret(dataDir, 'auth.secret')),
      config.masterKey ?? keptSecret(dataDir, 'master.key'),
    ])
    const analystSecret = await keptSecret(dataDir, 'analyst.secret')

    const onExit = (reason: string) => onFault(new Error(reason))
    const embedded = await Promise.allSettled([
      config.eventStoreUrl ??
        startEventStoreProcess({ dir: join(dataDir, 'store'), onExit, log: line => log.warn(line) }).then(
          store => opened('store', store).url,
        ),
      config.databaseUrl ??
        startPostgres({ dir: join(dataDir, 'postgres'), onExit, log: line => log.info(line) }).then(
          server => opened('database', server).url,
        ),
    ])
    for (const one of embedded) if (one.status === 'rejected') throw one.reason
    const [storeUrl, databaseUrl] = embedded.map(one => (one as PromiseFulfilledResult<string>).value) as [
      string,
      string,
    ]
    say(`store ${storeUrl}`)
    say(`database ${config.databaseUrl ? withoutPassword(databaseUrl) : databaseUrl}`)

    const store = opened('store client', connectEventStore(storeUrl, onFault))
    const pool = new pg.Pool({ connectionString: databaseUrl, max: 20 })
    pool.on('error', error => log.warn({ error }, 'a database connection was lost'))
    parts.push({ name: 'database pool', close: () => pool.end() })

    const [epoch, keyring] = await Promise.all([
      epochOf(store, now),
      openKeyring(pool, masterKey, error => log.error({ error }, 'a sealed body was tampered with')),
    ])
    const analystPassword = analystSecret.toString('hex')
    const projections = await openProjections({
      pool,
      epoch,
      holds: store.holds,
      analystPassword,
      log: line => log.warn(line),
    })
    say(`analysts ${analystUrl(databaseUrl, config.databaseUrl ? '***' : analystPassword)}`)

    const blocks = await projections.queries.blocks()
    const feed = startFeed(store, projections.position() < 0 ? undefined : projections.position(), {
      onSetAside: error => log.error({ error }, 'an event was set aside'),
      onLost: onFault,
    })
    parts.push({ name: 'feed', close: () => Promise.resolve(feed.stop()) })
    parts.push({ name: 'projections', close: () => projections.stop() })
    const { queries } = projections
    const readSide = {
      conversations: queries.conversations,
      messages: queries.saidById,
      askedAbout: queries.askedAbout,
      marks: queries.marks,
      position: projections.position,
    }
    const folder = join(dataDir, 'media')
    const incoming = join(folder, 'incoming')
    const blobs = config.mediaUrl
      ? opened('media store', (await import('./media/s3.ts')).s3Store(config.mediaUrl)) // 22 MB that most do without
      : folderStore(folder, incoming)
    const onFailed = (error: Error) => log.error({ error }, 'images')
    const mostBytes = config.mediaBytes
    const media = await openMedia({ pool, keyring, projections, feed, blobs, incoming, mostBytes, onFailed })
    say(`media ${config.mediaUrl?.href ?? folder}`)
    const { memberLimit } = config
    const commands = createCommands({ store, feed, keyring, readSide, mediaSide: media, blocks, memberLimit, now })
    projections.start(feed, error => onFault(error as Error))

    opened('media collector', media.collect(commands))

    // until the tail of the log has been seen, a message that is there could be taken for new
    await feed.live
    say(`projections up to ${feed.head()}`)

    const gateway = createGateway({
      commands,
      projections,
      feed,
      store,
      keyring,
      media,
      auth: secret ? { secret } : { jwksUrl: config.jwksUrl! },
      box,
      epoch,
      settings: {
        ...defaults,
        devTokens: config.devTokens,
        onlineWindowMs: config.onlineWindowMs,
        limits: { ...defaults.limits, members: config.memberLimit, mediaBytes: config.mediaBytes },
      },
      log,
      ready: () => true,
    })
    const { port } = await listen(gateway, config)
    opened('gateway', gateway)
    return { url: `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function listen(gateway: { listen(port: number, host: string): Promise<{ port: number }> }, config: Config) {
  try {
    return await gateway.listen(config.port ?? usualPort, config.host)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE' && config.port === undefined) return gateway.listen(0, config.host)
    if (code === 'EADDRINUSE')
      throw new Error(
        `PORT ${config.port} on ${config.host} is taken: stop what listens there, or set another (0: any)`,
      )
    throw new Error(`cannot listen on HOST ${config.host}: ${message}`)
  }
}

function withoutPassword(url: string): string {
  const shown = new URL(url)
  if (shown.password) shown.password = '***'
  return shown.href
}

function analystUrl(databaseUrl: string, password: string): string {
  const url = new URL(databaseUrl)
  url.username = 'verbatim_analyst'
  url.password = password
  return url.href
}
