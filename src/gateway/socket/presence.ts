// Who is online, for those who watch. Online: a session is open, by the log, and the person did something within the window.
// Only changes are told; that nothing was done for the window's length is one, and a timer says so. Who may not see somebody
// is told that they are offline.
import { refuse, type Refusal } from '../../domain/index.ts'
import type { Feed, RecordedEvent } from '../../eventstore/index.ts'
import type { Projections } from '../../projections/index.ts'
import type { Timers } from '../timers.ts'
import { presenceFrame } from './frames.ts'
import type { Outgoing } from './outbox.ts'
import { createSight } from './sight.ts'

export interface Watcher {
  readonly user: string
  tell(frame: Outgoing): void
}

export interface Presence {
  /** Each user's state is told at once, then each change. Resolves when it has been told. */
  watch(watcher: Watcher, users: readonly string[]): Promise<Refusal | undefined>
  unwatch(watcher: Watcher, users: readonly string[]): undefined
  /** The watcher is gone. */
  forget(watcher: Watcher): void
  take(events: readonly RecordedEvent[]): void
  /** It is not too much any more: whose changes were not told is told as they are now. */
  repair(): void
}

export interface PresenceSettings {
  readonly onlineWindowMs: number
  /** How many users one watcher may watch. */
  readonly most: number
  /** It is too much just now for telling changes; counts it where it is. */
  readonly sheds: () => boolean
}

/** So many of whom changes were not told are told at once; then others have their turn (milliseconds). */
const repairedAtOnce = 200
const repairPauseMs = 20

/** A watched user. `state` is what was told last; undefined while it is being loaded. */
interface Watched {
  readonly user: string
  readonly watchers: Set<Watcher>
  readonly sessions: Set<string>
  lastSeen: string | null
  state: 'online' | 'offline' | undefined
  loaded: Promise<void>
  stopTimer: (() => void) | undefined
}

/** The rule, for a socket's presence and for HTTP's. */
export function isOnline(sessions: number, lastSeen: string | null, now: number, windowMs: number): boolean {
  return sessions > 0 && lastSeen !== null && now - Date.parse(lastSeen) < windowMs
}

