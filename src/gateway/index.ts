// The gateway: sockets and HTTP of one box. It asks commands and queries, and tells whom the feed's events concern.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Boxes } from '../boxes/index.ts'
import type { Commands } from '../commands/index.ts'
import type { EventStore, Feed, Keyring } from '../eventstore/index.ts'
import type { Media } from '../media/index.ts'
import type { Metrics } from '../metrics/index.ts'
import { createCounts, tellCounts } from './counts.ts'
import type { Finder, Projections } from '../projections/index.ts'
import type { Devices } from './devices.ts'
import { createApp, type Handlers } from './http/app.ts'
import { type AuthSettings, createAuth } from './http/auth.ts'
import { auditHandlers } from './http/handlers/audit.ts'
import { boxHandlers } from './http/handlers/boxes.ts'
import { checkHandlers } from './http/handlers/check.ts'
import { conversationHandlers } from './http/handlers/conversations.ts'
import { deviceHandlers } from './http/handlers/devices.ts'
import { importHandlers } from './http/handlers/imports.ts'
import { mediaHandlers } from './http/handlers/media.ts'
import { operationsHandlers } from './http/handlers/operations.ts'
import { pollHandlers } from './http/handlers/polls.ts'
import { ownHandlers } from './http/handlers/own.ts'
import { readHandlers } from './http/handlers/reads.ts'
import { createAdmission } from './load/admission.ts'
import { createHeldMarks } from './load/held-marks.ts'
import { createLoad, type Measures } from './load/load.ts'
import { watchLoop } from './load/loop.ts'
import { retentionHandlers } from './http/handlers/retention.ts'
import { createPolls } from './poll/polls.ts'
import { searchHandlers } from './http/handlers/search.ts'
import { defaults, type GatewaySettings, type Log } from './settings.ts'
import { createAnswers } from './socket/answers.ts'
import { createCatchUp } from './socket/catch-up.ts'
import { createCursors } from './socket/cursor.ts'
import { Fanout } from './socket/fanout.ts'
import { createFrames } from './socket/frames.ts'
import { createLogins } from './socket/logins.ts'
import { createPresence } from './socket/presence.ts'
import { createRedelivery } from './socket/redelivery.ts'
import { createSockets } from './socket/server.ts'
import { sessionTable } from './socket/session.ts'
import { createTyping } from './socket/typing.ts'
import { Ticks } from './socket/writer.ts'
import { realTimers, type Timers } from './timers.ts'

export { followDevices } from './devices.ts'
export { createOperations } from './operations.ts'
export { defaults, type GatewaySettings } from './settings.ts'

export interface GatewayParts {
  readonly commands: Commands
  readonly projections: Projections
  readonly feed: Feed
  readonly store: EventStore
  readonly keyring: Keyring
  /** Undefined: switched off. */
  readonly search: Finder | undefined
  readonly media: Pick<Media, 'take' | 'find'>
  readonly auth: AuthSettings
  readonly devices: Devices
  /** The name of this process among all that serve, for now. */
  readonly box: string
  readonly boxes: Pick<Boxes, 'all' | 'whispers'>
  /** The id of the log, written once at its first boot. */
  readonly epoch: string
  readonly settings?: Partial<GatewaySettings>
  readonly log: Log
  /** Why it cannot serve; nothing where it can. */
  readonly unready: () => Promise<readonly string[]>
  readonly timers?: Timers
  readonly metrics: Metrics
  /** What is measured, where it is not to be measured. */
  readonly measure?: () => Partial<Measures>
}

export interface Gateway {
  /** Port 0 picks a free one. */
  listen(port: number, host: string): Promise<{ port: number }>
  /** This box was taken for lost: everybody is sent away to come back, and who comes is on `box` from now on. */
  startAnew(box: string): void
  /** Takes nobody in any more, sends everybody away with "come back", and lets what is under way end. */
  close(): Promise<void>
}

