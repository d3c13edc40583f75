// What `verbatim retention run` prints.
import { describe, expect, it } from 'vitest'
import { retentionLines } from '../../src/cli/retention.ts'

const row = {
  ...{ conversation: 'c0ffee', name: 'brief', keys: 2, since: '2026-01-02T03:04:05.000Z', messages: 3, images: 1 },
  ...{ keptMessages: 12, keptKeys: 4, next: null },
}
const lines = (dryRun: boolean) =>
  retentionLines({ conversations: [row], deleted: dryRun ? { keys: 0, images: 0 } : { keys: 2, images: 1 } }, dryRun)

describe('what is temporary', () => {
  it('[X7] is a table, and what would go or went is a sentence', () => {
    expect(lines(true)).toEqual([
      'conversation  messages  images  keys  due since                 kept  next due  name',
      'c0ffee        3         1       2     2026-01-02T03:04:05.000Z  12    –         brief',
      '2 keys would be deleted',
    ])
    expect(lines(false).at(-1)).toBe('2 keys deleted, and 1 images that none was left to open')
    expect(retentionLines({ conversations: [], deleted: { keys: 0, images: 0 } }, true)).toEqual([
      'nothing here is temporary',
    ])
  })
})
