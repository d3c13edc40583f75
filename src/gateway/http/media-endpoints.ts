// The endpoints of images; a part of endpoints.ts.
import { z } from 'zod'
import * as s from './schemas.ts'

export const mediaEndpoints = {
  uploadMedia: {
    role: 'user',
    method: 'post',
    path: '/v1/media',
    summary: 'Takes in an image, for messages to name; the body is its bytes',
    activity: true,
    params: z.object({}),
    query: z.object({}),
    takes: ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'application/octet-stream'],
    status: 201,
    answer: s.uploaded,
    refusals: ['busy'],
  },
  media: {
    role: 'user',
    method: 'get',
    path: '/v1/media/{id}',
    summary: 'An image that one has uploaded, or that a message names which one may see',
    params: s.mediaParams,
    query: z.object({ atLeast: s.atLeast, w: s.widthQuery.optional().describe('not wider than that; never enlarged') }),
    status: 200,
    type: 'image/*',
    answer: s.image,
    refusals: ['unknown-media', 'busy', 'behind'],
  },
} as const
