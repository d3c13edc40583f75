// A gateway's connection to one command process: made again whenever it is lost, and given up on where nothing is heard.
import { WebSocket } from 'ws'
import { commandsPath, mostBytes, outcomesIn, perTick, type OutcomeMessage } from './wire.ts'

/** Each beat asks whether anybody is there; who was silent since the one before is given up on (milliseconds). */
const beatMs = 3_000
const longestPauseMs = 1_000

export interface LinkOwner {
  opened(link: Link): void
  answered(outcomes: readonly OutcomeMessage[]): void
  /** What was said and not answered is of unknown outcome. */
  lost(link: Link): void
  log(line: string): void
}

export interface Link {
  readonly url: string
  readonly open: boolean
  say(call: string): void
  close(): void
}

export function openLink(url: string, secret: string, owner: LinkOwner): Link {
  const options = {
    headers: { authorization: `Bearer ${secret}` },
    perMessageDeflate: false,
    handshakeTimeout: 5_000,
    maxPayload: mostBytes,
  }
  let ws: WebSocket
  let open = false
  let over = false
  let pause = 50
  let complained = ''
  const say = perTick(text => open && ws.send(text))

  const complain = (line: string) => {
    if (line !== complained) owner.log((complained = line))
  }

  const connect = (): void => {
    ws = new WebSocket(new URL(commandsPath, url), options)
    let heard = true
    const mine = ws
    const beat = setInterval(() => {
      if (!heard && mine.readyState === WebSocket.OPEN) mine.terminate()
      heard = false
      if (mine.readyState === WebSocket.OPEN) mine.ping()
    }, beatMs)
    const hear = () => (heard = true)
    mine.on('pong', hear)
    mine.on('open', () => {
      open = true
      pause = 50
      complained = ''
      owner.opened(link)
    })
    mine.on('message', data => {
      hear()
      const outcomes = outcomesIn((data as Buffer).toString())
      if (outcomes) return owner.answered(outcomes)
      complain(`what is at ${url} does not speak as a command process`)
      mine.terminate()
    })
    mine.on('error', error => complain(`the command process at ${url} cannot be reached: ${error.message}`))
    mine.on('close', () => {
      clearInterval(beat)
      const was = open
      open = false
      if (was) owner.lost(link)
      if (over) return
      setTimeout(() => over || connect(), pause)
      pause = Math.min(pause * 2, longestPauseMs)
    })
  }

  const link: Link = {
    url,
    get open() {
      return open
    },
    say,
    close: () => {
      over = true
      ws.terminate()
    },
  }
  connect()
  return link
}
