// THE wiring: which parts there are, who gets whom, what starts after what. The only file that names adapters. A process has
// all roles or some of them; what it has not itself, others have, and it reaches them through the log, the database and, for
// commands, a connection.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import type { Logger } from 'pino'
import { tellAddress } from './address.ts'
import { wallClock } from './app/clock.ts'
import { startEngines } from './app/engines.ts'
import { listen } from './app/listen.ts'
import { giveBackWhenQuiet } from './app/memory.ts'
import { tellProcess } from './app/metrics.ts'
import { createParts } from './app/parts.ts'
import { openSearch } from './app/search.ts'
import { analystUrl, withoutPassword } from './app/urls.ts'
import { openBoxes, sendCanaries, watchReadiness } from './boxes/index.ts'
import { connectCommands, createCommands, openRetention, serveCommands, sessions } from './commands/index.ts'
import type { Config, Role } from './config.ts'
import { lookForLate } from './delivery/index.ts'
import { connectEventStore, epochOf, openDueKeys, openKeyring, startFeed } from './eventstore/index.ts'
import { createGateway, createOperations, defaults, followDevices } from './gateway/index.ts'
import { folderStore, openMedia } from './media/index.ts'
import { Appends, createMetrics } from './metrics/index.ts'
import { followProjections, openProjections } from './projections/index.ts'
import { boxKey, keptSecret } from './secrets.ts'

export interface App {
  readonly url: string
  /** Ends every part, last started first; what is under way is finished, as far as that does not take for ever. */
  close(): Promise<void>
}

const now = wallClock()

/**
 * Starts this process's roles, with the embedded store and Postgres beside it where no URL says otherwise. `say` gets one line
 * per part. `onFault` hears when a part has failed for good; the app is then to be closed. `stopped` ends the waiting for others.
 */
