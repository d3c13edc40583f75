// Calls of one message each way: answers when the request is whole.
import { frame } from '../../wire/frames.ts'
import { invalidArgument } from '../protocol/status.ts'
import type { Call } from './call.ts'

/** `answer` gets the request's only message. */
export const unary = (call: Call, answer: (message: Buffer) => void): void => {
  let request: Buffer | undefined
  call.receive(
    message => {
      request ??= message
    },
    () => {
      if (!request) throw invalidArgument('The request has no message')
      answer(request)
    },
  )
}

export const reply = (call: Call, ...message: Buffer[]): void => {
  call.send(frame(...message))
  call.finish()
}
