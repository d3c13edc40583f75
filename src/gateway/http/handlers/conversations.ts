// Conversations, and who is in them.
import { randomUUID } from 'node:crypto'
import { isRefusal, refuse } from '../../../domain/index.ts'
import { knownForm } from '../../asking.ts'
import type { Handlers } from '../app.ts'
import { conversationShape } from '../shapes.ts'
import type { HandlerParts } from './parts.ts'

export function conversationHandlers({
  commands,
  projections,
}: HandlerParts): Handlers<'startGroup' | 'conversation' | 'addMember' | 'removeMember' | 'changeConversation'> {
  return {
    async startGroup({ asker, body }) {
      const { id = randomUUID(), name, members, delivered, retention = { mode: 'permanent' } } = body
      const started = await commands.startGroup(asker, { id, name, members, delivered, retention })
      if (isRefusal(started)) return started
      return { json: { id, seq: started.seq, position: String(started.position) } }
    },

    async conversation({ identity, params }) {
      const id = knownForm(params.id)
      const [row] = id === undefined ? [] : await projections.queries.conversations([id])
      if (row?.members.some(({ user }) => user === identity.user)) return { json: conversationShape(row) }
      return refuse(row?.former.includes(identity.user) ? 'not-a-member' : 'unknown-conversation')
    },

    async addMember({ asker, params, body }) {
      const conversation = knownForm(params.id)
      if (conversation === undefined) return refuse('unknown-conversation')
      const added = await commands.addMember(asker, { conversation, ...body })
      return isRefusal(added) ? added : { json: { position: String(added.position) } }
    },

    async removeMember({ asker, params }) {
      const conversation = knownForm(params.id)
      if (conversation === undefined) return refuse('unknown-conversation')
      const removed = await commands.removeMember(asker, { conversation, user: params.user })
      return isRefusal(removed) ? removed : { json: { position: String(removed.position) } }
    },

    async changeConversation({ asker, params, body }) {
      const conversation = knownForm(params.id)
      if (conversation === undefined) return refuse('unknown-conversation')
      const changed = await commands.changeConversation(asker, { conversation, ...body })
      return isRefusal(changed) ? changed : { json: { position: String(changed.position) } }
    },
  }
}
