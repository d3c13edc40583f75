// What is said to the store and heard from it past the official client, against that client's own decoders.
import fc from 'fast-check'
import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { appendAnswer } from '../../src/eventstore/eventstoredb/append-answer.ts'
import { appendFrames, proposed, readFrame, subscribeFrame } from '../../src/eventstore/eventstoredb/encode.ts'
import { readAnswer } from '../../src/eventstore/eventstoredb/read-answer.ts'
import type { NewEvent } from '../../src/eventstore/index.ts'
import { frameCutter } from '../../src/wire/frames.ts'
import { bytesField, emptyField, messageField, numberField, stringField } from '../../src/wire/writer.ts'

interface Message {
  toObject(): Record<string, unknown>
}
interface Decoder {
  deserializeBinary(bytes: Uint8Array): Message
}
const { BatchAppendReq, ReadReq } = createRequire(import.meta.url)(
  '@eventstore/db-client/generated/streams_pb.js',
) as Record<'BatchAppendReq' | 'ReadReq', Decoder>

const messagesIn = (...frames: Buffer[]): Buffer[] => {
  const messages: Buffer[] = []
  frameCutter(message => messages.push(Buffer.from(message)))(Buffer.concat(frames))
  return messages
}
const decoded = (decoder: Decoder, ...frames: Buffer[]) =>
  messagesIn(...frames).map(message => decoder.deserializeBinary(message).toObject())
const base64 = (text: string) => Buffer.from(text).toString('base64')

const metadata = {
  actor: { user: 'Ælfric', device: 'phone', session: null },
  origin: 'user',
  at: '2026-01-02T03:04:05.678Z',
  correlationId: 'c',
  causationId: 'c',
} as const
const event = (data: unknown = { n: 1 }): NewEvent => ({ id: crypto.randomUUID(), type: 'Counted', data, metadata })

describe('what is said to the store', () => {
  it('[E8] an append is what the official client reads as one: its events, and where they are expected', () => {
    const text = fc.string({ unit: 'binary', maxLength: 2_000 })
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 100 })
    const expected = fc.oneof(fc.constant('any' as const), fc.constant('none' as const), fc.nat())
    fc.assert(
      fc.property(name, name, text, expected, fc.nat(), (stream, type, said, expected, n) => {
        const one = { ...event({ said }), type }
        const [request, ...more] = decoded(
          BatchAppendReq,
          ...appendFrames(n, stream, expected, 1_700_000_000, [proposed(one)]),
        )
        expect(more).toEqual([])
        const options = request!['options'] as Record<string, unknown>
        expect(options['streamIdentifier']).toEqual({ streamName: base64(stream) })
        expect(options['deadline']).toEqual({ seconds: 1_700_000_000, nanos: 0 })
        expect('any' === expected).toBe(options['any'] !== undefined)
        expect('none' === expected).toBe(options['noStream'] !== undefined)
        if (typeof expected === 'number') expect(options['streamPosition']).toBe(String(expected))
        expect(request).toMatchObject({
          correlationId: { structured: { leastSignificantBits: String(n) } },
          isFinal: true,
          proposedMessagesList: [
            {
              id: { string: one.id },
              metadataMap: [
                ['content-type', 'application/json'],
                ['type', type],
              ],
              customMetadata: base64(JSON.stringify(metadata)),
              data: base64(JSON.stringify({ said })),
            },
          ],
        })
      }),
    )
  })

  it('[E8] an append of more than 3 MiB is several messages, the last of which says that it is the last', () => {
    const events = [1, 2, 3, 4].map(n => event({ n, text: 'x'.repeat(1024 * 1024) }))
    const requests = decoded(BatchAppendReq, ...appendFrames(7, 'stream', 'any', 1, events.map(proposed)))
    expect(requests.map(({ isFinal }) => isFinal)).toEqual([false, true])
    expect(requests.map(({ options }) => options !== undefined)).toEqual([true, false])
    const ids = requests.flatMap(r => r['proposedMessagesList'] as { id: { string: string } }[]).map(m => m.id.string)
    expect(ids).toEqual(events.map(({ id }) => id))
  })

  it('[E8] a page of a stream, and a subscription', () => {
    const [page] = decoded(ReadReq, readFrame('conversation-a', 12, true, 50))
    expect(page!['options']).toMatchObject({
      stream: { streamIdentifier: { streamName: base64('conversation-a') }, revision: '12' },
      readDirection: 1,
      resolveLinks: false,
      count: '50',
      noFilter: {},
      uuidOption: { string: {} },
    })
    const [last] = decoded(ReadReq, readFrame('conversation-a', null, true, 1))
    expect(last!['options']).toMatchObject({ stream: { end: {} }, count: '1' })

    const [subscription] = decoded(ReadReq, subscribeFrame(['a-', 'b-'], 99, 32))
    expect(subscription!['options']).toMatchObject({
      all: { position: { commitPosition: '99', preparePosition: '99' } },
      subscription: {},
      filter: { streamIdentifier: { prefixList: ['a-', 'b-'] }, count: {}, checkpointintervalmultiplier: 32 },
      uuidOption: { string: {} },
    })
    const [fromStart] = decoded(ReadReq, subscribeFrame(['a-'], null, 32))
    expect(fromStart!['options']).toMatchObject({ all: { start: {} } })
  })
})