export function createPresence(
  projections: Pick<Projections, 'queries' | 'position' | 'reached'>,
  feed: Pick<Feed, 'since' | 'head'>,
  timers: Timers,
  { onlineWindowMs, most, sheds }: PresenceSettings,
): Presence {
  /** Whose changes have not been told. */
  const untold = new Set<Watched>()
  const watched = new Map<string, Watched>()
  const watching = new Map<Watcher, Set<string>>()
  const tails = new Set<RecordedEvent[]>()

  const sight = createSight(projections, feed, timers, (viewer, user) => {
    const one = watched.get(user)
    if (one?.state === undefined) return
    const frame = frameFor(viewer, one)
    for (const watcher of one.watchers) if (watcher.user === viewer) watcher.tell(frame)
  })

  const frameOf = ({ user, state, lastSeen }: Watched) =>
    presenceFrame({ type: 'presence', user, state: state!, lastSeen })
  const frameFor = (viewer: string, one: Watched) =>
    sight.sees(viewer, one.user)
      ? frameOf(one)
      : presenceFrame({ type: 'presence', user: one.user, state: 'offline', lastSeen: null })

  /** Sets what is so now, and when it ends by itself. Whether it changed. */
  const settle = (one: Watched): boolean => {
    const before = one.state
    one.state = isOnline(one.sessions.size, one.lastSeen, timers.now(), onlineWindowMs) ? 'online' : 'offline'
    if (one.state === 'online' && one.stopTimer === undefined && watched.get(one.user) === one) {
      // who does something meanwhile is online still when it rings, and it is set anew
      one.stopTimer = timers.after(Date.parse(one.lastSeen!) + onlineWindowMs - timers.now(), () => {
        one.stopTimer = undefined
        if (settle(one)) tellAll(one)
      })
    }
    return one.state !== before
  }

  const tellAll = (one: Watched): void => {
    if (sheds()) return void untold.add(one)
    untold.delete(one)
    const frame = frameOf(one)
    for (const watcher of one.watchers) if (sight.sees(watcher.user, one.user)) watcher.tell(frame)
  }

  /** One query for all. What the feed brought meanwhile is replayed: each event says how it is, however often it is said. */
  const load = async (fresh: readonly Watched[]): Promise<void> => {
    const byUser = new Map(fresh.map(one => [one.user, one]))
    const tail = [...feed.since(projections.position())]
    tails.add(tail)
    try {
      for (const { user, sessions, lastSeen } of await projections.queries.presence([...byUser.keys()])) {
        const one = byUser.get(user)
        for (const session of sessions) one?.sessions.add(session)
        if (one) one.lastSeen = lastSeen
      }
      for (const event of tail) evolve(byUser, event)
      for (const one of fresh) settle(one)
    } finally {
      tails.delete(tail)
    }
  }

  const leave = (watcher: Watcher, user: string): void => {
    watching.get(watcher)?.delete(user)
    const one = watched.get(user)
    if (!one?.watchers.delete(watcher)) return
    if (![...one.watchers].some(other => other.user === watcher.user)) sight.forget(watcher.user, user)
    if (one.watchers.size > 0) return
    one.stopTimer?.()
    untold.delete(one)
    watched.delete(user)
  }

  const enter = (watcher: Watcher, users: ReadonlySet<string>): Watched[] => {
    const fresh: Watched[] = []
    const all = [...users].map(user => {
      let one = watched.get(user)
      if (one === undefined) {
        const loaded = Promise.resolve()
        one = {
          user,
          watchers: new Set(),
          sessions: new Set(),
          lastSeen: null,
          state: undefined,
          loaded,
          stopTimer: undefined,
        }
        watched.set(user, one)
        fresh.push(one)
      }
      one.watchers.add(watcher)
      return one
    })
    if (fresh.length === 0) return all
    const loaded = load(fresh)
    for (const one of fresh) one.loaded = loaded
    return all
  }

  return {
    async watch(watcher, users) {
      const mine = watching.get(watcher) ?? new Set<string>()
      const all = new Set([...mine, ...users])
      if (all.size > most)
        return refuse('not-allowed', `that would be ${all.size} users; one session may watch ${most}`)
      watching.set(watcher, all)
      const asked = enter(watcher, new Set(users))
      try {
        const [known] = await Promise.all([
          sight.look(watcher.user, [...new Set(users)]),
          ...asked.map(one => one.loaded),
        ])
        if (!known) {
          for (const user of users) leave(watcher, user)
          return refuse('behind')
        }
      } catch (error) {
        for (const user of users) leave(watcher, user)
        throw error
      }
      for (const one of asked) if (one.watchers.has(watcher)) watcher.tell(frameFor(watcher.user, one))
      return undefined
    },

    unwatch(watcher, users) {
      for (const user of users) leave(watcher, user)
      return undefined
    },

    forget(watcher) {
      for (const user of watching.get(watcher) ?? []) leave(watcher, user)
      watching.delete(watcher)
    },

    take(events) {
      for (const tail of tails) for (const event of events) tail.push(event)
      for (const event of events) {
        const one = evolve(watched, event)
        if (one?.state !== undefined && settle(one)) tellAll(one)
      }
      sight.take(events)
    },

    repair: function repair() {
      const some = [...untold].slice(0, repairedAtOnce)
      for (const one of some) tellAll(one) // where it is too much again, it stays untold
      if (some.length === repairedAtOnce && !untold.has(some[0]!)) timers.after(repairPauseMs, repair)
    },
  }
}

/** What an event says of a user's presence; the user, if it is one of these. */
function evolve(users: ReadonlyMap<string, Watched>, event: RecordedEvent): Watched | undefined {
  if (event.type !== 'SessionOpened' && event.type !== 'SessionClosed' && event.type !== 'UserActive') return undefined
  const one = users.get(event.data.user)
  if (one === undefined) return undefined
  if (event.type === 'SessionOpened') one.sessions.add(event.data.session)
  else if (event.type === 'SessionClosed') one.sessions.delete(event.data.session)
  else if (one.lastSeen === null || event.data.at > one.lastSeen) one.lastSeen = event.data.at
  return one
}
