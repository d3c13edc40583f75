// The endpoint about what is temporary: for operators. A part of the table in endpoints.ts.
import { z } from 'zod'

const at = z.iso.datetime({ precision: 3 }).nullable()
const count = z.int().nonnegative()

const report = z.object({
  conversations: z
    .array(
      z.object({
        conversation: z.uuid(),
        name: z.string().nullable().describe('of a group'),
        keys: count.describe('content keys that are due'),
        since: at.describe('since when the first of them is; null: none'),
        messages: count.describe('whose content goes with them'),
        images: count.describe('that these messages name; one that others show stays'),
        keptMessages: count.describe('that have their time still'),
        keptKeys: count,
        next: at.describe('when the first of those keys is due; null: there are none'),
      }),
    )
    .describe('those with anything temporary, as of before; the most urgent first'),
  deleted: z.object({ keys: count, images: count }).describe('what this call has deleted, images with all their sizes'),
})

export const retentionEndpoints = {
  runRetention: {
    role: 'admin',
    method: 'post',
    path: '/v1/admin/retention',
    summary: 'Deletes what is over and not deleted yet, and tells what is temporary; with `dryRun` only tells',
    params: z.object({}),
    query: z.object({}),
    body: z.strictObject({ dryRun: z.boolean('true or false').default(false) }),
    status: 200,
    answer: report,
    refusals: [],
  },
} as const
