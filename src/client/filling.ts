// Fetches the messages of a hole from the history: the read models may be behind what is pushed, so that it is asked again until they have
// the message that comes after the hole.
import type { HistoryMessage } from './answers.ts'
import type { Page } from './api.ts'
import type { Hole } from './gaps.ts'

const tries = 6
const firstMs = 100

type Messages = (conversation: string, page: Page) => Promise<readonly HistoryMessage[]>

/** Undefined where they cannot be had. */
export async function messagesIn(hole: Hole, messages: Messages): Promise<HistoryMessage[] | undefined> {
  for (let n = 0; n < tries; n++) {
    if (n > 0) await new Promise(resolve => setTimeout(resolve, firstMs * 2 ** n))
    const found = await upTo(hole, messages).catch(() => undefined)
    if (found) return found
  }
  return undefined
}

async function upTo({ conversation, after, before }: Hole, messages: Messages): Promise<HistoryMessage[] | undefined> {
  const found: HistoryMessage[] = []
  for (let from = after; ;) {
    const page = await messages(conversation, { after: from, before: before + 1 })
    found.push(...page)
    const last = page.at(-1)
    if (!last) return undefined
    if (last.seq >= before) return found.slice(0, -1)
    from = last.seq
  }
}
