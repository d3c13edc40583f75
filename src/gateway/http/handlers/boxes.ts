// Which boxes there are, and who is on them.
import type { Handlers } from '../app.ts'
import type { HandlerParts } from './parts.ts'

export function boxHandlers({ boxes, projections, settings }: HandlerParts): Handlers<'boxes' | 'boxSessions'> {
  const { boxesWithSessions, sessionsOn } = projections.queries
  return {
    async boxes() {
      const having = new Map((await boxesWithSessions()).map(({ box, ...counts }) => [box, counts]))
      const there = (await boxes.all()).map(({ box, ...lease }) => ({
        box,
        alive: true,
        ...lease,
        ...(having.get(box) ?? { sessions: 0, users: 0 }),
      }))
      for (const { box } of there) having.delete(box)
      const gone = [...having].map(([box, counts]) => ({
        box,
        alive: false,
        roles: [],
        since: null,
        until: null,
        ...counts,
      }))
      return { json: { boxes: [...there, ...gone] } }
    },

    async boxSessions({ params, query: { after, limit } }) {
      const { pageSize } = settings.limits
      const most = Math.min(limit ?? pageSize, pageSize)
      const sessions = await sessionsOn(params.box, after, most)
      const last = sessions.at(-1)
      const next = sessions.length < most || last === undefined ? null : `${last.user}/${last.session}`
      return { json: { sessions, next } }
    },
  }
}
