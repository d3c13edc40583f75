// The auditors' room: the record as it is, for those who may see all of it.
export { conversationEvents } from './events.ts'
