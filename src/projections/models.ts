// All read models, in the order in which they fold a batch: messages and memberships look up their conversation.
import { activity } from './activity.ts'
import { amendment } from './amendment.ts'
import { block } from './block.ts'
import { conversation } from './conversation.ts'
import { device } from './device.ts'
import { imported } from './imported.ts'
import { lastSeen } from './last-seen.ts'
import { media } from './media.ts'
import { membership } from './membership.ts'
import { message } from './message.ts'
import type { ReadModel } from './read-model.ts'
import { privacy } from './privacy.ts'
import { reaction } from './reaction.ts'
import { receipt } from './receipt.ts'
import { session } from './session.ts'

export const models: readonly ReadModel[] = [
  conversation,
  membership,
  message,
  amendment,
  reaction,
  receipt,
  imported,
  session,
  device,
  lastSeen,
  activity,
  media,
  block,
  privacy,
]
