// Which code serves which gRPC path.
import type { IncomingHttpHeaders } from 'node:http2'
import type { EventLog } from '../engine/event-log.ts'
import type { NodeInfo } from '../node-info.ts'
import { append } from './append.ts'
import { batchAppend } from './batch-append.ts'
import type { Call } from './call.ts'
import { gossip } from './gossip.ts'
import { read } from './read.ts'
import { remove } from './remove.ts'
import { serverFeatures } from './server-features.ts'

export type Handler = (call: Call, headers: IncomingHttpHeaders) => void

export const routes = (log: EventLog, node: NodeInfo): ReadonlyMap<string, Handler> =>
  new Map<string, Handler>([
    ['/event_store.client.streams.Streams/Append', call => append(call, log)],
    ['/event_store.client.streams.Streams/BatchAppend', call => batchAppend(call, log)],
    ['/event_store.client.streams.Streams/Read', call => read(call, log)],
    ['/event_store.client.streams.Streams/Delete', call => remove(call, log, false)],
    ['/event_store.client.streams.Streams/Tombstone', call => remove(call, log, true)],
    ['/event_store.client.gossip.Gossip/Read', (call, headers) => gossip(call, node, headers[':authority'])],
    ['/event_store.client.server_features.ServerFeatures/GetSupportedMethods', call => serverFeatures(call)],
  ])
