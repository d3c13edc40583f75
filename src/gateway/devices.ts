// Devices that were signed out, everybody's, in memory and followed by the feed: asked wherever somebody shows a token. What is
// kept is bounded by what was ever signed out; a device that never was costs nothing.
import { Subject, type Observable } from 'rxjs'
import type { Commands } from '../commands/index.ts'
import { isRefusal, refuse, type Refusal } from '../domain/index.ts'
import type { Feed, RecordedEvent } from '../eventstore/index.ts'
import type { Projections } from '../projections/index.ts'
import type { Log } from './settings.ts'

/** Who comes, with a token issued when: milliseconds since 1970; undefined where it does not say. */
interface Bearer {
  readonly user: string
  readonly device: string
  readonly issuedAt: number | undefined
}

export interface Devices {
  /** The refusal of a token that is of before its device was signed out. */
  refusalOf(bearer: Bearer): Refusal | undefined
  /** The same, for who comes: a device that returns with a newer token is linked again first. */
  admit(bearer: Bearer): Promise<Refusal | undefined>
  /** A device was signed out just now, here or at another box. */
  readonly signedOut: Observable<{ readonly user: string; readonly device: string }>
}

interface Known {
  readonly at: number
  linked: boolean
}

interface DevicesParts {
  readonly commands: Pick<Commands, 'linkDevice'>
  readonly projections: Pick<Projections, 'position'> & {
    readonly queries: Pick<Projections['queries'], 'signedOutDevices'>
  }
  readonly feed: Pick<Feed, 'batches' | 'since'>
  readonly log: Log
}

/** Resolves when all that the read models and the feed know so far is known here. */
export async function followDevices({ commands, projections, feed, log }: DevicesParts): Promise<Devices> {
  const known = new Map<string, Known>()
  const signedOut = new Subject<{ user: string; device: string }>()

  const take = (events: readonly RecordedEvent[]): void => {
    for (const { type, data } of events)
      if (type === 'DeviceSignedOut') {
        known.set(keyOf(data), { at: Date.parse(data.at), linked: false })
        signedOut.next(data)
      } else if (type === 'DeviceLinked') {
        const device = known.get(keyOf(data))
        if (device) device.linked = true
      }
  }

  // the feed first: what the read models lack is then here, and what both have is the same
  feed.batches.subscribe(({ events }) => take(events))
  take(feed.since(projections.position()))
  for (const { at, linked, ...device } of await projections.queries.signedOutDevices()) {
    const time = Date.parse(at)
    if (time > (known.get(keyOf(device))?.at ?? -Infinity)) known.set(keyOf(device), { at: time, linked })
  }

  const refusalOf = (bearer: Bearer): Refusal | undefined => {
    const device = known.get(keyOf(bearer))
    if (device === undefined || (bearer.issuedAt ?? -Infinity) > device.at) return undefined
    const when = new Date(device.at).toISOString()
    return refuse(
      'unauthorized',
      `the device ${bearer.device} was signed out at ${when}, and the token was ` +
        `${bearer.issuedAt === undefined ? 'issued one cannot tell when (it has no iat)' : 'issued before that'}: ` +
        'come with a token issued since',
    )
  }

  return {
    signedOut: signedOut.asObservable(),
    refusalOf,
    async admit(bearer) {
      const device = known.get(keyOf(bearer))
      if (device === undefined) return undefined
      const refused = refusalOf(bearer)
      if (refused || device.linked) return refused
      try {
        const actor = { user: bearer.user, device: bearer.device, session: null }
        const linked = await commands.linkDevice({ actor, origin: 'app' })
        if (isRefusal(linked)) return linked
        device.linked = true
      } catch (error) {
        log.error({ error, user: bearer.user }, 'a device that was signed out could not be linked again')
        return refuse('busy', 'the device cannot be linked again at the moment', 1_000)
      }
      return refusalOf(bearer) // it may have been signed out again meanwhile
    },
  }
}

const keyOf = ({ user, device }: { user: string; device: string }): string => `${user}\n${device}`
