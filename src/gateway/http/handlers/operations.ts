// Tokens for developers, and what operators and tools ask.
import { refuse } from '../../../domain/index.ts'
import type { Handlers } from '../app.ts'
import { asyncapi } from '../asyncapi.ts'
import { docsPage } from '../docs.ts'
import { openapi } from '../openapi.ts'
import type { HandlerParts } from './parts.ts'

type Operations = 'devToken' | 'healthz' | 'readyz' | 'metrics' | 'openapi' | 'asyncapi' | 'docs'

export function operationsHandlers({ auth, settings, unready, metrics }: HandlerParts): Handlers<Operations> {
  const documents = { openapi: JSON.stringify(openapi(settings)), asyncapi: JSON.stringify(asyncapi(settings)) }
  return {
    devToken({ body: { user, roles, device } }) {
      if (!settings.devTokens || auth.issue === undefined)
        return refuse('not-found', 'tokens are not given out here; DEV_TOKENS=on turns that on')
      return { json: { token: auth.issue({ user, roles, ...(device === undefined ? {} : { device }) }) } }
    },
    healthz: () => ({ json: { status: 'alive' } }),
    readyz: async () => {
      const reasons = await unready()
      return reasons.length === 0 ? { json: { status: 'ready' } } : refuse('busy', reasons.join('; '), 1000)
    },
    metrics: async (_, response) => {
      response.type(metrics.contentType).send(await metrics.text())
      return undefined
    },
    openapi: () => ({ text: documents.openapi }),
    asyncapi: () => ({ text: documents.asyncapi }),
    docs: (_, response) => {
      response.type('html').send(docsPage())
      return undefined
    },
  }
}
