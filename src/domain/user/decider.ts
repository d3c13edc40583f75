// A person is registered once, and each of their devices linked once; whom they block and who may see them is their own affair.
import { decider } from '../decider.ts'
import { refuse } from '../refusals.ts'
import type { UserCommand } from './commands.ts'
import type { Audience, UserEvent } from './events.ts'

export interface User {
  readonly registered: boolean
  readonly devices: ReadonlySet<string>
  readonly blocked: ReadonlySet<string>
  readonly lastSeen: Audience
}

/** People whom one person may have blocked at a time. */
export const mostBlocked = 1_000

export const user = decider<User, UserCommand, UserEvent>({
  initial: { registered: false, devices: new Set(), blocked: new Set(), lastSeen: 'everyone' },

  decide: {
    Arrive: ({ user, device, at }, now) => [
      ...(now.registered ? [] : [{ type: 'UserRegistered', data: { user, at } } as const]),
      ...(now.devices.has(device) ? [] : [{ type: 'DeviceLinked', data: { user, device, at } } as const]),
    ],
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
    DeviceLinked: ({ data }, now) => ({ ...now, devices: new Set(now.devices).add(data.device) }),
    UserBlocked: ({ data }, now) => ({ ...now, blocked: new Set(now.blocked).add(data.blocked) }),
    UserUnblocked: ({ data }, now) => {
      const blocked = new Set(now.blocked)
      blocked.delete(data.blocked)
      return { ...now, blocked }
    },
    PrivacyChanged: ({ data }, now) => ({ ...now, lastSeen: data.lastSeen }),
  },
})
