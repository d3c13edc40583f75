// Asking again where the server says that it is busy. Only for what may be asked twice.
import { Refused } from '../client/index.ts'
import { pause } from './io.ts'

const TRIES = 20

/** Gives up after so many tries, with the server's answer. */
export async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask()
    } catch (thrown) {
      const busy = thrown instanceof Refused && (thrown.code === 'busy' || thrown.status === 503)
      if (!busy || tries === TRIES) throw thrown
      await pause(thrown.retryAfterMs ?? 500)
    }
  }
}
