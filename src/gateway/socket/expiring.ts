// A frame whose content has its time: it may wait for a slow reader, and from then on what goes out is that it is over.
import type { Outgoing } from './outbox.ts'
import { textFrame } from './wire.ts'

/** `until` and `now` in milliseconds since 1970; `over` is the text that says that it is over. */
export function expiring(frame: Outgoing, until: number, now: () => number, over: string): Outgoing {
  let late: Buffer | undefined
  return {
    ...frame,
    get bytes() {
      return now() < until ? frame.bytes : (late ??= textFrame(over))
    },
  }
}
