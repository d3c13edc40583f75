// What `connect` takes.
import type { HttpOptions, Token } from './http.ts'
import type { SocketClass } from './socket.ts'
import type { ClientStorage } from './storage/storage.ts'

export interface ConnectOptions extends HttpOptions {
  /** A function is asked anew for every socket and request: the way to outlive a token's `exp`. */
  readonly token: Token
  /** Whose the token should be: with somebody else's the client ends (`closed`, code 0), and the storage stays as it was. */
  readonly user?: string | undefined
  /** `ws`'s class, where there is no global one (Node 20). */
  readonly WebSocket?: SocketClass | undefined
  /**
   * `auto` (the default): a socket; where sockets come to nothing though the server answers over HTTP, requests, and back as soon as
   * a socket gets through. Without a WebSocket class: requests. `socket` and `poll` are the one and the other alone.
   */
  readonly transport?: 'auto' | 'socket' | 'poll' | undefined
  /** How long opening may take before it is tried again; 20,000 where left out (milliseconds). */
  readonly patienceMs?: number | undefined
  /** How long after falling back to requests a socket is tried; longer each time, up to 20 times this. 30,000 where left out. */
  readonly trySocketAfterMs?: number | undefined
  /** Where an earlier run was: what came since comes first. Left out: as the storage has it; else what no device has acknowledged, then live. */
  readonly cursor?: string | undefined
  /** Called with each cursor whose frame, and all before it, are handled: the one to keep. */
  readonly onCursor?: ((cursor: string) => void) | undefined
  /**
   * Where to keep what is asked and not answered, and the cursor, through restarts: `localStorageStorage`, `indexedDbStorage`, or
   * `fileStorage` of `verbatim/client/node`. Left out: in memory. It is this client's until the client is over.
   */
  readonly storage?: ClientStorage | undefined
  /** `false`: reads do not wait for what was written here before. They can be told what to wait for, `atLeast`. */
  readonly readYourWrites?: boolean | undefined
  /** `auto` (the default): a message is acknowledged as delivered once its listeners are through with it. */
  readonly ack?: 'auto' | 'manual' | undefined
}
