// The auditors' calls. Each is told to the log before its answer begins.
import { once } from 'node:events'
import type { Response } from 'express'
import { conversationEvents } from '../../../audit/index.ts'
import { isOver, refuse } from '../../../domain/index.ts'
import type { Keyring, RawEvent, Sealed } from '../../../eventstore/index.ts'
import { idIn, streamOf } from '../../../eventstore/index.ts'
import type { ConversationRow } from '../../../projections/index.ts'
import { knownForm } from '../../asking.ts'
import type { Handlers } from '../app.ts'
import { conversationShape } from '../shapes.ts'
import type { HandlerParts } from './parts.ts'

/** Conversations of one query. */
const pageRows = 1000

export function auditHandlers(parts: HandlerParts): Handlers<'auditConversations' | 'auditEvents'> {
  const { commands, projections, store, keyring, settings, timers } = parts
  const shown = (row: ConversationRow) => JSON.stringify({ ...conversationShape(row), former: row.former })

  return {
    async auditConversations({ asker, query: { after, limit } }, response) {
      await commands.recordAccess(asker, { call: 'GET /v1/audit/conversations', conversation: null })
      const { allConversations } = projections.queries
      if (limit !== undefined) {
        const most = Math.min(limit, settings.limits.pageSize)
        const rows = await allConversations(after, most)
        const next = rows.length < most ? null : rows.at(-1)!.conversation
        return { text: `{"conversations":[${rows.map(shown).join(',')}],"next":${JSON.stringify(next)}}` }
      }
      async function* all() {
        yield '{"conversations":['
        let place = after
        for (let comma = ''; ; comma = ',') {
          const rows = await allConversations(place, pageRows)
          if (rows.length > 0) yield comma + rows.map(shown).join(',')
          if (rows.length < pageRows) break
          place = rows.at(-1)!.conversation
        }
        yield '],"next":null}\n'
      }
      return stream(response, 'application/json; charset=utf-8', all())
    },

    async auditEvents({ asker, params, query: { from, to, open } }, response) {
      if (from !== undefined && to !== undefined && from > to)
        return refuse('bad-request', `from is ${from}, to is ${to}: from is at most to`)
      const call = 'GET /v1/audit/conversations/:id/events'
      await commands.recordAccess(asker, { call, conversation: params.id })
      const conversation = knownForm(params.id)
      if (conversation === undefined || (await store.last(streamOf('conversation', conversation))) === undefined)
        return refuse('unknown-conversation', `the log has no conversation ${params.id}`)
      const bounds = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
      async function* lines() {
        for await (const event of conversationEvents(store, conversation!, bounds))
          yield await lineOf(event, timers.now(), open === 'true' ? keyring : undefined)
      }
      return stream(response, 'application/x-ndjson', lines())
    },
  }
}

/** One event as a line. With a keyring, `body` is added where the content still can be opened, `expired` where its time is over. */
async function lineOf(event: RawEvent, now: number, keyring: Keyring | undefined): Promise<string> {
  const { position, stream, revision, id, type, data, metadata } = event
  const line = JSON.stringify({ position: String(position), stream, revision, id, type, data, metadata })
  if (keyring === undefined || (type !== 'MessageSent' && type !== 'MessageEdited')) return `${line}\n`
  const { content, message = id, expiresAt } = data as { content: Sealed; message?: string; expiresAt?: string }
  if (isOver(expiresAt, now)) return `${line.slice(0, -1)},"expired":true}\n`
  const body = await keyring.open({ conversation: idIn(stream), message, expiresAt }, content)
  // a body as it came may have line breaks between its parts: there they mean nothing, here they would end the line
  return body === null ? `${line}\n` : `${line.slice(0, -1)},"body":${body.replaceAll(/[\r\n]/g, ' ')}}\n`
}

/** At the reader's pace. Nothing is written before there is a first piece, so that what fails until then is a problem document. */
export async function stream(response: Response, type: string, pieces: AsyncGenerator<string>): Promise<undefined> {
  let piece = await pieces.next()
  response.status(200).set('content-type', type)
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  try {
    for (; !piece.done && !gone.signal.aborted; piece = await pieces.next())
      if (!response.write(piece.value)) await once(response, 'drain', { signal: gone.signal })
    response.end()
  } catch (error) {
    if (!gone.signal.aborted) throw error
  } finally {
    await pieces.return(undefined)
  }
}
