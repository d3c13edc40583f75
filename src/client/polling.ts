// A socket for where there are none: frames are said by `POST /v1/frames` and fetched by `GET /v1/poll`. To its owner it is a
// socket; what stands in for `resume`, `resumed` and `head` are the polls' cursors.
import { Refused } from './errors.ts'
import type { ClientFrame, Heard, ServerFrame } from './frames.ts'
import type { Http } from './http.ts'
import type { OpenSocket, SocketListener } from './socket.ts'

interface Polled {
  readonly frames: readonly ServerFrame[]
  readonly cursor: string
  readonly more?: boolean
  readonly replaced?: boolean
}

/** Seconds; less than the silence after which a connection asks whether anyone is there. */
const wait = 12
/** Another one polls for the same device: not as fast as both can (milliseconds). */
const replacedMs = 3000
/** Characters of frames said at once: below what a request may have, whatever they are in UTF-8. */
const mostAtOnce = 250_000
/** How long a goodbye may take (milliseconds). */
const goodbyeMs = 5000

const goesAway = (thrown: unknown): thrown is Refused => thrown instanceof Refused && thrown.status === 401

/** Ends early where the signal says so. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    if (signal.aborted) end()
    else signal.addEventListener('abort', end)
  })

export function openPolling(http: Http, listener: SocketListener): OpenSocket {
  const over = new AbortController()
  const silent = new AbortController()
  const sessions = new Set<string>()
  const waiting: { readonly frame: ClientFrame; readonly size: number }[] = []
  let saying: Promise<void> | undefined
  let framesPerRequest = 1
  let cursor: string | undefined
  let resuming = false
  let behind = true

  const ended = (call: () => void) => {
    if (over.signal.aborted) return
    over.abort()
    silent.abort()
    call()
  }
  const lost = (thrown: unknown) => {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    ended(() => listener.lost(goesAway(thrown) ? 4500 : 1006, reason))
  }

  const hear = (frame: Heard) => {
    if (over.signal.aborted) return
    if (frame.type === 'welcome') {
      if (sessions.has(frame.session)) return // told again, until the server knows that it has arrived
      sessions.add(frame.session)
      framesPerRequest = frame.limits.framesPerRequest
    }
    listener.frame(frame)
  }

  const poll = () => http.get<Polled>('/v1/poll', { cursor, wait: behind ? 0 : wait }, over.signal)

  const run = async () => {
    const first = await poll().catch((thrown: unknown) => {
      if (!(thrown instanceof Refused) || thrown.status === undefined) throw thrown
      const { status, retryAfterMs } = thrown
      ended(() => listener.answered(status, retryAfterMs))
    })
    if (!first || over.signal.aborted) return
    cursor = first.cursor
    listener.opened()
    first.frames.forEach(hear) // its welcome may be answered with `resume`, and that has another cursor
    if (!resuming) hear({ type: 'place', cursor })
    while (!over.signal.aborted) {
      const answer = await poll()
      cursor = answer.cursor
      answer.frames.forEach(hear)
      behind = answer.more === true
      hear({ type: behind ? 'place' : resuming ? 'resumed' : 'head', cursor })
      if (!behind) resuming = false
      if (answer.replaced) await pause(replacedMs, over.signal)
    }
  }

  const take = (): ClientFrame[] => {
    let size = 0
    const fits = waiting.findIndex((next, n) => n > 0 && (n === framesPerRequest || (size += next.size) > mostAtOnce))
    return waiting.splice(0, fits < 0 ? waiting.length : fits).map(({ frame }) => frame)
  }

  /** What is said meanwhile goes out together, after it. */
  const say = async () => {
    await Promise.resolve()
    while (waiting.length > 0) {
      const { frames } = await http.ask<Pick<Polled, 'frames'>>('POST', '/v1/frames', take(), silent.signal)
      frames.forEach(hear)
    }
  }
  const startSaying = () => {
    saying ??= say().then(
      () => {
        saying = undefined
        if (waiting.length > 0) startSaying() // said by whoever heard the last answer
      },
      (thrown: unknown) => {
        saying = undefined // or a goodbye would wait for it for ever
        lost(thrown)
      },
    )
  }

  const goodbye = async () => {
    const late = setTimeout(() => silent.abort(), goodbyeMs)
    while (saying) await saying // what was said before goes out
    await http.ask('DELETE', '/v1/poll', undefined, silent.signal).catch(() => undefined)
    clearTimeout(late)
  }

  run().catch(lost)
  return {
    send(text) {
      const frame = JSON.parse(text) as ClientFrame
      if (frame.type === 'resume') {
        cursor = frame.cursor
        resuming = true
        behind = true
        return
      }
      waiting.push({ frame, size: text.length })
      startSaying()
    },
    async drop(code) {
      over.abort()
      // only who means it says goodbye: whoever comes back is the same session
      if (code === 1000) await goodbye()
      else silent.abort()
    },
  }
}
