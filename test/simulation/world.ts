// The world of a run: its time, log, database and boxes, and the ways that lead to them.
import type { IncomingMessage } from 'node:http'
import { startBox, type Box } from './box.ts'
import { SimulatedDatabase } from './database.ts'
import { SimulatedLog } from './log.ts'
import { delay, openConnection, type ClientEnd, type Connection } from './network.ts'
import { luckOf, type Luck } from './random.ts'
import { Scheduler } from './scheduler.ts'

/** How often things go wrong by themselves (0–1). */
export interface Faults {
  /** A question to the database fails. */
  readonly database: number
  /** A request, or its answer, is lost; the answer breaks off; the request comes twice. */
  readonly request: number
  readonly answer: number
  readonly torn: number
  readonly twice: number
}

export const none: Faults = { database: 0, request: 0, answer: 0, torn: 0, twice: 0 }

export interface Options {
  readonly attempts: number
  readonly resumePage: number
  readonly outboxBytes: number
  /** Of the sockets, how many are slow readers. */
  readonly slow: number
  /** Whether requests of a device stay at one box. */
  readonly sticky: boolean
}

/** Whose way it is. */
export interface Way {
  readonly name: string
  readonly token: string
  /** How many connections and requests it has made. */
  made: number
  readonly isOnline: boolean
  connection: Connection | undefined
}

const upgrade = {
  upgrade: 'websocket',
  connection: 'Upgrade',
  'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  'sec-websocket-version': '13',
  'sec-websocket-protocol': 'verbatim.v1',
}

export class World {
  readonly scheduler = new Scheduler()
  readonly log: SimulatedLog
  readonly database: SimulatedDatabase
  readonly boxes: Box[] = []
  faults: Faults = none
  readonly options: Options
  readonly seed: number
  readonly violations: string[] = []
  /** What happened, where somebody wants to read it. */
  readonly lines: string[] | undefined
  #boxes = 0

  constructor(seed: number, options: Options, verbose: boolean) {
    this.seed = seed
    this.options = options
    this.lines = verbose ? [] : undefined
    this.scheduler.onThrown = error => this.found(`something was thrown: ${error.stack}`)
    this.log = new SimulatedLog(this.scheduler, luckOf(seed, 'log'))
    this.database = new SimulatedDatabase(this.scheduler, luckOf(seed, 'database'), this.log)
  }

  say(line: () => string): void {
    this.lines?.push(`${(this.scheduler.elapsed / 1000).toFixed(3).padStart(8)}  ${line()}`)
  }

  found(violation: string): void {
    this.violations.push(violation)
  }

  async startBox(): Promise<void> {
    const name = `box-${++this.#boxes}`
    const box = await startBox(this, name)
    this.say(() => `${name} is there`)
    this.boxes.push(box)
  }

  /** Gone at once, or as a process is that is told to stop. */
  async endBox(box: Box, how: 'kill' | 'stop'): Promise<void> {
    this.say(() => `${box.name} is ${how === 'kill' ? 'killed' : 'stopped'}`)
    this.boxes.splice(this.boxes.indexOf(box), 1)
    if (how === 'stop') await box.stop()
    else box.kill()
  }

  #route(luck: Luck, way: Way): Box | undefined {
    const { boxes } = this
    if (!way.isOnline || boxes.length === 0) return undefined
    return this.options.sticky ? boxes[way.name.length % boxes.length] : luck.pick(boxes)
  }

  dial(way: Way, url: string, heard: { bytes(bytes: Buffer): void; ended(): void }): ClientEnd {
    const luck = luckOf(this.seed, `${way.name} connection ${++way.made}`)
    let connection: Connection | undefined
    let given = false
    this.scheduler.after(delay(luck), () => {
      const box = luckBox()
      if (box === undefined || given) return void heard.ended()
      connection = openConnection(this.scheduler, luck, luck.chance(this.options.slow), heard)
      way.connection = connection
      const forget = box.onKilled(connection.cut)
      connection.server.on('close', forget)
      const { pathname, search } = new URL(url)
      box.upgrade(
        { url: pathname + search, headers: upgrade, method: 'GET' } as unknown as IncomingMessage,
        connection.server,
      )
    })
    const luckBox = () => this.#route(luck, way)
    return {
      send: bytes => connection?.client.send(bytes),
      end: () => {
        given = true
        connection?.client.end()
      },
    }
  }

  /** As `fetch`, as far as the SDK uses it. */
  fetch(way: Way, url: URL, { method, body, signal }: RequestInit): Promise<Response> {
    const { scheduler } = this
    const luck = luckOf(this.seed, `${way.name} request ${++way.made}`)
    const gone = new AbortController()
    let aborted = () => {}
    const given = () => gone.abort()
    const asking = new Promise<Response>((resolve, reject) => {
      const fail = (why: string) => scheduler.after(delay(luck), () => reject(new TypeError(why)))
      if (signal?.aborted) return reject(new DOMException('aborted', 'AbortError'))
      aborted = () => {
        reject(new DOMException('aborted', 'AbortError'))
        scheduler.after(delay(luck), given)
      }
      signal?.addEventListener('abort', aborted)
      scheduler.after(delay(luck), () => {
        const box = this.#route(luck, way)
        if (box === undefined || luck.chance(this.faults.request)) return void fail('nobody answers')
        const asked = {
          method: method!,
          path: url.pathname,
          query: url.searchParams,
          token: way.token,
          body: body === undefined ? undefined : (JSON.parse(body as string) as unknown),
          gone: gone.signal,
        }
        const forget = box.onKilled(() => fail('the connection is lost'))
        if (luck.chance(this.faults.twice)) {
          this.say(() => `a request of ${way.name} comes twice`)
          scheduler.after(delay(luck), () => void box.request(asked))
        }
        void box.request(asked).then(({ status, headers, text }) => {
          scheduler.note(text.length)
          scheduler.after(delay(luck), () => {
            forget()
            if (!way.isOnline || luck.chance(this.faults.answer)) return void fail('the answer is lost')
            const whole = !luck.chance(this.faults.torn)
            const torn = () => Promise.reject(new TypeError('terminated'))
            const get = (name: string) => headers[name] ?? null
            const answer = { ok: status === 200, status, statusText: '', headers: { get } }
            resolve({ ...answer, text: whole ? () => Promise.resolve(text) : torn } as unknown as Response)
          })
        })
      })
    })
    return asking.finally(() => signal?.removeEventListener('abort', aborted))
  }
}
