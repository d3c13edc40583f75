// `/search WORDS`: what of all one may see has these words, as lines, the newest last, where one looks.
import type { Client } from '../../client/index.ts'
import { messageLine } from './lines.ts'

const most = 10

/** `line` as it was typed: quotes and spaces mean something. */
export async function searchLines(
  client: Client,
  line: string,
  atLeast: string | undefined,
  nameOf: (conversation: string) => Promise<string>,
): Promise<readonly string[]> {
  const words = line.trim().replace(/^\/search\s+/, '')
  const { messages, next, complete } = await client.search(words, { limit: most, atLeast })
  const lines: string[] = []
  for (const message of [...messages].reverse()) lines.push(messageLine(message, await nameOf(message.conversation)))
  const what = messages.length === 0 ? 'nothing has' : `${messages.length}${next === null ? '' : ', and more,'} with`
  return [...lines, `-- ${what} ${words}${complete ? '' : ' (the index is still being built)'}`]
}
