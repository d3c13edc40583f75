// A box of a run: commands and the gateway's sessions as the server has them, over the simulated log and database. Killed, it is
// gone between one turn and the next: nothing of it says or hears anything any more.
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { NEVER } from 'rxjs'
import { createCommands, type Commands } from '../../src/commands/index.ts'
import { isRefusal, type Refusal } from '../../src/domain/index.ts'
import { startFeed, type Keyring } from '../../src/eventstore/index.ts'
import { open, seal } from '../../src/eventstore/sealing.ts'
import { faulted } from '../../src/gateway/asking.ts'
import { createCounts } from '../../src/gateway/counts.ts'
import { defaults, followDevices, type GatewaySettings } from '../../src/gateway/index.ts'
import type { Auth, Identity } from '../../src/gateway/http/auth.ts'
import { conversationHandlers } from '../../src/gateway/http/handlers/conversations.ts'
import { readHandlers } from '../../src/gateway/http/handlers/reads.ts'
import type { HandlerParts } from '../../src/gateway/http/handlers/parts.ts'
import { pollHandlers } from '../../src/gateway/http/handlers/polls.ts'
import { problemOf } from '../../src/gateway/http/problems.ts'
import { createAdmission } from '../../src/gateway/load/admission.ts'
import { createHeldMarks } from '../../src/gateway/load/held-marks.ts'
import { createLoad } from '../../src/gateway/load/load.ts'
import { createPolls } from '../../src/gateway/poll/polls.ts'
import { createAnswers } from '../../src/gateway/socket/answers.ts'
import { createCatchUp } from '../../src/gateway/socket/catch-up.ts'
import { createCursors } from '../../src/gateway/socket/cursor.ts'
import { Fanout } from '../../src/gateway/socket/fanout.ts'
import { createFrames } from '../../src/gateway/socket/frames.ts'
import { createLogins } from '../../src/gateway/socket/logins.ts'
import { createPresence } from '../../src/gateway/socket/presence.ts'
import { createRedelivery } from '../../src/gateway/socket/redelivery.ts'
import { createSockets } from '../../src/gateway/socket/server.ts'
import { sessionTable } from '../../src/gateway/socket/session.ts'
import { createTyping } from '../../src/gateway/socket/typing.ts'
import { Ticks } from '../../src/gateway/socket/writer.ts'
import type { Timers } from '../../src/gateway/timers.ts'
import { epoch } from './log.ts'
import { delay } from './network.ts'
import { luckOf, type Luck } from './random.ts'
import type { World } from './world.ts'

export interface Request {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly token: string
  readonly body: unknown
  readonly gone: AbortSignal
}

export interface Response {
  readonly status: number
  readonly headers: Record<string, string>
  readonly text: string
}

export interface Box {
  readonly name: string
  readonly isUp: boolean
  readonly commands: Commands
  upgrade(request: IncomingMessage, socket: Duplex): void
  request(request: Request): Promise<Response>
  /** Calls back when it is killed; returns what forgets it. */
  onKilled(call: () => void): () => void
  /** How far it has told the log's events. */
  position(): number
  startAnew(): void
  stop(): Promise<void>
  kill(): void
}

export const key = Buffer.alloc(32, 7)
const keyId = '11111111-1111-4111-8111-111111111111'

/** One key, and the real sealing. It is not always at hand. */
const keyringOf = (world: World, luck: Luck): Keyring => ({
  seal: ({ conversation, message }, text) => {
    const sealed = seal(text, key, keyId, conversation, message)
    return luck.chance(0.9) ? sealed : world.scheduler.sleep(delay(luck)).then(() => sealed)
  },
  open: ({ conversation, message }, sealed) => {
    const text = open(sealed, key, conversation, message)
    return luck.chance(0.9) ? text : world.scheduler.sleep(delay(luck)).then(() => text)
  },
})

/** `user/device`: that tokens are checked is no part of this. */
function identityOf(token: string): Identity {
  const [user, device] = token.split('/')
  return { user: user!, device: device!, roles: ['user'], until: Infinity, issuedAt: 0 }
}

const auth: Auth = {
  check: (header, inUrl) => Promise.resolve(identityOf(header?.replace('Bearer ', '') ?? inUrl!)),
  issue: undefined,
}

