// The endpoints of a person's own affairs: what they look for, whom they block, who may see when they were there.
import { z } from 'zod'
import { userId } from '../socket/protocol.ts'
import { deviceEndpoints } from './device-endpoints.ts'
import * as s from './schemas.ts'
import { searchEndpoints } from './search-endpoints.ts'

const none = z.object({})
const read = z.object({ atLeast: s.atLeast })
const user = { role: 'user', params: none, query: none } as const

export const ownEndpoints = {
  ...searchEndpoints,
  ...deviceEndpoints,
  block: {
    ...user,
    method: 'put',
    path: '/v1/users/{id}/block',
    summary:
      'Blocks somebody: they cannot write to one, add one to groups, or see one’s presence; groups in common go on',
    activity: true,
    params: z.object({ id: userId }),
    status: 200,
    answer: s.done,
    refusals: ['not-allowed'],
  },
  unblock: {
    ...user,
    method: 'delete',
    path: '/v1/users/{id}/block',
    summary: 'Ends it',
    activity: true,
    params: z.object({ id: userId }),
    status: 200,
    answer: s.done,
    refusals: [],
  },
  blocks: {
    ...user,
    method: 'get',
    path: '/v1/blocks',
    summary: 'Whom one has blocked',
    query: read,
    status: 200,
    answer: s.blocks,
    refusals: ['behind'],
  },
  privacy: {
    ...user,
    method: 'get',
    path: '/v1/me/privacy',
    summary: 'Who may see whether one is online, and when one last did something',
    query: read,
    status: 200,
    answer: s.privacy,
    refusals: ['behind'],
  },
  setPrivacy: {
    ...user,
    method: 'patch',
    path: '/v1/me/privacy',
    summary: 'Sets it',
    activity: true,
    body: s.privacy,
    status: 200,
    answer: s.done,
    refusals: [],
  },
} as const
