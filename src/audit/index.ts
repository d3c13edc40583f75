// The auditors' room: the record as it is, for those who may see all of it.
export { checkInboxes } from './check-inboxes.ts'
export { conversationEvents } from './events.ts'
