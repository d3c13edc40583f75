// The endpoints about devices: one's own, and for admins anybody's. A part of the table in endpoints.ts.
import { z } from 'zod'
import { deviceId, userId } from '../socket/protocol.ts'
import * as s from './schemas.ts'

const at = z.iso.datetime({ precision: 3 })
const devices = z.object({
  devices: z.array(
    z.object({
      device: deviceId.describe('as its tokens name it; `default` where they name none'),
      linkedAt: at.describe('when it first opened a socket, since it was last signed out'),
      sessions: z.int().nonnegative().describe('open, by the log'),
      lastSeenAt: at.nullable().describe('when a session of it last opened or closed; null: it has had none'),
      current: z.boolean().describe('whether it is the one that asks'),
    }),
  ),
  next: z.string().nullable().describe('give it as `after` for the next page; null: that was all'),
})
const page = z.object({ atLeast: s.atLeast, after: deviceId.optional(), limit: s.limitQuery.optional() })
const list = { method: 'get', query: page, status: 200, answer: devices, refusals: ['behind'] } as const
const signOut = {
  method: 'delete',
  query: z.object({}),
  status: 200,
  answer: s.done,
  refusals: ['not-allowed'],
} as const

export const deviceEndpoints = {
  devices: {
    ...list,
    role: 'user',
    path: '/v1/me/devices',
    summary: 'One’s linked devices by name, page by page',
    params: z.object({}),
  },
  signOut: {
    ...signOut,
    role: 'user',
    path: '/v1/me/devices/{device}',
    summary: 'Signs a device out: its sockets close with 4501, and tokens issued to it before are refused from then on',
    activity: true,
    params: z.object({ device: deviceId }),
  },
  devicesOf: {
    ...list,
    role: 'admin',
    path: '/v1/users/{id}/devices',
    summary: 'Somebody’s linked devices by name, page by page',
    params: z.object({ id: userId }),
  },
  signOutOf: {
    ...signOut,
    role: 'admin',
    path: '/v1/users/{id}/devices/{device}',
    summary: 'Signs somebody’s device out',
    params: z.object({ id: userId, device: deviceId }),
  },
} as const
