// Follows the log for one subscriber: reads until the end, then takes commits as they come; falls back to reading when
// the subscriber is slower than that. Nothing is ever held for it but its cursor, and a page that is on its way.
import { randomUUID } from 'node:crypto'
import { caughtUp, confirmation } from '../protocol/responses.ts'
import type { Call } from './call.ts'
import type { Cursor } from './cursors.ts'

export const follow = (call: Call, cursor: Cursor): void => {
  // at the end of the log, with room to send: then, and only then, a commit goes straight to the subscriber
  let live = false
  let toldCaughtUp = false

  /** Sends, then goes on when there is room. */
  const sendThen = (frames: Buffer[], go: () => void): void => {
    if (frames.length > 0 && !call.send(frames.length === 1 ? frames[0]! : Buffer.concat(frames)))
      void call.drained().then(go)
    else go()
  }

  const tellCaughtUp = (): void => {
    if (toldCaughtUp || !cursor.started()) return
    toldCaughtUp = true
    call.send(caughtUp())
  }

  const step = (): void => {
    if (call.closed()) return
    call.guard(() => {
      const frames = cursor.next()
      if (frames) {
        sendThen(frames, () => setImmediate(step))
        return
      }
      // no await since the log had no more: the next commit finds the subscriber live, and none is missed
      live = true
      tellCaughtUp()
    })
  }

  call.onClose(
    cursor.follow(committed => {
      if (!live || call.closed()) return
      call.guard(() => {
        const { frames, whole } = cursor.take(committed)
        if (frames.length > 0) live = call.send(frames.length === 1 ? frames[0]! : Buffer.concat(frames)) && whole
        const over = cursor.over()
        if (over) return call.finish(over)
        tellCaughtUp()
        if (!live) void call.drained().then(step)
      })
    }),
  )
  call.send(confirmation(randomUUID()))
  step()
}
