// What things cost as more is stored: messages in one conversation, conversations of one person.
import type { Bench, Scenario } from '../bench.ts'
import { flatness } from '../flatness.ts'
import { count } from './load.ts'

export const growth: Scenario = {
  name: 'growth',
  about: 'sending, reading, the inbox and coming back, as messages and conversations become more',
  ownServerOnly: true,
  title: ({ asked }) => `What things cost as more is stored, one after the other, ${asked} times`,
  run: async bench => {
    await byMessages(bench)
    await byConversations(bench)
  },
  conclusion: rows => [
    rows[0]?.rounds.length === 1 ? 'Is it flat? (p50, of one round: noise looks like growth)' : 'Is it flat? (p50)',
    ...flatness(rows),
  ],
}

/** One conversation, which becomes longer. */
const byMessages = async (bench: Bench): Promise<void> => {
  const { messages, asked } = bench.plan
  const generator = bench.generator(await bench.server())
  let stored = 0
  for (const size of messages) {
    const filled = await generator.run('fill', {
      ...{ messages: size - stored, conversations: 1 },
      authors: 20,
      name: 'growing',
    })
    stored = size
    const [conversation] = filled.conversations
    const about = { user: filled.author, conversation, conversations: undefined, asked }
    bench.record(...(await generator.run('growth', { ...about, size: `${count(size)} messages` })))
  }
}

const byConversations = async (bench: Bench): Promise<void> => {
  const { conversations, asked } = bench.plan
  const generator = bench.generator(await bench.server())
  for (const size of conversations) {
    const about = { user: 'bench-popular', conversation: undefined, conversations: size, asked }
    bench.record(...(await generator.run('growth', { ...about, size: `${count(size)} conversations` })))
  }
}
