// The log, as the rest of Verbatim sees it.
export { decode, type Recorded, type RecordedEvent } from './codec.ts'
export { epochOf } from './epoch.ts'
export { connectEventStore } from './eventstoredb.ts'
export { startFeed, type Batch, type Feed } from './feed.ts'
export { openKeyring, type Keyring } from './keyring.ts'
export { grantPlace, type Sealed } from './sealing.ts'
export * from './port.ts'
export { epochStream, idIn, streamOf, type Category } from './streams.ts'