export async function startBox(world: World, name: string): Promise<Box> {
  const { scheduler, log, database } = world
  const luck = luckOf(world.seed, name)
  let up = true
  const isGone = () => !up
  const whenKilled = new Set<() => void>()
  const timers: Timers = {
    now: () => Math.floor(scheduler.now),
    elapsed: () => scheduler.now,
    after: (ms, run) => scheduler.after(ms, () => up && run()),
  }
  const now = () => new Date(timers.now()).toISOString()
  const fault = (error: unknown) => {
    throw error
  }
  const note = (what: object, message: string) => {
    const { error } = what as { error?: unknown }
    if (up) world.say(() => `${name}: ${message}${error instanceof Error ? ` (${error.message})` : ''}`)
    if (error instanceof TypeError || error instanceof RangeError) world.found(`${name} has a fault: ${error.stack}`)
  }
  const noting = { warn: note, error: note }

  const store = log.connect(luck, isGone)
  const projections = database.follow(luck, isGone, () => world.faults.database)
  const feed = startFeed(store, projections.position() < 0 ? undefined : projections.position(), {
    onSetAside: fault,
    onLost: fault,
  })
  const keyring = keyringOf(world, luck)
  const { queries } = projections
  const commands = createCommands({
    ...{ store, feed, keyring, now },
    readSide: {
      conversations: queries.conversations,
      messages: queries.saidById,
      saidIds: queries.saidIds,
      askedAbout: queries.askedAbout,
      marks: queries.marks,
      acknowledged: queries.acknowledged,
      position: projections.position,
    },
    mediaSide: { grants: () => Promise.resolve(new Map()) },
    retention: { run: () => Promise.reject(new Error('nothing is temporary here')) },
    blocks: [],
    memberLimit: 100,
  })
  projections.start(feed, fault)
  await feed.live

  const settings: GatewaySettings = {
    ...defaults,
    deliveryAttempts: world.options.attempts,
    resumePage: world.options.resumePage,
    outboxBytes: world.options.outboxBytes,
    load: { ...defaults.load, lookMs: Infinity },
  }
  const devices = await followDevices({ commands, projections, feed, log: noting })
  const cursors = createCursors(epoch)
  const frames = createFrames(keyring, cursors, timers.now)
  const fanout = new Fanout(frames, feed.head())
  const logins = createLogins(projections, feed, fanout, commands)
  const counts = createCounts()
  const load = createLoad(counts.asks, () => ({ loopMs: 0, outboxBytes: 0, line: 0 }), settings.load, timers)
  const admission = createAdmission({ rate: settings.admissionRate }, load.level, timers)
  const marks = createHeldMarks(commands, load, timers, noting)
  const presence = createPresence(projections, feed, timers, {
    onlineWindowMs: settings.onlineWindowMs,
    most: settings.limits.watch,
    sheds: () => false,
  })
  const catchUp = createCatchUp(projections, fanout, frames, settings.resumePage)
  const typing = createTyping(commands, fanout, timers, { heard: NEVER, say: () => undefined }, () => false)
  const answers = createAnswers({ commands, typing, presence, load, marks, counts, log: noting })
  const table = sessionTable({ waitingBytes: settings.outboxBytes, unanswered: settings.unanswered })
  const redelivery = createRedelivery({
    ...{ fanout, frames, projections, feed, failDelivery: commands.failDelivery, timers, log: noting },
    policy: { attempts: settings.deliveryAttempts, backoffMs: settings.deliveryBackoffMs },
    holds: () => false,
  })
  const talking = { commands, fanout, logins, presence, redelivery, catchUp, answers, cursors, load, counts }
  const shared = { ...talking, timers, settings, box: name, epoch, log: noting }
  const ticks = new Ticks(counts.framesOut)
  const sockets = createSockets({ ...shared, table, ticks }, feed, auth, devices, admission)
  const polls = createPolls({ ...shared, projections }, devices, admission)
  const polling = pollHandlers(polls)
  const groups = conversationHandlers({ commands, projections } as HandlerParts)
  const history = readHandlers({ projections, keyring, cursors, settings, timers } as HandlerParts)

  const answer = async ({ method, path, query, token, body, gone }: Request): Promise<object | undefined> => {
    const identity = identityOf(token)
    const { user, device } = identity
    const asker = { actor: { user, device, session: null }, origin: 'user' as const }
    const response = {
      closed: false,
      req: { body: Buffer.from(JSON.stringify(body) ?? '') },
      once: (_: string, call: () => void) => gone.addEventListener('abort', call, { once: true }),
      set: () => undefined,
    }
    const call = { identity, asker, params: {}, query: {}, body: undefined }
    if (path === '/v1/poll' && method === 'GET') {
      const asked = { cursor: query.get('cursor') ?? undefined, wait: Number(query.get('wait')) }
      return polling.poll({ ...call, query: asked }, response as never)
    }
    if (path === '/v1/poll') return polling.endPolling({ ...call }, response as never)
    if (path === '/v1/frames') return polling.frames({ ...call } as never, response as never)
    const [, of] = /^\/v1\/conversations\/([^/]+)\/messages$/.exec(path) ?? []
    if (of !== undefined) {
      const [after, before] = ['after', 'before'].map(name => Number(query.get(name)))
      return history.messages({ ...call, params: { id: of }, query: { after, before } }, response as never)
    }
    const [, id, who] = /^\/v1\/conversations\/([^/]+)\/members(?:\/([^/]+))?$/.exec(path) ?? []
    if (who !== undefined)
      return groups.removeMember({ ...call, params: { id, user: who } } as never, response as never)
    return groups.addMember({ ...call, params: { id }, body } as never, response as never)
  }

  const kill = (): void => {
    up = false
    feed.stop()
    void projections.stop()
    for (const killed of [...whenKilled]) killed()
  }

  return {
    name,
    get isUp() {
      return up
    },
    commands,
    upgrade: (request, socket) => void sockets.upgrade(request, socket, Buffer.alloc(0)),
    async request(request) {
      const failed = (error: unknown) => faulted(error, request.path, noting)
      const reply = (await answer(request).catch(failed)) as { json: object } | { text: string } | Refusal
      if (isRefusal(reply)) {
        const { status, headers, body } = problemOf(reply)
        return { status, headers, text: JSON.stringify(body) }
      }
      return { status: 200, headers: {}, text: 'text' in reply ? reply.text : JSON.stringify(reply.json) }
    },
    onKilled: call => {
      whenKilled.add(call)
      return () => whenKilled.delete(call)
    },
    position: () => fanout.position(),
    startAnew: () => {
      sockets.startAnew(name)
      polls.startAnew(name)
    },
    stop: async () => {
      await Promise.all([sockets.stop(), polls.stop()])
      kill()
    },
    kill,
  }
}
