// A log with messages in it: writing them, and what a server that starts on them does first.
import { randomUUID } from 'node:crypto'
import { v7 } from 'uuid'
import { api, Refused } from '../../../src/client/index.ts'
import type { HistoryEntry } from '../../../src/client/index.ts'
import { inParallel } from './waiting.ts'
import type { Setting } from './jobs.ts'
import { apiOf, clientOf } from './session.ts'
import { TEXT } from './text.ts'

export interface Filling {
  messages: number
  conversations: number
  authors: number
  /** What the conversations are called and the authors begin with: once more, and there is more in them. */
  name: string
}

export interface Filled {
  conversations: string[]
  author: string
  /** Of the last event. */
  position: string
  seconds: number
}

/** Entries of one request. */
const BATCH = 500

/** As histories that are brought in: sealed, appended and folded like any message, but many in one write. */
export const fill = async (setting: Setting, { messages, conversations, authors, name }: Filling): Promise<Filled> => {
  const source = randomUUID()
  const importer = api({ url: setting.target.url })
  const token = await importer.devToken({ user: 'bench-importer', roles: ['admin'] })
  const admin = api({ url: setting.target.url, token })
  const user = (line: number) => `bench-${name}-${line % authors}`
  const each = Math.ceil(messages / conversations)
  const began = performance.now()
  let last = 0n
  const ids = await inParallel(conversations, 4, async index => {
    const conversation = await admin.startImport(`bench ${name} ${index}`)
    for (let line = 1; line <= each;) {
      const entries: HistoryEntry[] = []
      for (; line <= each && entries.length < BATCH; line++)
        entries.push({
          ...{ line, at: new Date().toISOString(), user: user(line) },
          what: 'said',
          id: v7(),
          body: { text: TEXT },
        })
      const { position } = await admin.importEntries(conversation, { source, upToLine: line - 1, entries })
      if (BigInt(position) > last) last = BigInt(position)
    }
    return conversation
  })
  const seconds = (performance.now() - began) / 1000
  await caughtUp(setting, String(last))
  return { conversations: ids, author: user(0), position: String(last), seconds }
}

/** Waits until the read models have what is at this position. */
export const caughtUp = async (setting: Setting, position: string): Promise<void> => {
  const { inbox } = apiOf(setting, 'bench-onlooker')
  await whileBehind(() => inbox({ atLeast: position }))
}

/** Asks again as long as what is asked is behind. */
export const whileBehind = async <T>(ask: () => Promise<T>): Promise<T> => {
  for (;;)
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== 'behind') throw error
    }
}

/** Logs in and sends: ms from here until it is durable. */
export const firstSent = async (setting: Setting): Promise<number> => {
  const run = randomUUID().slice(0, 8)
  const began = performance.now()
  const client = await clientOf(setting, `bench-${run}-first`)
  await client.send({ user: `bench-${run}-other` }, { text: TEXT })
  const took = performance.now() - began
  await client.close()
  return took
}
