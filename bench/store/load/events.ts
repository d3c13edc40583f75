// What is written: messages of a chat, about 330 bytes of JSON, which the embedded store keeps in some 600.
import { jsonEvent } from '@eventstore/db-client'
import type { EventData } from '@eventstore/db-client'

const TEXT =
  'The quick brown fox jumps over the lazy dog, and then it asks whether anybody has seen the minutes of '.repeat(2)

let number = 0

export const message = (): EventData => {
  const id = `00000000-0000-4000-8000-${String(++number).padStart(12, '0')}`
  return jsonEvent({
    type: 'MessageSent',
    data: {
      message: id,
      conversation: 'b3bf4a0c-2a55-4c5e-9d0c-7f3f3a8d1c11',
      author: 'user-000042',
      at: new Date().toISOString(),
      text: TEXT.slice(0, 170),
    },
    metadata: { $correlationId: id },
  })
}

export const messages = (count: number): EventData[] => Array.from({ length: count }, message)
