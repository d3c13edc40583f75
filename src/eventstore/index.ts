// The log, as the rest of Verbatim sees it.
export { decode, type Recorded, type RecordedEvent } from './codec.ts'
export { startFeed, type Batch, type Feed } from './feed.ts'
export type { Keyring } from './keyring.ts'
export type { Sealed } from './sealing.ts'
export * from './port.ts'
export { idIn, streamOf, type Category } from './streams.ts'
