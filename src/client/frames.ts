// The frames as the SDK has them: the types of the server's own file, without its schemas, so that browsers load no zod.
import type * as protocol from '../gateway/socket/protocol.ts'

export type ClientFrame = protocol.ClientFrame
export type Limits = protocol.Limits
export type ServerFrame = protocol.ServerFrame
export type ServerFrameType = ServerFrame['type']
export type FrameOf<T extends ServerFrameType> = Extract<ServerFrame, { type: T }>

/** What polls have besides: all before this cursor has come, and there is more that waits. */
export interface Place {
  readonly type: 'place'
  readonly cursor: string
}
export type Heard = ServerFrame | Place

/** What a send is answered with: durable, and the same however often it is asked. */
export type Sent = FrameOf<'sent'>
export type Message = FrameOf<'message'>
export type Body = Record<string, unknown>
export type Recipient = { readonly user: string } | { readonly conversation: string }

/** The compiler checks that it is the server's. */
export const subprotocol: typeof protocol.subprotocol = 'verbatim.v1'

/** A frame from its text; undefined where it is none. Types from newer servers come through as they are. */
export function readFrame(text: unknown): ServerFrame | undefined {
  if (typeof text !== 'string') return undefined
  try {
    const frame: unknown = JSON.parse(text)
    return typeof frame === 'object' && frame !== null && 'type' in frame ? (frame as ServerFrame) : undefined
  } catch {
    return undefined
  }
}
