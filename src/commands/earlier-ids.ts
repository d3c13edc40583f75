// Whether something was said before with an id that memory does not know: a filter of all ids tells that most never were, and the
// read models are asked about the rest.
import type { ConversationCommand } from '../domain/conversation/commands.ts'
import type { Feed } from '../eventstore/index.ts'
import { together } from '../together.ts'
import type { HotConversation } from './hot-conversations.ts'
import { IdFilter } from './id-filter.ts'
import type { ReadSide, SentMessage } from './ports.ts'
import { sentIn, type SentMessages } from './sent-messages.ts'

/** Ids that are read at once: putting them into the filter takes less than a millisecond. */
const pageSize = 2_000
/** More ids than this are too much to keep, 64 MB, and to read at each start, some minutes: then the read models are asked as before. */
const mostIds = 1 << 25

export interface EarlierIds {
  /** Puts what was said before with the ids of these commands into memory. Undefined: there is nothing to ask. */
  lookUp(hot: HotConversation, commands: readonly ConversationCommand[]): Promise<void> | undefined
}

/**
 * The filter has what the read models had when it was begun, page after page, and from the feed what came since: when all pages
 * are read, everything up to the feed's head. A conversation that was loaded from read models that were further than the feed is now
 * has messages that neither the filter nor the stream's tail has brought: there the read models are asked, whatever the filter says.
 */
export function earlierIds(
  feed: Pick<Feed, 'head' | 'since' | 'batches'>,
  readSide: Pick<ReadSide, 'messages' | 'saidIds' | 'position'>,
  sent: SentMessages,
): EarlierIds {
  let filter: IdFilter | undefined = new IdFilter()
  let complete = false
  let reading = false
  let last = ''

  const take = ({ events }: { events: ReturnType<Feed['since']> }): void => {
    for (const event of events) if (sentIn(event)) filter?.add(event.id)
    if (filter && filter.size > mostIds) filter = undefined
  }
  feed.batches.subscribe(take)
  take({ events: feed.since(readSide.position()) }) // what the feed had brought before, and the read models do not have

  /** Begins, or goes on where the database was away. */
  const read = async (): Promise<void> => {
    if (complete || reading) return
    reading = true
    try {
      while (filter && !complete) {
        const ids = await readSide.saidIds(last, pageSize)
        for (const id of ids) filter?.add(id)
        complete = ids.length < pageSize
        last = ids.at(-1) ?? last
        if (filter && filter.size > mostIds) filter = undefined
      }
    } catch {
      // whoever asks next has it tried again, and is asking the same database
    }
    reading = false
  }
  void read()

  const look = together<string, SentMessage | undefined>(1_000, async ids => {
    const found = new Map((await readSide.messages(ids)).map(message => [message.id, message]))
    return ids.map(id => found.get(id))
  })
  const ask = async (ids: readonly string[]): Promise<void> => {
    for (const message of await Promise.all(ids.map(look))) if (message) sent.add(message)
  }

  return {
    lookUp: (hot, commands) => {
      if (!complete) void read()
      const isTold = complete && filter !== undefined && hot.asOf <= feed.head()
      const ids = commands.flatMap(command =>
        'id' in command && !sent.get(command.id) && !(isTold && !filter!.mayHave(command.id)) ? [command.id] : [],
      )
      return ids.length > 0 ? ask(ids) : undefined
    },
  }
}
