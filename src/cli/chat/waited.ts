// What an earlier run has left to be said: what becomes of it.
import type { Client } from '../../client/index.ts'
import { refusedLine, sentLine, textOf } from './lines.ts'

/** Resolves when all of it is answered. */
export function tellWhatWaited(client: Client, print: (line: string) => void): Promise<void> {
  const left = new Set(client.pending().map(({ id }) => id))
  if (left.size === 0) return Promise.resolve()
  print(`-- saying what waited: ${left.size}`)
  return new Promise(resolve => {
    client.on('outbox', ({ frame, ...answer }) => {
      if (!left.delete(frame.id)) return
      if ('refused' in answer) print(refusedLine(answer.refused))
      else print(sentLine(answer.sent.seq, 'body' in frame ? textOf(frame.body) : frame.type))
      if (left.size === 0) resolve()
    })
  })
}
