// A cursor that is ahead of this box: another one made it, and this one has some time to get there.
import type { Position } from '../../eventstore/index.ts'
import type { Timers } from '../timers.ts'
import type { Fanout } from './fanout.ts'

const aheadMs = 1000

/** Whether it got there. */
export function getsTo(position: Position, fanout: Pick<Fanout, 'whenAt'>, timers: Timers): Promise<boolean> {
  return new Promise(resolve => {
    const forget = fanout.whenAt(position, () => {
      giveUp()
      resolve(true)
    })
    const giveUp = timers.after(aheadMs, () => {
      forget()
      resolve(false)
    })
  })
}
