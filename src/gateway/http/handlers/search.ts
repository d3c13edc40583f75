// Search: what of what somebody may see has the words.
import { refuse } from '../../../domain/index.ts'
import { knownForm } from '../../asking.ts'
import type { Handlers } from '../app.ts'
import { messageJson } from '../shapes.ts'
import type { HandlerParts } from './parts.ts'

const [usualLimit, mostLimit] = [20, 100]

export function searchHandlers({ search, keyring, settings, timers }: HandlerParts): Handlers<'search'> {
  return {
    async search({ identity, query: { q: question, from, before, limit = usualLimit, atLeast, ...query } }) {
      if (search === undefined) return refuse('not-found', 'search is switched off on this server (SEARCH)')
      const conversation = query.conversation === undefined ? undefined : knownForm(query.conversation)
      if (query.conversation !== undefined && conversation === undefined) return refuse('unknown-conversation')
      if (atLeast !== undefined && !(await search.reached(atLeast, settings.atLeastMs)))
        return refuse('behind', `position ${atLeast} is not in the search index yet`, 1000)
      const most = Math.min(limit, mostLimit)
      const found = await search.find(identity.user, { question, conversation, from, before, limit: most })
      if (found === undefined) return refuse('unknown-conversation')
      const messages = await Promise.all(
        found.messages.map(async row => {
          const { conversation, id, content, expiresAt } = row
          // its key went a moment ago, and the index does not know yet
          const text = content && (await keyring.open({ conversation, message: id, expiresAt }, content))
          if (text === null) return []
          return [`{"conversation":"${conversation}",${(await messageJson(keyring, row, timers.now())).slice(1)}`]
        }),
      )
      const next = found.next === null ? 'null' : `"${found.next}"`
      return { text: `{"messages":[${messages.flat().join(',')}],"next":${next},"complete":${found.complete}}` }
    },
  }
}
