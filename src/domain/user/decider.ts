// A person is registered once, and each of their devices linked once until it is signed out; whom they block and who may see them is their own affair.
import { decider } from '../decider.ts'
import { refuse } from '../refusals.ts'
import type { Arrive, Return, UserCommand } from './commands.ts'
import type { Audience, UserEvent } from './events.ts'

export interface User {
  readonly registered: boolean
  readonly devices: ReadonlySet<string>
  /** And not linked again since. */
  readonly signedOut: ReadonlySet<string>
  readonly blocked: ReadonlySet<string>
  readonly lastSeen: Audience
}

/** People whom one person may have blocked at a time. */
export const mostBlocked = 1_000

/** Devices that were never seen may be signed out too, since a token may be all there is of them; so many at a time. */
export const mostSignedOut = 1_000

/** Who is new is registered, a device that is not linked is linked. */
const arrive = ({ user, device, at }: Arrive | Return, now: User): readonly UserEvent[] => [
  ...(now.registered ? [] : [{ type: 'UserRegistered', data: { user, at } } as const]),
  ...(now.devices.has(device) ? [] : [{ type: 'DeviceLinked', data: { user, device, at } } as const]),
]

export const user = decider<User, UserCommand, UserEvent>({
  initial: { registered: false, devices: new Set(), signedOut: new Set(), blocked: new Set(), lastSeen: 'everyone' },

  decide: {
    Arrive: arrive,
    Return: arrive,
    SignOut: ({ user, device, at }, now) => {
      if (now.signedOut.has(device)) return [] // already so: saying it twice is saying it once
      if (!now.devices.has(device) && now.signedOut.size >= mostSignedOut)
        return refuse('not-allowed', `no such device is linked, and ${mostSignedOut} are signed out already`)
      return [{ type: 'DeviceSignedOut', data: { user, device, at } }]
    },
    Block: ({ user, other, at }, now) => {
      if (other === user) return refuse('not-allowed', 'one cannot block oneself')
      if (now.blocked.has(other)) return []
      if (now.blocked.size >= mostBlocked)
        return refuse('not-allowed', `${mostBlocked} are blocked already, which is the most: unblock somebody first`)
      return [{ type: 'UserBlocked', data: { user, blocked: other, at } }]
    },
    Unblock: ({ user, other, at }, now) =>
      now.blocked.has(other) ? [{ type: 'UserUnblocked', data: { user, blocked: other, at } }] : [],
    ChangePrivacy: ({ user, lastSeen, at }, now) =>
      lastSeen === now.lastSeen ? [] : [{ type: 'PrivacyChanged', data: { user, lastSeen, at } }],
  },

  evolve: {
    UserRegistered: (_, now) => ({ ...now, registered: true }),
    DeviceLinked: ({ data }, now) => ({
      ...now,
      devices: new Set(now.devices).add(data.device),
      signedOut: without(now.signedOut, data.device),
    }),
    DeviceSignedOut: ({ data }, now) => ({
      ...now,
      devices: without(now.devices, data.device),
      signedOut: new Set(now.signedOut).add(data.device),
    }),
    UserBlocked: ({ data }, now) => ({ ...now, blocked: new Set(now.blocked).add(data.blocked) }),
    UserUnblocked: ({ data }, now) => ({ ...now, blocked: without(now.blocked, data.blocked) }),
    PrivacyChanged: ({ data }, now) => ({ ...now, lastSeen: data.lastSeen }),
  },
})

function without(set: ReadonlySet<string>, one: string): ReadonlySet<string> {
  if (!set.has(one)) return set
  const rest = new Set(set)
  rest.delete(one)
  return rest
}
