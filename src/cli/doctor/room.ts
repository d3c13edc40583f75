// Where the doctor talks: a group of its own that keeps nothing for long. Throwaway people leave it at the end.
import { createHash } from 'node:crypto'
import { v4, v7 } from 'uuid'
import { WebSocket } from 'ws'
import { api, connect, Refused } from '../../client/index.ts'
import type { Course } from './talk.ts'
import { userIn, type People } from './tokens.ts'
import { impatientFetch, within } from './wait.ts'

/** After that what was said is deleted. */
export const ttl = '10m'

export interface Room {
  readonly course: Course
  readonly author: string
  /** Undefined: the author is alone. */
  readonly reader: string | undefined
  /** Nobody is to be bothered by what is left. */
  leave(): Promise<void>
}

/** The same for the same people; their ids have no blanks. Of version 4: those of other versions are direct chats. */
const keptId = (author: string, reader = ''): string =>
  v4({ random: createHash('sha256').update(`verbatim doctor ${author} ${reader}`).digest().subarray(0, 16) })

export async function openRoom(url: string, { author, reader, throwaway }: People): Promise<Room> {
  const as = (token: string) => api({ url, token, fetch: impatientFetch })
  // a bad token is told, with whose it is, before anything is done
  for (const [option, token] of [
    ['--token', author],
    ['--peer-token', reader],
  ] as const)
    if (token !== undefined)
      await as(token)
        .inbox()
        .catch((thrown: unknown) => {
          if (!(thrown instanceof Refused && thrown.status === 401)) throw thrown
          throw new Error(`${option}: ${thrown.message}`)
        })
  const [from, to] = [userIn(author)!, reader === undefined ? undefined : userIn(reader)]
  const room = {
    name: 'verbatim doctor',
    members: to === undefined ? [] : [to],
    delivered: true,
    retention: { mode: 'temporary', ttl },
  } as const
  const id = throwaway ? v7() : keptId(from, to)
  await as(author)
    .startGroup({ id, ...room })
    .catch((thrown: unknown) => {
      // of an earlier time: people who stay have one such group, not one for each time they look
      if (throwaway || !(thrown instanceof Refused && thrown.code === 'conversation-exists')) throw thrown
      return to === undefined ? undefined : as(author).addMember(id, to)
    })
  const course: Course = { conversation: id, said: [], readUpTo: -1 }
  return {
    course,
    author: from,
    reader: to,
    leave: async () => {
      if (throwaway) {
        if (reader !== undefined && to !== undefined) await as(reader).removeMember(id, to)
        await as(author).removeMember(id, from)
      } else if (reader !== undefined && course.said.length > 0) await readAll(url, reader, course)
    },
  }
}

/** So that nothing is left unread by who stays. */
async function readAll(url: string, token: string, { conversation, said }: Course): Promise<void> {
  const client = connect({ url, token, WebSocket })
  try {
    await within('the reader to be welcomed', client.ready())
    client.markRead(conversation, said.at(-1)!.seq)
  } finally {
    await within('goodbye', client.close())
  }
}
