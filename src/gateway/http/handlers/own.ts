// A person's own affairs: whom they block, and who may see when they were there.
import { isRefusal, type Refusal } from '../../../domain/index.ts'
import type { Handlers } from '../app.ts'
import type { HandlerParts } from './parts.ts'

type Operations = 'block' | 'unblock' | 'blocks' | 'privacy' | 'setPrivacy'

export function ownHandlers({ commands, projections, settings }: HandlerParts): Handlers<Operations> {
  const { queries } = projections
  const done = (answer: { position: number } | Refusal) =>
    isRefusal(answer) ? answer : { json: { position: String(answer.position) } }
  return {
    block: async ({ asker, params }) => done(await commands.block(asker, { user: params.id })),
    unblock: async ({ asker, params }) => done(await commands.unblock(asker, { user: params.id })),
    blocks: async ({ identity }) => ({ json: { blocked: await queries.blocksBy(identity.user) } }),
    privacy: async ({ identity }) => ({ json: { lastSeen: await queries.privacyOf(identity.user) } }),
    setPrivacy: async ({ asker, body }) => {
      const answer = await commands.setPrivacy(asker, body)
      // who looks from now on does not see what is hidden from now on
      if (!isRefusal(answer)) await projections.reached(answer.position, settings.atLeastMs)
      return done(answer)
    },
  }
}
