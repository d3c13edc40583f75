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
}: HandlerParts): Handlers<'startGroup' | 'conversation' | 'addMember' | 'leave'> {
  return {
    async startGroup({ asker, body }) {
      const { id = randomUUID(), name, members, delivered, retention = { mode: 'permanent' } } = body
      if (retention.mode === 'temporary')
        return refuse('not-allowed', 'temporary conversations are not there yet: nothing would destroy their keys')
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
      const added = await commands.addMember(asker, { conversation, user: body.user })
      return isRefusal(added) ? added : { json: { position: String(added.position) } }
    },

    async leave({ asker, identity, params }) {
      const conversation = knownForm(params.id)
      if (conversation === undefined) return refuse('unknown-conversation')
      if (params.user !== identity.user)
        return refuse('not-allowed', `you are ${identity.user}; one can only take oneself out`)
      const left = await commands.leave(asker, { conversation })
      return isRefusal(left) ? left : { json: { position: String(left.position) } }
    },
  }
}
