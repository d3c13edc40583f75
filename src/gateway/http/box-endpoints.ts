// The endpoints about processes, and about what they have made: for operators. A part of the table in endpoints.ts.
import { z } from 'zod'
import { checkEndpoints } from './check-endpoints.ts'
import { retentionEndpoints } from './retention-endpoints.ts'
import * as s from './schemas.ts'

export const boxEndpoints = {
  ...checkEndpoints,
  ...retentionEndpoints,
  boxes: {
    role: 'admin',
    method: 'get',
    path: '/v1/boxes',
    summary: 'The processes that are there, and how many sessions each has',
    params: z.object({}),
    query: z.object({ atLeast: s.atLeast }),
    status: 200,
    answer: s.boxes,
    refusals: ['behind'],
  },
  boxSessions: {
    role: 'admin',
    method: 'get',
    path: '/v1/boxes/{box}/sessions',
    summary: 'Who is on a box, by user and session, page by page',
    params: s.boxParams,
    query: z.object({ atLeast: s.atLeast, after: s.sessionPlace, limit: s.limitQuery.optional() }),
    status: 200,
    answer: s.boxSessions,
    refusals: ['behind'],
  },
} as const
