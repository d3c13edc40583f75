// The endpoints about the server itself, for anybody; a part of the table in endpoints.ts.
import { z } from 'zod'

const none = z.object({})
const open = { role: null, params: none, query: none, refusals: [] } as const
const status = z.object({ status: z.string() })

export const operationsEndpoints = {
  healthz: { ...open, method: 'get', path: '/healthz', summary: 'The process is alive', status: 200, answer: status },
  readyz: {
    ...open,
    method: 'get',
    path: '/readyz',
    summary: 'It can serve; 503 with the reasons where it cannot',
    status: 200,
    answer: status,
    refusals: ['busy'],
  },
  metrics: {
    ...open,
    method: 'get',
    path: '/metrics',
    summary: 'How it is doing, as Prometheus reads it',
    status: 200,
    type: 'text/plain',
    answer: z.string(),
  },
  openapi: {
    ...open,
    method: 'get',
    path: '/openapi.json',
    summary: 'This document',
    status: 200,
    answer: z.looseObject({}),
  },
  asyncapi: {
    ...open,
    method: 'get',
    path: '/asyncapi.json',
    summary: 'The socket’s frames',
    status: 200,
    answer: z.looseObject({}),
  },
  docs: {
    ...open,
    method: 'get',
    path: '/docs',
    summary: 'Both documents as a page',
    status: 200,
    type: 'text/html',
    answer: z.string(),
  },
} as const