export function createGateway(parts: GatewayParts): Gateway {
  const { commands, projections, feed, store, keyring, search, media, devices, box, boxes, epoch, log } = parts
  const { metrics, timers = realTimers } = parts
  const settings: GatewaySettings = { ...defaults, ...parts.settings }
  const auth = createAuth(parts.auth, timers, log, devices)
  const cursors = createCursors(epoch)
  const frames = createFrames(keyring, cursors, () => timers.now())
  const fanout = new Fanout(frames, feed.head())
  const logins = createLogins(projections, feed, fanout, commands)
  const counts = createCounts()
  const loop = watchLoop()
  const measure = (): Measures => {
    const measured = { loopMs: loop.look(), outboxBytes: ticks.waiting() + polls.waiting(), line: admission.line() }
    return { ...measured, ...parts.measure?.() }
  }
  const load = createLoad(counts.asks, measure, settings.load, timers)
  const admission = createAdmission({ rate: settings.admissionRate }, load.level, timers)
  const marks = createHeldMarks(commands, load, timers, log)
  const shed = (what: 'presence' | 'typing') => () => load.sheds(what) && ++load.shed[what] > 0
  const presence = createPresence(projections, feed, timers, {
    onlineWindowMs: settings.onlineWindowMs,
    most: settings.limits.watch,
    sheds: shed('presence'),
  })
  load.onChange(() => load.sheds('presence') || presence.repair())
  const catchUp = createCatchUp(projections, fanout, frames, settings.resumePage)
  const typing = createTyping(commands, fanout, timers, boxes.whispers, shed('typing'))
  const answers = createAnswers({ commands, typing, presence, load, marks, counts, log })
  const table = sessionTable({ waitingBytes: settings.outboxBytes, unanswered: settings.unanswered })
  const redelivery = createRedelivery({
    ...{ fanout, frames, projections, feed, failDelivery: commands.failDelivery, timers, log },
    policy: { attempts: settings.deliveryAttempts, backoffMs: settings.deliveryBackoffMs },
    holds: () => load.sheds('delivered'),
  })
  const talking = { commands, fanout, logins, presence, redelivery, catchUp, answers, cursors, load, counts }
  const shared = { ...talking, timers, settings, box, epoch, log }
  const ticks = new Ticks(counts.framesOut)
  const sockets = createSockets({ ...shared, table, ticks }, feed, auth, devices, admission)
  const polls = createPolls({ ...shared, projections }, devices, admission)
  const sessions = () => sockets.sessions() + polls.sessions()
  tellCounts(metrics, { ...counts, load, admission, marks, redelivery, sessions })

  let closing = false
  const unready = async () => (closing ? ['it is stopping'] : parts.unready())
  const all = {
    commands,
    projections,
    store,
    keyring,
    search,
    media,
    boxes,
    cursors,
    auth,
    settings,
    timers,
    log,
    metrics,
    unready,
  }
  const handlers: Handlers = {
    ...conversationHandlers(all),
    ...readHandlers(all),
    ...searchHandlers(all),
    ...ownHandlers(all),
    ...deviceHandlers(all),
    ...importHandlers(all),
    ...mediaHandlers(all),
    ...auditHandlers(all),
    ...boxHandlers(all),
    ...pollHandlers(polls),
    ...checkHandlers(all),
    ...retentionHandlers(all),
    ...operationsHandlers(all),
  }
  const http = createServer(createApp({ auth, commands, projections, settings, log }, handlers))
  http.on('upgrade', (request, socket, head) => void sockets.upgrade(request, socket, head))

  return {
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        http.once('error', reject)
        http.listen(port, host, () => {
          http.off('error', reject)
          resolve({ port: (http.address() as AddressInfo).port })
        })
      }),

    startAnew(box) {
      sockets.startAnew(box)
      polls.startAnew(box)
    },

    async close() {
      closing = true
      const closed = new Promise(resolve => http.close(resolve))
      await Promise.all([sockets.stop(), polls.stop()])
      await marks.flush()
      load.stop()
      loop.stop()
      http.closeIdleConnections()
      const cut = timers.after(settings.stopMs, () => http.closeAllConnections())
      await closed
      cut()
    },
  }
}
