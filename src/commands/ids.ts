// Ids that follow from what they name: UUIDv5 (RFC 9562 §5.5), so that whoever makes one makes the same one.
import { v5, validate, version } from 'uuid'

const directs = '6f1d7c3a-6f0e-5b0a-9a43-5f4c0f6a7f10'
const channels = '0d7c9c5e-2f57-5d7e-8f0b-6a3e0c1b9d42'

/** A direct chat's id is a function of its two members: two people who write at once meet in one stream. */
export const directConversation = (one: string, other: string): string => v5([one, other].sort().join('\n'), directs)

/** The conversation that an imported channel's history goes to. */
export const importedConversation = (channel: string): string => v5(channel, channels)

export const isUuid = validate

/** Whether a client may choose it for a conversation: not one that follows from a name, or a stranger could take it first. */
export const isChosenId = (id: string): boolean => validate(id) && (version(id) === 4 || version(id) === 7)
