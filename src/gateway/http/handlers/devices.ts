// Which devices somebody has, and signing one out.
import { isRefusal, type Refusal } from '../../../domain/index.ts'
import type { Handlers } from '../app.ts'
import type { HandlerParts } from './parts.ts'

type Operations = 'devices' | 'signOut' | 'devicesOf' | 'signOutOf'

export function deviceHandlers({ commands, projections, settings }: HandlerParts): Handlers<Operations> {
  const page = async (
    user: string,
    { after, limit }: { after?: string | undefined; limit?: number | undefined },
    asking: string | undefined,
  ) => {
    const { pageSize } = settings.limits
    const most = Math.min(limit ?? pageSize, pageSize)
    const rows = await projections.queries.devicesOf(user, after, most)
    const devices = rows.map(row => ({ ...row, current: row.device === asking }))
    return { json: { devices, next: rows.length < most ? null : rows.at(-1)!.device } }
  }
  const done = (answer: { position: number } | Refusal) =>
    isRefusal(answer) ? answer : { json: { position: String(answer.position) } }
  return {
    devices: ({ identity, query }) => page(identity.user, query, identity.device),
    devicesOf: ({ identity, params, query }) =>
      page(params.id, query, params.id === identity.user ? identity.device : undefined),
    signOut: async ({ asker, identity, params }) =>
      done(await commands.signOutDevice(asker, { user: identity.user, device: params.device })),
    signOutOf: async ({ asker, params }) =>
      done(await commands.signOutDevice(asker, { user: params.id, device: params.device })),
  }
}
