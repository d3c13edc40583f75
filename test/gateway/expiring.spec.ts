// Frames whose content has its time.
import { describe, expect, it } from 'vitest'
import type { Keyring } from '../../src/eventstore/index.ts'
import { createCursors } from '../../src/gateway/socket/cursor.ts'
import { createFrames } from '../../src/gateway/socket/frames.ts'
import { Outbox } from '../../src/gateway/socket/outbox.ts'

const expiresAt = '2026-01-02T03:04:06.000Z'
const said = {
  ...{ conversation: 'c', seq: 1, id: 'm', from: 'alice', at: '2026-01-02T03:04:05.000Z', expiresAt },
  ...{ content: { key: 'k', box: 'b' }, position: 7 },
}
const edit = {
  ...{ conversation: 'c', seq: 2, id: 'e', position: 8, type: 'MessageEdited' as const },
  data: { message: 'm', messageSeq: 1, from: 'alice', at: said.at, expiresAt, content: said.content },
}

/** What a reader that takes frames at `later` gets of frames that were made at `first`. */
function takenAt(first: number, later: number, opened: Keyring['open'] = () => '{"text":"hi"}') {
  let now = first
  const frames = createFrames({ seal: () => said.content, open: opened }, createCursors('e'), () => now)
  const outbox = new Outbox()
  for (const frame of [frames.message(said), frames.amendment(edit)]) outbox.push(frame, false)
  now = later
  const { frames: taken } = outbox.take(1_000_000)
  expect(outbox.bytes).toBe(0)
  return taken.map(bytes => JSON.parse(bytes.toString('utf8', bytes.indexOf('{'))) as Record<string, unknown>)
}
const end = Date.parse(expiresAt)

describe('frames of a temporary chat', () => {
  it('[X1] say until when their content is there', () => {
    const [message, edited] = takenAt(end - 1000, end - 1)
    expect(message).toMatchObject({ type: 'message', body: { text: 'hi' }, expiresAt })
    expect(edited).toMatchObject({ type: 'edited', body: { text: 'hi' }, expiresAt })
    expect([message, edited].map(frame => frame?.['expired'])).toEqual([undefined, undefined])
  })

  it.each([
    ['made in time and taken late', end - 1000],
    ['made late', end],
  ])('[X1] say that its time is over and no more, where they are %s', (_, first) => {
    const [message, edited] = takenAt(first, end)
    expect(message).toMatchObject({ type: 'message', id: 'm', body: null, expired: true, expiresAt, seq: 1 })
    expect(edited).toMatchObject({ type: 'edited', message: 'm', body: null, expired: true, expiresAt, seq: 2 })
  })
})
