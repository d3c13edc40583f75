// Ids that follow from what they name: UUIDv5 (RFC 9562 §5.5), so that whoever makes one makes the same one.
import { validate, version } from 'uuid'
import { namedUuid } from './named-uuid.ts'

const directs = namedUuid('6f1d7c3a-6f0e-5b0a-9a43-5f4c0f6a7f10')
const channels = namedUuid('0d7c9c5e-2f57-5d7e-8f0b-6a3e0c1b9d42')

/** A direct chat's id is a function of its two members: two people who write at once meet in one stream. */
export const directConversation = (one: string, other: string): string =>
  directs(one < other ? `${one}\n${other}` : `${other}\n${one}`)

/** The conversation that an imported channel's history goes to. */
export const importedConversation = (channel: string): string => channels(channel)

const happenings = namedUuid('7a0c2f5e-5d0b-5b8e-9f0e-2d1c6c4e8a31')

/** The event id of what can happen to a thing once: said again, it is the same event. */
export const eventIdOf = (what: string, id: string): string => happenings(`${what}\n${id}`)

export const isUuid = validate

/** Whether a client may choose it for a conversation: not one that follows from a name, or a stranger could take it first. */
export const isChosenId = (id: string): boolean => validate(id) && (version(id) === 4 || version(id) === 7)
