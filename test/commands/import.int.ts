// Importing a history: its own times and authors, and each line once, whatever happens in between.
import { describe, expect, it } from 'vitest'
import type { ImportEntry } from '../../src/commands/index.ts'
import { isRefusal } from '../../src/domain/index.ts'
import { asker, freshStack, readAll } from '../support/stack.ts'

const stack = freshStack()
const importer = asker('importer')
const said = (line: number, user: string): ImportEntry => ({
  line,
  at: `2004-12-25T09:${String(line % 60).padStart(2, '0')}:00.000Z`,
  user,
  what: 'said',
  id: crypto.randomUUID(),
  body: `{"text":"line ${line}"}`,
})
const take = async (conversation: string, source: string, upToLine: number, entries: ImportEntry[]) => {
  const answer = await stack.commands.importHistory(importer, { conversation, source, upToLine, entries })
  if (isRefusal(answer)) throw new Error(JSON.stringify(answer))
  return answer
}

describe('an imported history', () => {
  it('[I1] changes nothing when it is imported again, whole or from the middle', async () => {
    const started = await stack.commands.startImport(importer, { name: '#tea' })
    const again = await stack.commands.startImport(importer, { name: '#tea' })
    if (isRefusal(started) || isRefusal(again)) throw new Error('refused')
    expect(again.conversation).toBe(started.conversation)
    const { conversation } = started
    const lines = Array.from({ length: 30 }, (_, n) => said(n + 1, n % 3 === 0 ? 'ann' : 'bob'))
    const at = '2004-12-25T10:00:00.000Z'
    const parted: ImportEntry = { line: 31, at, user: 'ann', what: 'left' }
    await take(conversation, 'one', 10, lines.slice(0, 10))
    expect((await take(conversation, 'one', 31, [...lines, parted])).imported).toBe(21)
    const before = await readAll(stack.store, `conversation-${conversation}`)
    expect((await take(conversation, 'one', 31, [...lines, parted])).imported).toBe(0)
    expect(await readAll(stack.store, `conversation-${conversation}`)).toEqual(before)
    const messages = before.filter(event => event.type === 'MessageSent')
    expect(messages.map(({ id, data }) => ({ id, ...(data as object) }))).toMatchObject(
      lines.map(line => ({ id: line.what === 'said' && line.id, from: line.user, at: line.at })),
    )
  })

  it('is refused where it is more than a write may carry, and nothing of it is taken', async () => {
    const started = await stack.commands.startImport(importer, { name: '#big' })
    if (isRefusal(started)) throw new Error('refused')
    const { conversation } = started
    const big = Array.from({ length: 20 }, (_, n) => ({
      ...said(n + 1, 'ann'),
      body: `{"text":"${'x'.repeat(60_000)}"}`,
    }))
    const history = { conversation, source: 'big', upToLine: 20, entries: big }
    expect(await stack.commands.importHistory(importer, history)).toMatchObject({ refused: 'too-large' })
    expect(await readAll(stack.store, `conversation-${conversation}`)).toHaveLength(1)
  })
})
