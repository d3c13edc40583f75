// The endpoint of search: what a question may be, and what is answered.
import { z } from 'zod'
import { asked, mostCharacters } from '../../projections/index.ts'
import { userId } from '../socket/protocol.ts'
import * as s from './schemas.ts'

const question = z
  .string('what to look for, such as: lunch "new york" -monday')
  .max(mostCharacters, `at most ${mostCharacters} characters`)
  .transform((text, context) => {
    const found = asked(text)
    if (!('wrong' in found)) return found
    context.addIssue({ code: 'custom', message: found.wrong })
    return z.NEVER
  })
  .describe('words that all have to be there, in any form of case and accents; "a phrase"; -without; this or that')

const before = z
  .string()
  .regex(/^\d{1,15}$/, 'a position, as `next` says it')
  .transform(Number)
  .optional()
  .describe('the `next` of the page before')

export const searchEndpoints = {
  search: {
    role: 'user',
    method: 'get',
    path: '/v1/search',
    summary: 'Messages one may see that have these words, newest first',
    params: z.object({}),
    query: z.object({
      q: question,
      conversation: s.conversationParams.shape.id.optional().describe('only in this one'),
      from: userId.optional().describe('only what this user said'),
      before,
      limit: s.limitQuery.optional().describe('20 where it is left out; lowered to 100'),
      atLeast: s.atLeast,
    }),
    status: 200,
    answer: z.object({
      messages: z.array(s.message.extend({ conversation: z.uuid() })).describe('may be fewer than the limit'),
      next: s.position.nullable().describe('give it as `before` for the next page; null: that was all'),
      complete: z.boolean().describe('false while the index is being built: what is missing is old, or all'),
    }),
    refusals: ['unknown-conversation', 'behind', 'not-found'],
  },
} as const