export async function startApp(
  config: Config,
  say: (line: string) => void,
  log: Logger,
  onFault: (error: Error) => void,
  stopped: AbortSignal,
): Promise<App> {
  const parts = createParts(log)
  const { opened, onClose } = parts
  const has = (role: Role) => config.roles.has(role)
  const warn = (line: string) => log.warn(line)
  const fault = (error: unknown) => onFault(error as Error)

  try {
    const { dataDir } = config
    await mkdir(dataDir, { recursive: true })
    const { storeUrl, databaseUrl } = await startEngines(config, parts, log, onFault)
    say(`store ${storeUrl}`)
    say(`database ${config.databaseUrl ? withoutPassword(databaseUrl) : databaseUrl}`)

    const memory = giveBackWhenQuiet()
    onClose('memory', memory.stop)

    // the log and the database: every role has both
    const metrics = createMetrics({ process: true })
    const appends = new Appends()
    const store = opened('store client', connectEventStore(storeUrl, appends))
    const pool = new pg.Pool({ connectionString: databaseUrl, max: 20 })
    pool.on('error', ({ message }) => {
      if (!pool.ending) log.warn(`a database connection was lost: ${message}`)
    })
    onClose('database pool', () => pool.end())
    const epoch = await epochOf(store, now)

    // the read models: made here, or by another process
    const analystPassword = has('projections') ? (await keptSecret(dataDir, 'analyst.secret')).toString('hex') : ''
    const projections = has('projections')
      ? await openProjections({ pool, epoch, holds: store.holds, analystPassword, log: warn })
      : await followProjections({ pool, epoch, log: say, stopped })
    if (has('projections')) say(`analysts ${analystUrl(databaseUrl, config.databaseUrl ? '***' : analystPassword)}`)
    const feed = startFeed(store, projections.position() < 0 ? undefined : projections.position(), {
      onSetAside: error => log.error({ error }, 'an event was set aside'),
      onLost: onFault,
    })
    onClose('feed', () => feed.stop())
    onClose('projections', () => projections.stop())

    // the keys: to seal with where commands are, to open with where people are, and where search has its index made
    const masterKey = async () => config.masterKey ?? keptSecret(dataDir, 'master.key')
    const tampered = (error: Error) => log.error({ error }, 'a sealed body was tampered with')
    const keyring = await openKeyring(pool, await masterKey(), tampered)

    // images: taken in and shown where people are, named where messages are
    const folder = join(dataDir, 'media')
    const openBlobs = async () =>
      config.mediaUrl
        ? opened('media store', (await import('./media/s3.ts')).s3Store(config.mediaUrl)) // 22 MB that most do without
        : folderStore(folder, join(folder, 'incoming'))
    const media = !(has('commands') || has('gateway'))
      ? undefined
      : await openMedia({
          pool,
          keyring,
          projections,
          feed,
          blobs: await openBlobs(),
          incoming: join(folder, 'incoming'),
          mostBytes: config.mediaBytes,
          onFailed: error => log.error({ error }, 'images'),
        })
    if (media) say(`media ${config.mediaUrl?.href ?? folder}`)

    // the command stage: here, or where COMMANDS_URL says
    const { queries } = projections
    const readSide = {
      conversations: queries.conversations,
      messages: queries.saidById,
      saidIds: queries.saidIds,
      askedAbout: queries.askedAbout,
      marks: queries.marks,
      acknowledged: queries.acknowledged,
      position: projections.position,
    }
    const { memberLimit } = config
    const retention =
      has('commands') && media
        ? openRetention({ keys: openDueKeys(pool), feed, readSide: queries, log: warn })
        : undefined
    await retention?.sweep() // what has become due meanwhile goes before anything is served
    const own =
      media && retention
        ? createCommands({
            ...{ store, feed, keyring, readSide, mediaSide: media, retention, memberLimit, now },
            blocks: await queries.blocks(),
          })
        : undefined
    const secret = async () => boxKey(config.boxSecret ?? (await masterKey()))
    const remote =
      has('gateway') && !own
        ? opened('command processes', connectCommands(config.commandsUrls, await secret(), warn))
        : undefined
    const commands = own ?? remote?.commands

    projections.start(feed, fault)
    if (own && media && retention) {
      const collector = opened('media collector', media.collect(own))
      opened('retention', retention).start(collector.forget)
    }

    // search: an index beside the read models, made where they are and asked where people are; nothing waits for it
    const around = { pool, store, epoch, feed, keyring, projections, log: warn }
    const search = config.search ? await openSearch(parts, has('projections'), await masterKey(), around) : undefined

    // until the tail of the log has been seen, a message that is there could be taken for new
    await feed.live
    say(`projections up to ${feed.head()}`)

    if (own) {
      const late = { pool, epoch, queries, feed, failDelivery: own.failDelivery, maxAgeMs: config.deliveryMaxAgeMs }
      opened('late deliveries', lookForLate({ ...late, log: warn }))
    }

    const roles = [...config.roles]
    const closeSession = commands?.closeSession ?? sessions(store, now).close
    const lease = { pool, roles, leaseMs: config.boxLeaseMs, projections, feed, closeSession, log: warn }
    const boxes = await openBoxes(lease)
    onClose('lease', () => boxes.stop())
    say(`box ${boxes.name()} ${roles.join(',')}`)

    const others = () => (remote && !remote.connected() ? ['no command process is there'] : [])
    const readiness = watchReadiness({ store, pool, feed, projections, lagMs: config.readyLagMs, others })
    onClose('readiness', readiness.stop)
    const { canaryMs: everyMs } = config
    const canary =
      everyMs === undefined
        ? undefined
        : sendCanaries({ store, feed, projections, box: boxes.name, everyMs, now, log: warn })
    if (canary) onClose('canary', canary.stop)
    const measured = { appends, store, feed, projections, readiness, index: search?.index, canary }
    onClose('lags', tellProcess(metrics, measured))

    if (!has('gateway')) {
      const server = own && serveCommands(own, await secret(), log)
      const operations = createOperations({
        unready: readiness.reasons,
        metrics,
        ...(server ? { upgrade: server.upgrade } : {}),
      })
      const url = await listen(operations, config)
      opened('operations', operations)
      if (server) opened('command server', server)
      boxes.start(() => undefined) // nobody has a session here
      return { url, close: parts.close }
    }

    const gateway = createGateway({
      commands: commands!,
      projections,
      feed,
      store,
      keyring,
      search: search?.finder,
      media: media!,
      devices: await followDevices({ commands: commands!, projections, feed, log }),
      auth: config.jwksUrl
        ? { jwksUrl: config.jwksUrl }
        : { secret: config.authSecret ?? (await keptSecret(dataDir, 'auth.secret')) },
      box: boxes.name(),
      boxes,
      epoch,
      settings: {
        ...defaults,
        devTokens: config.devTokens,
        onlineWindowMs: config.onlineWindowMs,
        deliveryAttempts: config.deliveryAttempts,
        deliveryBackoffMs: config.deliveryBackoffMs,
        admissionRate: config.admissionRate,
        limits: { ...defaults.limits, members: config.memberLimit, mediaBytes: config.mediaBytes },
      },
      log,
      metrics,
      unready: readiness.reasons,
    })
    const url = await listen(gateway, config)
    opened('gateway', gateway)
    onClose('address', await tellAddress(dataDir, url))
    boxes.start(gateway.startAnew)
    return { url, close: parts.close }
  } catch (error) {
    await parts.close()
    throw error
  }
}
