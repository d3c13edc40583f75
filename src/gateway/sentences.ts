// What a refusal says where the domain did not say more: a sentence a code.
import type { Refusal, RefusalCode } from '../domain/index.ts'

const sentences: Record<RefusalCode, string> = {
  'bad-frame': 'this is no frame that is known here',
  'bad-request': 'this request is malformed',
  unauthorized: 'a valid token is needed: Authorization: Bearer <JWT>',
  'wrong-role': 'this token has not the role that this needs',
  'not-found': 'there is nothing at this path; /openapi.json lists what there is',
  'wrong-method': 'this path does not take this method; see Allow',
  'wrong-type': 'this request body is of another type than is read here',
  'too-large': 'this is larger than what is accepted',
  'unknown-conversation': 'no conversation of yours has this id',
  'unknown-message': 'no message that you may see has this id',
  'unknown-media': 'no image that you may see has this id',
  'not-a-member': 'you are no longer a member of this conversation',
  'not-allowed': 'you may not do this',
  'conversation-exists': 'there already is a conversation with this id; choose another',
  'group-is-full': 'this group has as many members as it may have',
  'beyond-the-end': 'this seq is not in the conversation',
  'id-taken': 'another user has said something with this id; choose another',
  blocked: 'this person does not take messages from you',
  behind: 'the read models have not got that far yet; ask again',
  busy: 'too much is under way; ask again later',
  internal: 'something is broken here; it has been noted, and asking again may help',
}

export const sentenceOf = ({ refused, because }: Refusal): string => because ?? sentences[refused]
