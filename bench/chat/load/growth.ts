// What each thing costs as more is stored: a message sent, a page of history, the inbox, coming back.
import { randomUUID } from 'node:crypto'
import type { Measure } from '../measure.ts'
import type { Setting } from './jobs.ts'
import { clientOf } from './session.ts'
import { caughtUp, whileBehind } from './stored.ts'
import { TEXT } from './text.ts'
import { createTimes } from './times.ts'
import { inParallel } from './waiting.ts'

export interface Growth {
  /** Whose conversations they are. */
  user: string
  /** One of them: with the history. */
  conversation: string | undefined
  /** Written to others until there are so many; each is a conversation. */
  conversations: number | undefined
  asked: number
  /** `10,000 messages` */
  size: string
}

/** Messages of a page. */
const PAGE = 50

/** One after the other: what it costs by itself, without waiting for others. What is refused ends it. */
export const growth = async (setting: Setting, given: Growth): Promise<Measure[]> => {
  const { user, conversation, conversations, asked, size } = given
  const client = await clientOf(setting, user)
  await client.ready()
  if (conversations !== undefined) {
    const run = randomUUID().slice(0, 8)
    const more = conversations - (await client.inbox()).conversations.length
    const sent = await inParallel(more, 32, index => client.send({ user: `bench-${run}-${index}` }, { text: TEXT }))
    const last = sent.reduce((most, { position }) => (BigInt(position) > most ? BigInt(position) : most), 0n)
    await caughtUp(setting, String(last))
  }

  const time = async (thing: string, times: number, work: (index: number) => Promise<unknown>): Promise<Measure> => {
    const took = createTimes()
    await work(0) // what it is the first time, it is once
    for (let index = 1; index <= times; index++) {
      const began = performance.now()
      await work(index)
      took.took(performance.now() - began)
    }
    return { what: `${thing}, ${size}`, unit: '', latency: took.latency() }
  }
  const few = Math.ceil(asked / 4)
  const { conversations: inbox, cursor } = await client.inbox()
  const to = { conversation: conversation ?? inbox[0]!.conversation }
  const measures = [
    await time('send', asked, () => client.send(to, { text: TEXT })),
    await time('inbox', few, () => client.inbox()),
    await time('inbox, first 50', few, () => client.inbox({ limit: PAGE })),
  ]
  const word = `needle${randomUUID().slice(0, 8)}`
  const { position } = await client.send(to, { text: `${TEXT} ${word}` })
  await whileBehind(() => client.search(word, { atLeast: position }))
  const search = async (what: string) => {
    const { messages } = await client.search(what, { limit: PAGE })
    if (messages.length === 0) throw new Error(`a search for '${what}' found nothing`)
  }
  measures.push(
    await time('search, rare word', few, () => search(word)),
    await time('search, common word', few, () => search('minutes')),
  )
  if (conversation !== undefined) {
    const newest = (await client.messages(conversation, { limit: 1 }))[0]!.seq
    // a step that has no factor in common with their number jumps about among all
    const anywhere = (index: number) => Math.max(PAGE, (index * 7919) % newest)
    const page = (before?: number) => client.messages(conversation, { before, limit: PAGE })
    measures.push(
      await time('newest page', asked, () => page()),
      await time('a page anywhere', asked, index => page(anywhere(index))),
    )
  }
  await client.close()
  measures.push(await time('resume', few, () => resume(setting, user, cursor)))
  return measures
}

/** Comes back with a cursor from before all that was sent here, until told that nothing is missing. */
const resume = async (setting: Setting, user: string, cursor: string): Promise<void> => {
  const client = await clientOf(setting, user, cursor)
  await client.ready()
  await client.close()
}
