// What everybody may know of the domain: its events and its refusals. How things are decided is for commands/ alone.
import type { AccessEvent } from './access/events.ts'
import type { ActivityEvent } from './activity/events.ts'
import type { CanaryEvent } from './canary/events.ts'
import type { ConversationEvent } from './conversation/events.ts'
import type { MediaEvent } from './media/events.ts'
import type { ReceiptsEvent } from './receipts/events.ts'
import type { SessionEvent } from './session/events.ts'
import type { UserEvent } from './user/events.ts'

export type {
  AccessEvent,
  ActivityEvent,
  CanaryEvent,
  ConversationEvent,
  MediaEvent,
  ReceiptsEvent,
  SessionEvent,
  UserEvent,
}
export type { Attachment, FailureReason, Retention, Role } from './conversation/events.ts'
export { isOver } from './conversation/expiry.ts'
export type { ImageType, MediaDiscarded, MediaUploaded } from './media/events.ts'
export type { SessionEnd } from './session/events.ts'
export type { Audience } from './user/events.ts'
export { isRefusal, refusalCodes, refuse, type Refusal, type RefusalCode } from './refusals.ts'

/** Any event of the domain. `Content` is a message's content: JSON text in the domain, sealed in the log. */
export type DomainEvent<Content = string> =
  | ConversationEvent<Content>
  | ReceiptsEvent
  | SessionEvent
  | ActivityEvent
  | UserEvent
  | AccessEvent
  | MediaEvent
  | CanaryEvent
