// What a person sees: inbox, history, receipts, who is online.
import { refuse } from '../../../domain/index.ts'
import { knownForm } from '../../asking.ts'
import type { InboxRow, SeenMessageRow } from '../../../projections/index.ts'
import { inTurns } from '../../turns.ts'
import { isOnline } from '../../socket/presence.ts'
import type { Handlers } from '../app.ts'
import { messageJson } from '../shapes.ts'
import type { HandlerParts } from './parts.ts'

export function readHandlers(parts: HandlerParts): Handlers<'inbox' | 'messages' | 'receipts' | 'presence'> {
  const { projections, keyring, cursors, settings, timers } = parts
  const { queries } = projections
  return {
    async inbox({ identity, query: { after, limit } }) {
      // taken first: what is committed while the query runs may come again after the cursor, but is not missed
      const cursor = cursors.of(projections.position())
      const most = limit === undefined ? undefined : Math.min(limit, settings.limits.pageSize)
      const rows = await queries.inbox(identity.user, { after, limit: most })
      const size = ({ last }: InboxRow) => 500 + (last?.content?.box.length ?? 0)
      const conversations = await inTurns(rows, size, row => {
        const { conversation, kind, name, unread, members, delivered, read, member } = row
        const fields = JSON.stringify({ conversation, kind, name, unread, members, delivered, read, member })
        const whole = (last: string) => `${fields.slice(0, -1)},"last":${last}}`
        const last = row.last === null ? 'null' : messageJson(keyring, row.last, timers.now())
        return typeof last === 'string' ? whole(last) : last.then(whole)
      })
      const next = most === undefined || rows.length < most ? 'null' : `"${rows.at(-1)!.place}"`
      return { text: `{"conversations":[${conversations.join(',')}],"cursor":"${cursor}","next":${next}}` }
    },

    async messages({ identity, params, query: { before, after, limit } }) {
      const conversation = knownForm(params.id)
      if (conversation === undefined) return refuse('unknown-conversation')
      const { pageSize } = settings.limits
      const rows = await queries.messages(identity.user, conversation, {
        ...(before === undefined ? {} : { before }),
        ...(after === undefined ? {} : { after }),
        limit: Math.min(limit ?? pageSize, pageSize),
      })
      if (rows === undefined) return refuse('unknown-conversation')
      const size = ({ content }: SeenMessageRow) => content?.box.length ?? 0
      const messages = await inTurns(rows, size, row => messageJson(keyring, row, timers.now()))
      return { text: `{"messages":[${messages.join(',')}]}` }
    },

    async receipts({ identity, params }) {
      const [conversation, message] = [knownForm(params.id), knownForm(params.message)]
      if (conversation === undefined || message === undefined) return refuse('unknown-message')
      const receipts = await queries.receiptsOf(identity.user, conversation, message)
      return receipts === undefined ? refuse('unknown-message') : { json: receipts }
    },

    async presence({ identity, params }) {
      const [[row], [sight]] = await Promise.all([
        queries.presence([params.id]),
        queries.sight([{ viewer: identity.user, user: params.id }]),
      ])
      if (!sight?.sees) return { json: { user: params.id, state: 'offline', lastSeen: null } }
      const { sessions, lastSeen } = row ?? { sessions: [], lastSeen: null }
      const online = isOnline(sessions.length, lastSeen, timers.now(), settings.onlineWindowMs)
      return { json: { user: params.id, state: online ? 'online' : 'offline', lastSeen } }
    },
  }
}
