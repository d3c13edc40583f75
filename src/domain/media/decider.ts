// An image is uploaded once and discarded once.
import { decider } from '../decider.ts'
import type { MediaCommand } from './commands.ts'
import type { MediaEvent } from './events.ts'

export type Medium = 'unknown' | 'there' | 'discarded'

export const media = decider<Medium, MediaCommand, MediaEvent>({
  initial: 'unknown',

  decide: {
    RecordUpload: ({ upload }, now) => (now === 'unknown' ? [{ type: 'MediaUploaded', data: upload }] : []),
    Discard: ({ why, at }, now) => (now === 'there' ? [{ type: 'MediaDiscarded', data: { why, at } }] : []),
  },

  evolve: {
    MediaUploaded: () => 'there',
    MediaDiscarded: () => 'discarded',
  },
})
