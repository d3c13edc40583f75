// The frames that make up nearly all there are, in the form that clients write them, told by hand: 0.02–0.07 µs where the schemas
// take 0.25 and leave copies behind. What is not exactly so is for the schema to judge, which alone says what is wrong.
import { type ClientFrame, userIdForm } from './protocol.ts'

type Of<T extends ClientFrame['type']> = Extract<ClientFrame, { type: T }>
type UsualFrame = Omit<Of<'send'>, 'body'> | Of<'delivered'> | Of<'read'>

const lowerUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const longestId = 128

/** The envelope of a parsed `send`, `delivered` or `read` as the schema gives it; undefined: ask the schema. */
export function usualFrame(found: object): UsualFrame | undefined {
  const { type, id, to, conversation, upTo } = found as Record<string, unknown>
  switch (type) {
    case 'send': {
      if (typeof id !== 'string' || !lowerUuid.test(id) || typeof to !== 'object' || to === null) return undefined
      if (fieldsOf(found) !== 4 || !('body' in found) || fieldsOf(to) !== 1) return undefined
      const { user, conversation } = to as Record<string, unknown>
      if (typeof user === 'string' && userIdForm.test(user)) return { type, id, to: { user } }
      if (isConversationId(conversation)) return { type, id, to: { conversation } }
      return undefined
    }
    case 'delivered':
    case 'read':
      if (!isConversationId(conversation) || !Number.isSafeInteger(upTo) || fieldsOf(found) !== 3) return undefined
      return { type, conversation, upTo: upTo as number }
    default:
      return undefined
  }
}

const isConversationId = (id: unknown): id is string =>
  typeof id === 'string' && id.length > 0 && id.length <= longestId

function fieldsOf(object: object): number {
  let count = 0
  for (const _ in object) count++
  return count
}
