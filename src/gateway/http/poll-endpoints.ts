// The endpoints of those who cannot have a socket; a part of the table in endpoints.ts.
import { z } from 'zod'
import { clientFrames } from '../socket/protocol.ts'
import * as s from './schemas.ts'

const user = { role: 'user', params: z.object({}), query: z.object({}) } as const
const frames = z.array(z.looseObject({ type: z.string() })).describe('frames, as /asyncapi.json describes them')
const [one, ...others] = Object.values(clientFrames)
const asked = z.union([one!, ...others])

export const pollEndpoints = {
  frames: {
    ...user,
    method: 'post',
    path: '/v1/frames',
    summary: 'Says frames without a socket: one, or an array; the direct answers in their order, errors among them',
    body: z.union([asked, z.array(asked)]),
    raw: true,
    bodyBytes: 1024 * 1024,
    status: 200,
    answer: z.object({ frames }),
    refusals: ['busy'],
  },
  poll: {
    ...user,
    method: 'get',
    path: '/v1/poll',
    summary: 'What one would be told over a socket: the frames after the cursor, as soon as there is one',
    query: z.object({
      cursor: z
        .string('a cursor, once')
        .max(512, 'a cursor, at most 512 characters')
        .optional()
        .describe('of the last answer, or of a frame; left out: welcome, and where to go on from'),
      wait: s.waitQuery.default(25).describe('how many seconds to wait for a frame'),
    }),
    status: 200,
    answer: z.object({
      frames,
      cursor: z.string().describe('what to ask with next; the same again brings the same frames again'),
      more: z.literal(true).optional().describe('there may be more at once'),
      replaced: z.literal(true).optional().describe('another poll of this device has taken this one’s place'),
    }),
    refusals: ['busy', 'behind'],
  },
  endPolling: {
    ...user,
    method: 'delete',
    path: '/v1/poll',
    summary: 'Ends the session of this token’s device now, rather than 60 s after its last request',
    status: 200,
    answer: z.object({}),
    refusals: [],
  },
} as const
