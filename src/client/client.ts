// The client: one connection that comes back by itself, what was asked through it, and who is told what comes.
import { v7 } from 'uuid'
import type { Page } from './api.ts'
import { asking, OwnWrites } from './asking.ts'
import { Current } from './current.ts'
import { Closed } from './errors.ts'
import { Expiry } from './expiry.ts'
import { messagesIn } from './filling.ts'
import type { Body, ClientFrame, FrameOf, Heard, Recipient, Sent } from './frames.ts'
import { Link } from './link.ts'
import type { LinkOwner } from './link.ts'
import { Listeners } from './listeners.ts'
import type { Events, Listener } from './listeners.ts'
import type { ConnectOptions } from './options.ts'
import { Outbox } from './outbox.ts'
import type { Asking } from './outbox.ts'
import { Receiver } from './receiver.ts'
import { Standing } from './standing.ts'
import { Place } from './storage/place.ts'
import { transports } from './transports.ts'

export type Client = ReturnType<typeof connect>

/** Connects, and keeps connected until `close()` or until the server says not to come back. */
export function connect(options: ConnectOptions) {
  const { open, reachable, settings, stop } = transports(options)
  const { storage } = options
  const own = new OwnWrites()
  const http = asking(options, options.readYourWrites === false ? undefined : own)
  const listeners = new Listeners()
  const place = new Place(storage, options.cursor, options.user)
  const outbox = new Outbox(storage, {
    say: text => void link.send(text),
    answered: (text, answer) => {
      if ('sent' in answer) own.note(answer.sent.position)
      if (listeners.has('outbox')) listeners.tell('outbox', { frame: JSON.parse(text) as Asking, ...answer })
    },
  })
  const standing = new Standing()
  const expiry = new Expiry(expired => listeners.tell('expired', expired))
  listeners.on('message', message => expiry.note(message))
  const current = new Current(
    () => link.isLive && receiver.current,
    current => listeners.tell('current', { current }),
  )
  let over: Closed | undefined
  let pause: ReturnType<typeof setTimeout> | undefined

  const receiver = new Receiver(listeners, outbox, place.cursor, {
    kept: cursor => {
      place.handled(cursor)
      options.onCursor?.(cursor)
    },
    handled: ({ conversation, seq }) => {
      const ack = options.ack === 'manual' ? undefined : standing.ack(conversation, seq)
      if (ack) say(ack)
    },
    repeated: ({ conversation, seq }) => {
      const mark = standing.repeat(conversation, seq)
      if (mark) say(mark)
    },
    busy: (id, afterMs) => {
      const held = outbox.hold(id)
      // up to twice as long, so that those who were refused together do not come back together; then one goes ahead
      if (held) pause ??= setTimeout(() => resume(1), afterMs * (1 + Math.random()))
      return held
    },
    answered: () => {
      if (pause === undefined) resume(Infinity)
    },
    newStore: () => {
      standing.forgetMarks()
      own.forget()
    },
    fill: (hole, signal) => messagesIn(hole, http.messages, signal),
    isLive: () => link.isLive,
    look: () => current.look(),
  })

  const resume = (most: number) => {
    pause = undefined
    for (const text of outbox.release(most)) link.send(text)
  }

  const take = (frame: Heard) => {
    const barred = frame.type === 'welcome' ? place.barred(frame.user) : undefined
    if (barred === undefined) return receiver.frame(frame)
    if (!receiver.welcome) outbox.takeBack() // else it was asked as who the storage is of
    void link.close(barred, 0)
  }

  const owner: LinkOwner = {
    // also said as the first frame: where that is on its way for long, the server would take the session for one that does not
    // resume, and what it missed would be lost
    open: (way, listener, wanted) => open(way, listener, wanted, () => receiver.resumeFrom),
    reachable,
    resumeFrom: () => receiver.resumeFrom,
    caughtUp: () => receiver.caughtUp,
    frame: take,
    catchUp: () => [...outbox.unanswered(), ...standing.again().map(frame => JSON.stringify(frame))],
    changed: state => {
      listeners.tell('connection', state)
      current.look()
      if (state.state === 'closed') listeners.end() // whoever reads events has this one too
    },
    ended: ({ code, reason }) => {
      over = new Closed(code, reason)
      clearTimeout(pause)
      outbox.end(over)
      current.end(over)
      receiver.stop()
      expiry.stop()
      stop()
    },
  }
  const link = new Link(owner, settings)

  const ask = (frame: Asking): Promise<Sent> => {
    if (over) return Promise.reject(over)
    const { text, answered } = outbox.put(frame)
    if (text !== undefined) link.send(text)
    return answered
  }

  /** Without a socket it is not said; what stands is said again when there is one. */
  const say = (frame: ClientFrame) => void link.send(JSON.stringify(frame))

  const client = {
    /**
     * Answered once the message is durable, however many sockets that takes, and however often the server is busy. The same
     * `id` is the same message.
     * Rejects with `Refused` where the server says no, with `NotKept` where the storage cannot take it, with `Closed` where the
     * client is over before there is an answer: what is in a storage is said by the next client that has it. What is asked once
     * the client is over, and what was asked with a storage that turns out to be somebody else's, is not in it.
     */
    send: (to: Recipient, body: Body, { id = v7() }: { id?: string } = {}): Promise<Sent> =>
      ask({ type: 'send', id: id.toLowerCase(), to, body }),
    /** A message's author has another body for it. Answered as `send` is; `id` is the edit's own. */
    edit: (conversation: string, message: string, body: Body, { id = v7() }: { id?: string } = {}): Promise<Sent> =>
      ask({ type: 'edit', id: id.toLowerCase(), conversation, message, body }),
    /** Takes a message back: one's own, in a group as owner or admin anybody's. */
    retract: (conversation: string, message: string, { id = v7() }: { id?: string } = {}): Promise<Sent> =>
      ask({ type: 'retract', id: id.toLowerCase(), conversation, message }),
    /** Leaves a reaction on a message, or with `on: false` takes it away. */
    react: (
      conversation: string,
      message: string,
      reaction: string,
      { id = v7(), on = true }: { id?: string; on?: boolean } = {},
    ): Promise<Sent> => ask({ type: 'react', id: id.toLowerCase(), conversation, message, reaction, on }),
    /** For `ack: 'manual'`: everything up to this seq has arrived. */
    markDelivered: (conversation: string, upTo: number) => say(standing.mark('delivered', conversation, upTo)),
    /** The user has seen everything up to this seq. A refused mark is an `error` event. */
    markRead: (conversation: string, upTo: number) => say(standing.mark('read', conversation, upTo)),
    /** The user did something. */
    activity: () => say({ type: 'activity' }),
    /** The user is typing: say it every few seconds while it is so. */
    typing: (conversation: string) => say({ type: 'typing', conversation }),
    watch: (users: readonly string[]) => say(standing.watch(users)),
    unwatch: (users: readonly string[]) => say(standing.unwatch(users)),

    /** Listeners are called in the order of the frames; a promise that they return delays the cursor, not the next frame. */
    on: <T extends keyof Events>(type: T, listener: Listener<T>) => listeners.on(type, listener),
    /** Every pushed frame from now on, until the client is over. */
    frames: () => listeners.frames(),
    /** As `on`, to be read at one's own pace: an event is handled when the next one is asked for. Begins now, not at the first read. */
    events: <T extends keyof Events>(type: T) => listeners.events(type),
    /** The first frame of the session: who one is, and the limits. Waits until the connection is live; rejects once over. */
    ready(): Promise<FrameOf<'welcome'>> {
      return new Promise((resolve, reject) => {
        const check = () => {
          const { welcome } = receiver
          if (over) reject(over)
          else if (link.state === 'live' && welcome) resolve(welcome)
          else return false
          return true
        }
        if (check()) return
        const off = listeners.on('connection', () => {
          if (check()) off()
        })
      })
    },
    get state() {
      return link.state
    },
    /** `socket` or `poll`: how it is connected, or is trying to. */
    get transport() {
      return link.way
    },
    /** The network is back, or another one: tries now what would be tried later. */
    retry: () => link.connect(),
    /** The last cursor whose frame is handled. */
    get cursor() {
      return place.cursor
    },
    /** What was asked, in this run or in one before, and has no answer yet, in its order. */
    pending: () => outbox.pending(),
    /** Whether all that there was when the server last said where it is, every few seconds, has come and is handled. */
    get current() {
      return link.isLive && receiver.current
    },
    /** Resolves when `current` is so. Rejects once it is over. */
    caughtUp: (): Promise<void> => (over ? Promise.reject(over) : current.reached()),

    // over HTTP; reads show what was written here before, unless `readYourWrites` is false
    ...http,
    /** As `message` events are, what these tell is remembered for the event `expired`. */
    messages: async (conversation: string, page: Page = {}, signal?: AbortSignal) => {
      const messages = await http.messages(conversation, page, signal)
      for (const message of messages) expiry.note({ ...message, conversation })
      return messages
    },
    /** Leaves a conversation. */
    leave: async (conversation: string) => http.removeMember(conversation, (await client.ready()).user),
    /** Says goodbye; resolves when the socket is gone. What is not answered yet rejects with `Closed`. */
    close: async (): Promise<void> => {
      await link.close('closed by the client')
      await storage?.close()
    },
  }
  link.connect()
  return client
}
