// `POST /v1/frames`: one frame or several, answered in their order.
import { refuse, type Refusal } from '../../domain/index.ts'
import { answer, refusalFrame } from '../socket/frames.ts'
import { elementsOf } from '../socket/json-member.ts'
import type { Outgoing } from '../socket/outbox.ts'
import { parseFrame, type Parsed } from '../socket/parse.ts'
import type { PollParts } from './parts.ts'
import type { PollSession } from './session.ts'

/** The texts of the frames in a body; bodies in them stay as they came. */
export function framesIn(bytes: Uint8Array, most: number): readonly string[] | Refusal {
  let text: string
  let found: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    found = JSON.parse(text)
  } catch (error) {
    return refuse('bad-request', `the body is no JSON in UTF-8: ${(error as Error).message.slice(0, 100)}`)
  }
  const texts = Array.isArray(found) ? elementsOf(text) : [text]
  if (texts.length <= most) return texts
  return refuse('too-large', `the body has ${texts.length} frames; at most ${most} are taken in one request`)
}

/** Commands are called in the order of the frames, none waits for the one before it. */
export async function take(
  { answers, counts, settings }: Pick<PollParts, 'answers' | 'counts' | 'settings'>,
  session: PollSession,
  texts: readonly string[],
): Promise<readonly Outgoing[] | Refusal> {
  const { frameBytes, bodyBytes } = settings.limits
  if (session.unanswered + texts.length > settings.unanswered)
    return refuse('busy', `${session.unanswered} frames of this device are without an answer yet`, 1000)

  const takeOne = async (text: string): Promise<Outgoing | undefined> => {
    const parsed: Parsed = parseFrame(text, bodyBytes)
    counts.heard(parsed)
    if ('refusal' in parsed) return answer(refusalFrame(parsed.refusal, parsed.id))
    const { frame, body } = parsed
    const bytes = Buffer.byteLength(text)
    const id = 'id' in frame ? frame.id : undefined
    if (bytes > frameBytes)
      return answer(refusalFrame(refuse('too-large', `the frame has ${bytes} bytes; at most ${frameBytes}`), id))
    if (frame.type === 'ping') return answer({ type: 'pong' })
    if (frame.type === 'resume') return answer(refusalFrame(noResume, undefined))
    return answers(session, frame, body)
  }

  session.unanswered += texts.length
  try {
    const answered = await Promise.all(texts.map(takeOne))
    return answered.filter(frame => frame !== undefined)
  } finally {
    session.unanswered -= texts.length
  }
}

const noResume = refuse('bad-frame', 'resume is for sockets; a poll resumes from the cursor that it is given')
