// Every endpoint: who may call it, what it takes, what it answers. The server and the OpenAPI document are made from this.
import { z } from 'zod'
import type { RefusalCode } from '../../domain/index.ts'
import { userId } from '../socket/protocol.ts'
import type { TokenRole } from './auth.ts'
import { mediaEndpoints } from './media-endpoints.ts'
import { operationsEndpoints } from './operations-endpoints.ts'
import { ownEndpoints } from './own-endpoints.ts'
import { boxEndpoints } from './box-endpoints.ts'
import { pollEndpoints } from './poll-endpoints.ts'
import * as s from './schemas.ts'

export interface Endpoint {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** As OpenAPI writes it: `/v1/conversations/{id}`. */
  readonly path: string
  readonly summary: string
  /** Null: anybody, without a token. */
  readonly role: TokenRole | null
  /** Whether it shows that the user did something. Reads do not. */
  readonly activity?: true
  readonly params: z.ZodObject
  readonly query: z.ZodObject
  readonly body?: z.ZodType
  /** The body is bytes of these types, and its handler reads them as they come. */
  readonly takes?: readonly string[]
  /** The body's schema is for the document alone: the handler finds its bytes in the request. */
  readonly raw?: true
  /** Bytes of JSON that a body may have, where it may be large. */
  readonly bodyBytes?: number
  readonly status: number
  readonly type?: 'application/x-ndjson' | 'text/html' | 'text/plain' | 'image/*'
  readonly answer: z.ZodType
  /** Refusals of its own, besides those that any endpoint may answer. */
  readonly refusals: readonly RefusalCode[]
}

const none = z.object({})
const read = z.object({ atLeast: s.atLeast })
const place = z
  .string()
  .regex(/^\d{1,15}$/, 'the `next` of the page before')
  .transform(Number)
const user = { role: 'user', params: none, query: none } as const
const open = { role: null, params: none, query: none, refusals: [] } as const
const missing = ['unknown-conversation', 'not-a-member'] as const

