// Frames without a socket.
import type { Response } from 'express'
import { isRefusal } from '../../../domain/index.ts'
import type { Outgoing } from '../../socket/outbox.ts'
import { textOf } from '../../socket/wire.ts'
import type { Polls } from '../../poll/polls.ts'
import type { Handlers } from '../app.ts'

export function pollHandlers(polls: Polls): Handlers<'frames' | 'poll' | 'endPolling'> {
  return {
    async frames({ identity }, response) {
      const body = response.req.body as Buffer | undefined
      const answers = await polls.frames(identity, body ?? Buffer.alloc(0))
      return isRefusal(answers) ? answers : reply(response, answers, {})
    },

    async poll({ identity, query: { cursor, wait } }, response) {
      const gone = new AbortController()
      if (response.closed) return undefined // gone while the token was checked
      response.once('close', () => gone.abort())
      const answer = await polls.poll(identity, { cursor, waitMs: wait * 1000, gone: gone.signal })
      if (isRefusal(answer)) return answer
      const { frames, ...more } = answer
      return reply(response, frames, more)
    },

    async endPolling({ identity }) {
      await polls.close(identity)
      return { json: {} }
    },
  }
}

/** The frames as they are, and what else the answer says. */
function reply(response: Response, frames: readonly Outgoing[], more: object): { text: string } {
  response.set('cache-control', 'no-store')
  const rest = JSON.stringify(more).slice(1)
  const texts = frames.map(({ bytes }) => textOf(bytes!))
  return { text: `{"frames":[${texts.join(',')}]${rest === '}' ? '' : ','}${rest}` }
}
