// The parts of a running app: closed one after another, last opened first, none for ever.
import type { Logger } from 'pino'

/** What does not close in this time (milliseconds) is left: nothing that is durable waits for it. */
const usualMs = 5_000

export interface Parts {
  /** Notes how a part is closed, and how long that may take; answers the part. */
  opened<T extends { close: () => Promise<unknown> }>(name: string, part: T, longestMs?: number): T
  onClose(name: string, close: () => unknown, longestMs?: number): void
  close(): Promise<void>
}

export function createParts(log: Logger): Parts {
  const parts: { name: string; close: () => unknown; longestMs: number }[] = []
  const onClose: Parts['onClose'] = (name, close, longestMs = usualMs) => void parts.push({ name, close, longestMs })
  return {
    opened: (name, part, longestMs) => {
      onClose(name, () => part.close(), longestMs)
      return part
    },
    onClose,
    close: async () => {
      for (let part = parts.pop(); part; part = parts.pop()) {
        const { name, close, longestMs } = part
        let timer: NodeJS.Timeout | undefined
        const late = new Promise((_, reject) => {
          timer = setTimeout(() => reject(new Error(`it took longer than ${longestMs} ms`)), longestMs)
        })
        // wrapped, so that what throws at once does not keep the others from closing
        const closed = Promise.resolve().then(close)
        await Promise.race([closed, late]).catch((error: unknown) => log.error({ error, part: name }, 'closing failed'))
        clearTimeout(timer)
      }
    },
  }
}