const answerWith = (data: string, contentType = 'application/json', meta = '{"by":"Ælfric"}') =>
  messageField(
    1,
    messageField(
      1,
      messageField(1, stringField(2, '11111111-1111-4111-8111-111111111111')),
      messageField(2, stringField(3, 'conversation-ä')),
      numberField(3, 7),
      numberField(4, 1_000),
      numberField(5, 1_000),
      messageField(6, stringField(1, 'type'), stringField(2, 'Counted')),
      messageField(6, stringField(1, 'created'), stringField(2, '17000000000000000')),
      messageField(6, stringField(1, 'content-type'), stringField(2, contentType)),
      stringField(7, meta),
      stringField(8, data),
    ),
  )

describe('what is heard from the store', () => {
  it('[E9] what is not JSON is null, for its own event alone', () => {
    expect(readAnswer(answerWith('{"n":1}'))).toEqual({
      event: {
        stream: 'conversation-ä',
        revision: 7,
        position: 1_000,
        id: '11111111-1111-4111-8111-111111111111',
        type: 'Counted',
        data: { n: 1 },
        metadata: { by: 'Ælfric' },
      },
    })
    for (const data of ['', '{', '{"a":1},{"b":2}', '\u0000'])
      expect(readAnswer(answerWith(data))).toMatchObject({ event: { data: null, metadata: { by: 'Ælfric' } } })
    expect(readAnswer(answerWith('{"n":1}', 'application/octet-stream'))).toMatchObject({ event: { data: null } })
    expect(readAnswer(answerWith('{"n":1}', 'application/json', 'by'))).toMatchObject({
      event: { data: { n: 1 }, metadata: null },
    })
  })

  it('checkpoints, the end of the log, and what is of no use here', () => {
    expect(readAnswer(messageField(3, numberField(1, 12), numberField(2, 12)))).toEqual({ checkpoint: 12 })
    expect(readAnswer(emptyField(8))).toBe('caught-up')
    expect(readAnswer(messageField(2, stringField(1, 'id')))).toBeUndefined()
    expect(readAnswer(messageField(1, emptyField(2)))).toBeUndefined() // a link to what is gone
  })

  it('refuses what no number here holds exactly', () => {
    expect(() => readAnswer(messageField(3, numberField(1, 2 ** 63)))).toThrow('2^53')
  })

  const byNumber = (n: number) => messageField(1, messageField(1, numberField(1, 5), numberField(2, n)))
  const refused = (type: string, ...detail: Buffer[]) =>
    messageField(
      2,
      numberField(1, 6),
      stringField(2, 'why'),
      messageField(3, stringField(1, `type.googleapis.com/event_store.client.${type}`), messageField(2, ...detail)),
    )

  it('[E8] how an append went, by its number or by the text of its id', () => {
    const appended = messageField(3, numberField(1, 4), messageField(3, numberField(1, 900), numberField(2, 900)))
    const outcome = { appended: { revision: 4, position: 900 } }
    expect(appendAnswer(Buffer.concat([byNumber(3_000), appended]))).toEqual({ n: 3_000, outcome })
    const byText = messageField(1, stringField(2, '00000000-0000-0005-0000-000000000bb8'))
    expect(appendAnswer(Buffer.concat([byText, appended]))).toEqual({ n: 3_000, outcome })
    const nowhere = messageField(3, numberField(1, 4), emptyField(4))
    expect(appendAnswer(Buffer.concat([byNumber(1), nowhere])).outcome).toEqual({
      appended: { revision: 4, position: 0 },
    })
  })

  it('[E8] why an append was refused, and the revision there is', () => {
    const refusal = (...parts: Buffer[]) => appendAnswer(Buffer.concat([byNumber(1), ...parts])).outcome
    expect(refusal(refused('WrongExpectedVersion', numberField(1, 8)))).toEqual({
      refused: { type: 'WrongExpectedVersion', message: 'why', actual: 8 },
    })
    expect(refusal(refused('WrongExpectedVersion', emptyField(2)))).toMatchObject({ refused: { actual: null } })
    expect(refusal(refused('StreamDeleted', bytesField(1, Buffer.alloc(3))))).toMatchObject({
      refused: { type: 'StreamDeleted' },
    })
    expect(() => refusal()).toThrow('neither')
  })
})
