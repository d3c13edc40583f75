// The client: one connection that comes back by itself, what was asked through it, and who is told what comes.
import { v7 } from 'uuid'
import { api } from './api.ts'
import type { Page } from './api.ts'
import { Closed } from './errors.ts'
import { Expiry } from './expiry.ts'
import type { Body, ClientFrame, FrameOf, Recipient, Sent } from './frames.ts'
import { http, tokenOf } from './http.ts'
import type { HttpOptions, Token } from './http.ts'
import { Link } from './link.ts'
import { Listeners } from './listeners.ts'
import type { Events, Listener } from './listeners.ts'
import { Outbox } from './outbox.ts'
import { Receiver } from './receiver.ts'
import { openPolling } from './polling.ts'
import { openSocket } from './socket.ts'
import type { OpenSocket, SocketClass, SocketListener } from './socket.ts'
import { Standing } from './standing.ts'

export interface ConnectOptions extends HttpOptions {
  /** A function is asked anew for every socket and request: the way to outlive a token's `exp`. */
  readonly token: Token
  /** `ws`'s class, where there is no global one (Node 20). */
  readonly WebSocket?: SocketClass | undefined
  /** `poll`: requests instead of a socket, for where sockets are blocked. All else is the same. */
  readonly transport?: 'socket' | 'poll' | undefined
  /** Where an earlier run was: what came since comes first. Left out: what no device has acknowledged, then live. */
  readonly cursor?: string | undefined
  /** Called with each cursor whose frame, and all before it, are handled: the one to keep. */
  readonly onCursor?: ((cursor: string) => void) | undefined
  /** `auto` (the default): a message is acknowledged as delivered once its listeners are through with it. */
  readonly ack?: 'auto' | 'manual' | undefined
}

export type Client = ReturnType<typeof connect>

/** Connects, and keeps connected until `close()` or until the server says not to come back. */
export function connect(options: ConnectOptions) {
  const open = options.transport === 'poll' ? polling(options) : socket(options)
  const asking = api(options)
  const listeners = new Listeners()
  const outbox = new Outbox()
  const standing = new Standing()
  const expiry = new Expiry(expired => void listeners.tell('expired', expired))
  listeners.on('message', message => expiry.note(message))
  let over: Closed | undefined
  let cursor = options.cursor
  let pause: ReturnType<typeof setTimeout> | undefined

  const receiver = new Receiver(listeners, outbox, options.cursor, {
    kept: kept => {
      cursor = kept
      options.onCursor?.(kept)
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
    newStore: () => standing.forgetMarks(),
  })

  const resume = (most: number) => {
    pause = undefined
    for (const text of outbox.release(most)) link.send(text)
  }

  const link = new Link({
    // also said as the first frame: where that is on its way for long, the server would take the session for one that does not
    // resume, and what it missed would be lost
    open: (listener, wanted) => open(listener, wanted, () => receiver.resumeFrom),
    resumeFrom: () => receiver.resumeFrom,
    frame: frame => receiver.frame(frame),
    catchUp: () => [...outbox.unanswered(), ...standing.again().map(frame => JSON.stringify(frame))],
    changed: state => void listeners.tell('connection', state),
    ended: ({ code, reason }) => {
      over = new Closed(code, reason)
      clearTimeout(pause)
      outbox.end(over)
      expiry.stop()
      listeners.end()
    },
  })

  const ask = (frame: Parameters<Outbox['put']>[0]): Promise<Sent> => {
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
     * Rejects with `Refused` where the server says no, with `Closed` where the client is over before there is an answer.
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
    /** The last cursor whose frame is handled. */
    get cursor() {
      return cursor
    },

    inbox: asking.inbox,
    conversation: asking.conversation,
    /** As `message` events are, what these tell is remembered for the event `expired`. */
    messages: async (conversation: string, page: Page = {}) => {
      const messages = await asking.messages(conversation, page)
      for (const message of messages) expiry.note({ ...message, conversation })
      return messages
    },
    receipts: asking.receipts,
    search: asking.search,
    presence: asking.presence,
    startGroup: asking.startGroup,
    changeConversation: asking.changeConversation,
    addMember: asking.addMember,
    removeMember: asking.removeMember,
    block: asking.block,
    unblock: asking.unblock,
    blocks: asking.blocks,
    privacy: asking.privacy,
    setPrivacy: asking.setPrivacy,
    devices: asking.devices,
    signOut: asking.signOut,
    uploadMedia: asking.uploadMedia,
    media: asking.media,
    /** Leaves a conversation. */
    leave: async (conversation: string) => asking.removeMember(conversation, (await client.ready()).user),
    /** Says goodbye; resolves when the socket is gone. What is not answered yet rejects with `Closed`. */
    close: (): Promise<void> => link.close('closed by the client'),
  }
  link.connect()
  return client
}

type Open = (
  listener: SocketListener,
  wanted: () => boolean,
  cursor: () => string | undefined,
) => OpenSocket | Promise<OpenSocket | undefined>

function socket({ url, token, WebSocket: given }: ConnectOptions): Open {
  const WebSocket = given ?? (globalThis as { WebSocket?: SocketClass }).WebSocket
  if (!WebSocket)
    throw new TypeError('there is no global WebSocket here: pass one, e.g. connect({ WebSocket }) of "ws"')
  return async (listener, wanted, cursor) => {
    const asking = (await tokenOf(token)) ?? ''
    return wanted() ? openSocket(WebSocket, url, asking, cursor(), listener) : undefined
  }
}

function polling(options: ConnectOptions): Open {
  const requests = http(options)
  return listener => openPolling(requests, listener)
}
