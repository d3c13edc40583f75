// What a Read answers: ReadResp of EventStoreDB's streams.proto. An event's JSON is parsed once, here.
import { MalformedMessage, WireReader } from '../../wire/reader.ts'
import type { Position, RawEvent } from '../port.ts'
import { exact, numberIn, textIn } from './fields.ts'

/** What a Read answers and is of use here. */
export type ReadAnswer = { event: RawEvent } | { checkpoint: Position } | 'caught-up' | undefined

export function readAnswer(message: Buffer): ReadAnswer {
  const r = new WireReader(message)
  let answer: ReadAnswer
  while (r.next())
    if (r.field === 1) {
      const event = readEvent(r)
      if (event) answer = { event }
    } else if (r.field === 3) answer = { checkpoint: numberIn(r, 1) ?? 0 }
    else {
      if (r.field === 8) answer = 'caught-up'
      r.skip()
    }
  return answer
}

/** ReadEvent. Without an event it is a link to one that is gone. */
function readEvent(r: WireReader): RawEvent | undefined {
  let event: RawEvent | undefined
  const outer = r.enter()
  while (r.next())
    if (r.field === 1) event = recorded(r)
    else r.skip()
  r.leave(outer)
  return event
}

function recorded(r: WireReader): RawEvent {
  let id = ''
  let stream = ''
  let revision = 0
  let position = 0
  let type = ''
  let isJson = false
  let data = ''
  let metadata = ''
  const outer = r.enter()
  while (r.next())
    if (r.field === 1) id = textIn(r, 2)
    else if (r.field === 2) stream = textIn(r, 3)
    else if (r.field === 3) revision = exact(r.number())
    else if (r.field === 5) position = exact(r.number())
    else if (r.field === 6) {
      const entry = r.enter()
      if (!r.next()) throw new MalformedMessage('an entry of metadata has no key')
      const key = r.string()
      if (r.next())
        if (key === 'type') type = r.string()
        else if (key === 'content-type') isJson = r.string() === 'application/json'
      r.leave(entry)
    } else if (r.field === 7) metadata = r.string()
    else if (r.field === 8) data = r.string()
    else r.skip()
  r.leave(outer)
  // Verbatim writes JSON alone; anything else is for decode() to refuse
  return { stream, revision, position, id, type, data: isJson ? json(data) : null, metadata: json(metadata) }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
