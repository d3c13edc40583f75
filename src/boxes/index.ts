// Which processes there are, and whether this one is well.
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from 'pg'
import type { Commands } from '../commands/index.ts'
import type { Feed } from '../eventstore/index.ts'
import type { Projections } from '../projections/index.ts'
import { openLeases, type Box } from './lease.ts'
import { lostSessions } from './lost-sessions.ts'
import { openWhispers, type Whispers } from './whispers.ts'

export type { Box } from './lease.ts'
export type { Whispers } from './whispers.ts'
export { sendCanaries, type Canary } from './canary.ts'
export { watchReadiness, type Readiness } from './readiness.ts'

export interface Boxes {
  /** This process's name among all. */
  name(): string
  /** All that are there. */
  all(): Promise<readonly Box[]>
  /** For what is not worth recording. Others are heard once this box has started. */
  readonly whispers: Whispers
  /** Begins to renew, and to look after the sessions of boxes that are gone. `onLost` hears the name after this one. */
  start(onLost: (name: string) => void): void
  /** Gives the lease back: what is still open of this box is for others to close. */
  stop(): Promise<void>
}

export interface BoxParts {
  readonly pool: Pool
  readonly roles: readonly string[]
  /** How long a lease lasts that is not renewed (milliseconds). It is renewed three times as often. */
  readonly leaseMs: number
  readonly projections: Pick<Projections, 'queries' | 'position'>
  readonly feed: Pick<Feed, 'head'>
  readonly closeSession: Commands['closeSession']
  readonly log: (line: string) => void
}

const newName = () => `${hostname()}-${randomBytes(4).toString('hex')}`

/** Takes a lease for this process. */
export async function openBoxes({
  pool,
  roles,
  leaseMs,
  projections,
  feed,
  closeSession,
  log,
}: BoxParts): Promise<Boxes> {
  const leases = await openLeases(pool, leaseMs)
  const closeLost = lostSessions(projections.queries, leases, closeSession, log)
  const stopping = new AbortController()
  const roundMs = leaseMs / 3
  let name = newName()
  let otherGateways = 1 // until it is known
  const whispers = openWhispers(pool, () => otherGateways > 0, log)
  await leases.take(name, roles)
  /** Since when the lease is renewed without a break: after a database that was away the others come first to renew theirs. */
  let heldFrom = performance.now()
  let renewedAt = heldFrom
  let headBefore = feed.head()
  let tidying: Promise<void> | undefined

  const renew = async (onLost: (name: string) => void): Promise<void> => {
    const now = performance.now()
    if (now - renewedAt > 2 * roundMs) heldFrom = now
    const others = await leases.renew(name)
    otherGateways = others ?? otherGateways
    if (others === undefined) {
      const next = newName()
      await leases.take(next, roles)
      log(`box ${name} was taken for lost; it goes on as ${next}`)
      name = next
      heldFrom = now
      onLost(name)
    }
    renewedAt = now
  }

  const tidy = async (): Promise<void> => {
    for (const gone of await leases.takeAway(name)) log(`box ${gone} has not renewed its lease and is taken for lost`)
    // read models that are far behind show sessions as open that have long been closed
    if (projections.position() >= headBefore) await closeLost()
    headBefore = feed.head()
  }

  /** What is done says where it fails, once. */
  const careful = (doing: () => Promise<void>, what: string) => {
    let failing = false
    return async () => {
      try {
        await doing()
        failing = false
      } catch (error) {
        if (!failing) log(`${what} could not be looked after: ${(error as Error).message}`)
        failing = true
      }
    }
  }

  let work = Promise.resolve()
  return {
    name: () => name,
    all: leases.all,
    whispers,
    start: onLost => {
      if (roles.includes('gateway')) whispers.listen()
      const renewing = careful(() => renew(onLost), 'the lease of this box')
      const tidyingUp = careful(tidy, 'the sessions of boxes that are gone')
      const rounds = async () => {
        for (;;) {
          await sleep(roundMs, undefined, { signal: stopping.signal }).catch(() => undefined)
          if (stopping.signal.aborted) return
          await renewing()
          // not waited for: many sessions take their time, and the lease has to be renewed meanwhile
          if (performance.now() - heldFrom > 1.5 * roundMs) tidying ??= tidyingUp().finally(() => (tidying = undefined))
        }
      }
      work = rounds()
    },
    async stop() {
      stopping.abort()
      await whispers.stop()
      await work
      await tidying
      await leases.giveBack(name)
    },
  }
}
