// What was said, looked at again: in both people's history and inbox, among the receipts, by search, and in the log.
import { api, Refused, type AuditedEvent } from '../../client/index.ts'
import { compareHistory, compareInbox, compareReceipts, compareRecord } from './compare.ts'
import { NothingThere, type Check, type Report } from './report.ts'
import { ttl, type Room } from './room.ts'
import type { People } from './tokens.ts'
import { impatientFetch } from './wait.ts'

const readModels = 'the read models may have stopped: see /readyz and the log of the process with the role projections'
const record = 'what was answered is not what is on record: keep the data folder as it is, and report it'

export async function lookBack(url: string, people: People, room: Room, report: Report): Promise<void> {
  const { conversation, said, readUpTo, position } = room.course
  if (said.length === 0) return // nothing could be said: nothing to look for
  const atLeast = position === undefined ? {} : { atLeast: position }
  const as = (token: string) => api({ url, token, fetch: impatientFetch })
  const each = [
    { user: room.author, token: people.author },
    ...(people.reader !== undefined && room.reader !== undefined ? [{ user: room.reader, token: people.reader }] : []),
  ]

  await report.check({
    name: 'history',
    look: async () => {
      for (const { token } of each) {
        const messages = await as(token).messages(conversation, { after: said[0]!.seq - 1, ...atLeast })
        compareHistory(said, messages)
        if (messages.some(({ expiresAt }) => expiresAt === undefined))
          throw new Error('what is temporary has no end in the history')
      }
      return `reads back as it was said, until it is deleted in ${ttl}`
    },
    advice: readModels,
  })
  await report.check({
    name: 'inbox',
    look: async () => {
      const counts: string[] = []
      for (const { user, token } of each) {
        const { conversations } = await as(token).inbox(atLeast)
        const entry = conversations.find(one => one.conversation === conversation)
        compareInbox(said, user, readUpTo, entry)
        counts.push(`${entry!.unread} unread`)
      }
      return `${counts.join(' and ')}, the last message is the last`
    },
    advice: `${readModels}; npx verbatim projections check counts everybody's inbox once more`,
  })
  await search(as(people.reader ?? people.author), room, report)

  let events: AuditedEvent[] | undefined
  if (people.auditor === undefined) report.skip('record', "the log is an auditor's to read: pass --auditor-token")
  else {
    const auditor = as(people.auditor)
    await report.check({
      name: 'record',
      look: async () => {
        const found: AuditedEvent[] = []
        for await (const event of auditor.audit.events(conversation, { open: true })) found.push(event)
        events = found
        compareRecord(said, found)
        return `${found.length} events in the log, in order, without a gap, and what they say is what was answered`
      },
      advice: thrown => (thrown instanceof Refused ? 'the token needs the role auditor, and be good still' : record),
    })
  }
  if (room.reader === undefined) report.skip('receipts', 'they take a second person: pass --peer-token')
  else if (readUpTo >= 0) await report.check(receipts(as(people.author), room.reader, room, events))
}

function receipts(
  asking: ReturnType<typeof api>,
  reader: string,
  room: Room,
  events: AuditedEvent[] | undefined,
): Check {
  const { conversation, said, readUpTo, position } = room.course
  return {
    name: 'receipts',
    look: async () => {
      const read = said.filter(({ what, seq }) => what === 'MessageSent' && seq <= readUpTo)
      for (const { id, seq } of read) {
        const found = await asking.receipts(conversation, id, position === undefined ? {} : { atLeast: position })
        compareReceipts(found, reader, seq, events)
      }
      return `${read.length} messages delivered and read${events ? ', when the log says so' : ''}`
    },
    advice: readModels,
  }
}

async function search(asking: ReturnType<typeof api>, room: Room, report: Report): Promise<void> {
  const { conversation, said, position } = room.course
  /** What is not there any more is not to be found. */
  const gone = new Set(said.flatMap(({ what, message }) => (what === 'MessageRetracted' ? [message] : [])))
  const wanted = said.filter(({ what, id }) => what === 'MessageSent' && !gone.has(id)).map(({ id }) => id)
  await report.check({
    name: 'search',
    look: async () => {
      const asked = { conversation, ...(position === undefined ? {} : { atLeast: position }) }
      const { messages, complete } = await asking.search('doctor', asked).catch((thrown: unknown) => {
        const off = thrown instanceof Refused && thrown.status === 404 && thrown.code === 'not-found'
        throw off ? new NothingThere('it is switched off (SEARCH=off)') : thrown
      })
      const found = messages.filter(({ seq }) => seq >= said[0]!.seq).map(({ id }) => id) // before is another run's
      if (found.length !== wanted.length || wanted.some(id => !found.includes(id)))
        throw new Error(`${found.length} messages are found where ${wanted.length} are to be`)
      return `${found.length} messages found${complete ? '' : '; the index is still being built, old messages are missing'}`
    },
    advice:
      'the search index may be behind: see verbatim_search_lag_seconds, and the log of the process with the role projections',
  })
}
