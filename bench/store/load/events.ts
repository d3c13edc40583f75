// What is written: messages of a chat, about 330 bytes of JSON, which the embedded store keeps in some 600.
import { jsonEvent } from '@eventstore/db-client'
import type { EventData } from '@eventstore/db-client'

const TEXT =
  'The quick brown fox jumps over the lazy dog, and then it asks whether anybody has seen the minutes of '.repeat(2)

let number = 0

export const message = (): EventData =>
  jsonEvent({
    type: 'MessageSent',
    data: {
      message: `m-${String(++number).padStart(12, '0')}`,
      conversation: 'conversation-0001',
      author: 'user-000042',
      at: new Date().toISOString(),
      text: TEXT.slice(0, 180),
    },
  })

export const messages = (count: number): EventData[] => Array.from({ length: count }, message)
