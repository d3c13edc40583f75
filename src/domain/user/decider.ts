// A person is registered once, and each of their devices linked once.
import { decider } from '../decider.ts'
import type { UserCommand } from './commands.ts'
import type { UserEvent } from './events.ts'

export interface User {
  readonly registered: boolean
  readonly devices: ReadonlySet<string>
}

export const user = decider<User, UserCommand, UserEvent>({
  initial: { registered: false, devices: new Set() },

  decide: {
    Arrive: ({ user, device, at }, now) => [
      ...(now.registered ? [] : [{ type: 'UserRegistered', data: { user, at } } as const]),
      ...(now.devices.has(device) ? [] : [{ type: 'DeviceLinked', data: { user, device, at } } as const]),
    ],
  },

  evolve: {
    UserRegistered: (_, now) => ({ ...now, registered: true }),
    DeviceLinked: ({ data }, now) => ({ ...now, devices: new Set(now.devices).add(data.device) }),
  },
})