export const endpoints = {
  ...ownEndpoints,
  inbox: {
    ...user,
    method: 'get',
    path: '/v1/inbox',
    summary: 'One’s conversations, by last activity, with what is unread; all, or with `limit` page by page',
    query: z.strictObject(
      { ...read.shape, after: place.optional(), limit: s.limitQuery.optional() },
      {
        error: issue =>
          issue.code === 'unrecognized_keys'
            ? `${issue.keys.join(', ')} is not taken here; atLeast, after and limit are`
            : undefined,
      },
    ),
    status: 200,
    answer: s.inbox,
    refusals: ['behind'],
  },
  startGroup: {
    ...user,
    method: 'post',
    path: '/v1/conversations',
    summary: 'Starts a group; the caller is its owner',
    activity: true,
    body: s.groupAsked,
    bodyBytes: 4 * 1024 * 1024,
    status: 201,
    answer: s.groupStarted,
    refusals: ['conversation-exists', 'group-is-full', 'blocked'],
  },
  conversation: {
    ...user,
    method: 'get',
    path: '/v1/conversations/{id}',
    summary: 'A conversation one is in',
    params: s.conversationParams,
    query: read,
    status: 200,
    answer: s.conversation,
    refusals: [...missing, 'behind'],
  },
  addMember: {
    ...user,
    method: 'post',
    path: '/v1/conversations/{id}/members',
    summary: 'Adds somebody to a group; who is in with another role gets this one',
    activity: true,
    params: s.conversationParams,
    body: s.memberAsked,
    status: 201,
    answer: s.done,
    refusals: [...missing, 'not-allowed', 'group-is-full', 'blocked'],
  },
  changeConversation: {
    ...user,
    method: 'patch',
    path: '/v1/conversations/{id}',
    summary: 'Name, retention, delivered marks: by owners and admins, in a direct chat by either',
    activity: true,
    params: s.conversationParams,
    body: s.conversationChange,
    status: 200,
    answer: s.done,
    refusals: [...missing, 'not-allowed', 'blocked'],
  },
  removeMember: {
    ...user,
    method: 'delete',
    path: '/v1/conversations/{id}/members/{user}',
    summary: 'Takes somebody out of a group; oneself: leaves it',
    activity: true,
    params: s.conversationParams.extend({ user: userId }),
    status: 200,
    answer: s.done,
    refusals: [...missing, 'not-allowed'],
  },
  messages: {
    ...user,
    method: 'get',
    path: '/v1/conversations/{id}/messages',
    summary: 'What was said while one was a member, ascending; with `after` the oldest after it, otherwise the newest',
    params: s.conversationParams,
    query: read.extend({
      before: s.seqQuery.optional(),
      after: s.afterQuery.optional(),
      limit: s.limitQuery
        .optional()
        .describe(
          'lowered to limits.pageSize; a page may be shorter, it ends after a megabyte too: the last one is the empty one',
        ),
    }),
    status: 200,
    answer: s.messages,
    refusals: ['unknown-conversation', 'behind'],
  },
  receipts: {
    ...user,
    method: 'get',
    path: '/v1/conversations/{id}/messages/{message}/receipts',
    summary: 'Who got a message and who read it, when, on which device',
    params: s.conversationParams.extend({ message: z.string().min(1).max(128) }),
    query: read,
    status: 200,
    answer: s.receipts,
    refusals: ['unknown-message', 'behind'],
  },
  presence: {
    ...user,
    method: 'get',
    path: '/v1/users/{id}/presence',
    summary: 'Whether somebody is online, and when they last did something, as far as one may see it',
    params: z.object({ id: userId }),
    query: read,
    status: 200,
    answer: s.presence,
    refusals: ['behind'],
  },
  ...mediaEndpoints,
  startImport: {
    role: 'admin',
    method: 'post',
    path: '/v1/imports',
    summary: 'The group conversation of a channel whose history is to be imported',
    params: none,
    query: none,
    body: s.channelAsked,
    status: 201,
    answer: s.importStarted,
    refusals: [],
  },
  importEntries: {
    role: 'admin',
    method: 'post',
    path: '/v1/imports/{conversation}/entries',
    summary: 'A piece of history; what is known already, by source and line, changes nothing',
    params: z.object({ conversation: s.conversationParams.shape.id }),
    query: none,
    body: s.historyAsked,
    bodyBytes: 4 * 1024 * 1024,
    status: 200,
    answer: s.imported,
    refusals: ['unknown-conversation', 'not-allowed'],
  },
  auditConversations: {
    role: 'auditor',
    method: 'get',
    path: '/v1/audit/conversations',
    summary: 'All conversations; recorded',
    params: none,
    query: read.extend({ after: z.string().max(128).optional(), limit: s.limitQuery.optional() }),
    status: 200,
    answer: s.auditedConversations,
    refusals: ['behind'],
  },
  auditEvents: {
    role: 'auditor',
    method: 'get',
    path: '/v1/audit/conversations/{id}/events',
    summary: 'A conversation’s events and receipts from the log, in its order, one a line; recorded',
    params: s.conversationParams,
    query: z.object({
      from: s.seqQuery.optional().describe('the first seq'),
      to: s.seqQuery.optional().describe('the last seq, inclusive'),
      open: z.enum(['true', 'false'], 'true or false').optional().describe('adds `body` where its key still exists'),
      atLeast: s.atLeast,
    }),
    status: 200,
    type: 'application/x-ndjson',
    answer: s.auditedEvent,
    refusals: ['unknown-conversation'],
  },
  ...boxEndpoints,
  ...pollEndpoints,
  devToken: {
    ...open,
    method: 'post',
    path: '/v1/dev/tokens',
    summary: 'A token for whoever is named; only where DEV_TOKENS is on',
    body: s.tokenAsked,
    status: 200,
    answer: s.token,
    refusals: ['not-found'],
  },
  ...operationsEndpoints,
} as const satisfies Record<string, Endpoint>

export type Operation = keyof typeof endpoints
