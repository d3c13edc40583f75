// The endpoint of the check: for operators who want to know whether the read models say what the log says.
import { z } from 'zod'
import * as s from './schemas.ts'

const reading = z.object({ events: z.int(), position: s.position, upTo: s.position })
const drift = z.object({
  user: z.string(),
  conversation: z.string(),
  what: z.enum(['missing', 'not theirs', 'unread', 'order']),
  found: z.int().nullable().describe('in the read models: unread messages, or the place in the inbox'),
  recounted: z.int().nullable().describe('from the log'),
})
const checked = z.object({
  events: z.int(),
  position: s.position.describe('up to here'),
  users: z.int(),
  conversations: z.int(),
  unread: z.int().describe('of all people in all conversations'),
  drift: z.array(drift),
})

export const checkEndpoints = {
  checkInboxes: {
    role: 'admin',
    method: 'get',
    path: '/v1/projections/check',
    summary:
      'Everybody’s inbox against a recount from the whole log; lines say how far it is, the last one what it found',
    params: z.object({}),
    query: z.object({}),
    status: 200,
    type: 'application/x-ndjson',
    answer: z.union([reading, checked]),
    refusals: [],
  },
} as const
