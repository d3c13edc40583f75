// The catalogue, carried out in other processes. What is about one thing goes to one process as long as that is there, so that
// a hot conversation is in one memory; any process may do it all the same, since each decides at exact revisions. A call whose
// process is lost is said again to another one: every command is the same however often it is said.
import { randomUUID } from 'node:crypto'
import { StoreUnavailable } from '../../eventstore/index.ts'
import type { Commands } from '../catalogue.ts'
import { openLink, type Link } from './link.ts'
import { callNames, calls, type Outcome } from './wire.ts'

/** How long a call is said again and again before its caller is told that its outcome is not known (milliseconds). */
const giveUpMs = 20_000
/** Bytes of calls without an answer before no more are taken. */
const mostBytes = 64 * 1024 * 1024

interface Call {
  readonly about: string
  readonly text: string
  readonly until: number
  link: Link | undefined
  settle(outcome: Outcome): void
}

export interface RemoteCommands {
  readonly commands: Commands
  /** Whether any command process is there. */
  connected(): boolean
  close(): Promise<void>
}

export function connectCommands(urls: readonly string[], secret: string, log: (line: string) => void): RemoteCommands {
  const waiting = new Map<number, Call>()
  /** What has calls under way, where, and how many: those that follow go the same way, or they might overtake. */
  const flights = new Map<string, { readonly link: Link; calls: number }>()
  let last = 0
  let bytes = 0

  const send = (call: Call): void => {
    const flight = flights.get(call.about)
    const link = flight?.link ?? preferred(links, call.about)
    call.link = link
    if (link === undefined) return // until one opens
    if (flight) flight.calls++
    else flights.set(call.about, { link, calls: 1 })
    link.say(call.text)
  }

  const settle = (n: number, outcome: Outcome): void => {
    const call = waiting.get(n)
    if (call === undefined) return
    waiting.delete(n)
    bytes -= call.text.length
    const flight = flights.get(call.about)
    if (call.link && flight && --flight.calls === 0) flights.delete(call.about)
    call.settle(outcome)
  }

  const links = urls.map(url =>
    openLink(url, secret, {
      log,
      opened: () => {
        for (const call of waiting.values()) if (call.link === undefined) send(call)
      },
      answered: outcomes => {
        for (const [n, outcome] of outcomes) settle(n, outcome)
      },
      lost: lost => {
        for (const [about, { link }] of flights) if (link === lost) flights.delete(about)
        for (const call of waiting.values()) if (call.link === lost) send(call) // in the order in which they were asked
      },
    }),
  )

  const unavailable = (why: string): Outcome => ({ unavailable: why })
  const patience = setInterval(() => {
    const now = performance.now()
    for (const [n, { until }] of waiting) {
      if (until > now) return
      settle(n, unavailable(`no command process answered in ${giveUpMs} ms`))
    }
  }, 500)

  const ask = (name: keyof Commands, args: unknown[]) =>
    new Promise<unknown>((resolve, reject) => {
      const n = ++last
      const text = JSON.stringify([n, name, args])
      const about = (calls[name].about as (...args: unknown[]) => string)(...args)
      const call: Call = {
        about,
        text,
        until: performance.now() + giveUpMs,
        link: undefined,
        settle: outcome => {
          if ('unavailable' in outcome) reject(new StoreUnavailable(outcome.unavailable))
          else if ('fault' in outcome) reject(new Error(outcome.fault))
          else resolve(outcome.ok)
        },
      }
      if (bytes + text.length > mostBytes) return call.settle(unavailable('too much waits for the command processes'))
      bytes += text.length
      waiting.set(n, call)
      send(call)
    })

  const commands = Object.fromEntries(
    callNames.map(name => [name, (...args: unknown[]) => ask(name, args)]),
  ) as unknown as Commands
  return {
    // said twice it is the same look
    commands: {
      ...commands,
      recordAccess: (asker, access) => commands.recordAccess(asker, { id: randomUUID(), ...access }),
    },
    connected: () => links.some(link => link.open),
    close: () => {
      clearInterval(patience)
      for (const link of links) link.close()
      for (const n of waiting.keys()) settle(n, unavailable('this process is stopping'))
      return Promise.resolve()
    },
  }
}

/** Of those that are there, the one that every gateway prefers for this (rendezvous hashing, Thaler and Ravishankar 1998). */
function preferred(links: readonly Link[], about: string): Link | undefined {
  let best: Link | undefined
  let most = -1
  for (const link of links) {
    if (!link.open) continue
    const weight = hash(`${link.url} ${about}`)
    if (weight > most) [best, most] = [link, weight]
  }
  return best
}

/** FNV-1a, 32 bits, with MurmurHash3's finalizer, without which the last characters hardly tell. */
function hash(text: string): number {
  let h = 0x811c9dc5
  for (let n = 0; n < text.length; n++) h = Math.imul(h ^ text.charCodeAt(n), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
