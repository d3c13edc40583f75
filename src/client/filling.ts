// Fetches the messages of a hole from the history: the read models may be behind what is pushed, so that it is asked again until they have
// the message that comes after the hole.
import type { HistoryMessage } from './answers.ts'
import type { Page } from './api.ts'
import type { Hole } from './gaps.ts'

const tries = 6
const firstMs = 100
/** A connection that has died without a word answers nothing: so long each try may take (milliseconds). */
const tryMs = 5_000

type Messages = (conversation: string, page: Page, signal: AbortSignal) => Promise<readonly HistoryMessage[]>

/** Undefined where they cannot be had, or are not wanted any more. */
export async function messagesIn(
  hole: Hole,
  messages: Messages,
  signal: AbortSignal,
): Promise<HistoryMessage[] | undefined> {
  for (let n = 0; n < tries && !signal.aborted; n++) {
    if (n > 0) await waited(firstMs * 2 ** n, signal)
    const found = await attempt(hole, messages, signal)
    if (found) return found
  }
  return undefined
}

async function attempt(hole: Hole, messages: Messages, signal: AbortSignal): Promise<HistoryMessage[] | undefined> {
  const asking = new AbortController()
  const stop = () => asking.abort()
  const late = setTimeout(stop, tryMs)
  signal.addEventListener('abort', stop)
  try {
    return await upTo(hole, (conversation, page) => messages(conversation, page, asking.signal))
  } catch {
    return undefined
  } finally {
    clearTimeout(late)
    signal.removeEventListener('abort', stop)
  }
}

const waited = (ms: number, signal: AbortSignal) =>
  new Promise<void>(resolve => {
    const over = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', over)
      resolve()
    }
    const timer = setTimeout(over, ms)
    signal.addEventListener('abort', over)
  })

async function upTo(
  { conversation, after, before }: Hole,
  messages: (conversation: string, page: Page) => Promise<readonly HistoryMessage[]>,
): Promise<HistoryMessage[] | undefined> {
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
