// What becomes of an image, and which messages may name one.
import { describe, it } from 'vitest'
import { conversation } from '../../src/domain/conversation/decider.ts'
import type { ConversationEvent } from '../../src/domain/index.ts'
import { media } from '../../src/domain/media/decider.ts'
import { given } from '../support/given.ts'

const at = '2026-01-02T03:04:05.678Z'
const upload = {
  ...{ user: 'alice', address: 'a', key: 'k', type: 'image/png' as const },
  ...{ size: 10, width: 1, height: 1, at },
}
const uploaded = { type: 'MediaUploaded', data: upload } as const
const discarded = { type: 'MediaDiscarded', data: { why: 'keys-gone', at } } as const

describe('an image', () => {
  it('[V9] is uploaded once and discarded once', () => {
    const discard = { type: 'Discard', why: 'keys-gone', at } as const
    given(media).when({ type: 'RecordUpload', upload }).then(uploaded)
    given(media, uploaded).when({ type: 'RecordUpload', upload }).thenNothing()
    given(media).when(discard).thenNothing()
    given(media, uploaded).when(discard).then(discarded)
    given(media, uploaded, discarded).when(discard).thenNothing()
    given(media, uploaded, discarded).when({ type: 'RecordUpload', upload }).thenNothing()
  })
})

describe('a message that names images', () => {
  const members = ['alice', 'bob'].map(user => ({ user, role: 'member' as const }))
  const retention = { mode: 'permanent' } as const
  const direct = { conversation: 'c', kind: 'direct', name: null, members, memberLimit: 2, delivered: true } as const
  const started: ConversationEvent = { type: 'ConversationStarted', data: { ...direct, retention, at } }
  const said = { id: 'm', from: 'alice', content: '{}', at }
  const seen = { media: 'seen', grant: 'g' }
  const sent = {
    type: 'MessageSent',
    id: 'm',
    data: { from: 'alice', content: '{}', at, attachments: [seen] },
  } as const
  const unseen = { media: 'unseen', grant: null }

  it('[V7] has what opens them', () => {
    given(conversation, started)
      .when({ type: 'SendMessage', ...said, attachments: [seen] })
      .then(sent)
    given(conversation)
      .when({ type: 'SendDirect', conversation: 'c', to: 'bob', ...said, attachments: [seen] })
      .then(started, sent)
  })

  it('[V7] is refused where its sender may not see one of them, and begins no chat', () => {
    const attachments = [seen, unseen]
    const command = { type: 'SendDirect', conversation: 'c', to: 'bob', ...said, attachments } as const
    given(conversation, started).when(command).thenRefused('unknown-media')
    given(conversation).when(command).thenRefused('unknown-media')
    given(conversation, started)
      .when({ ...command, type: 'SendMessage' })
      .thenRefused('unknown-media')
    given(conversation, started)
      .when({ type: 'SendMessage', ...said, from: 'eve', attachments })
      .thenRefused('unknown-conversation')
  })
})
