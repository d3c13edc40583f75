// ServerFeatures/GetSupportedMethods: what this server can do, by which clients choose between ways to do a thing.
import { VERSION } from '../node-info.ts'
import { messageField, stringField } from '../../wire/writer.ts'
import type { Call } from './call.ts'
import { reply, unary } from './unary.ts'

const STREAMS = 'event_store.client.streams.streams'

// Lower case: the official client compares so, and without `batchappend` falls back to the 3-6 times slower `append`.
const METHODS: [service: string, method: string, ...features: string[]][] = [
  [STREAMS, 'append'],
  [STREAMS, 'batchappend', 'deadline_duration'],
  [STREAMS, 'delete'],
  [STREAMS, 'read', 'position', 'events'],
  [STREAMS, 'tombstone'],
  ['event_store.client.gossip.gossip', 'read'],
  ['event_store.client.server_features.serverfeatures', 'getsupportedmethods'],
]

const ANSWER = Buffer.concat([
  ...METHODS.map(([service, method, ...features]) =>
    messageField(
      1,
      stringField(1, method),
      stringField(2, service),
      ...features.map(feature => stringField(3, feature)),
    ),
  ),
  stringField(2, VERSION),
])

export const serverFeatures = (call: Call): void => unary(call, () => reply(call, ANSWER))
