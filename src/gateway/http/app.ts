// The HTTP server, made from the table of endpoints: each request is checked from the outside in (path, method, token, role,
// body, values), and whatever goes wrong is a problem document.
import express, { type NextFunction, type Request, type Response } from 'express'
import type { z } from 'zod'
import type { Asker, Commands } from '../../commands/index.ts'
import { isRefusal, refuse, type Refusal, type RefusalCode } from '../../domain/index.ts'
import type { Projections } from '../../projections/index.ts'
import { faulted } from '../asking.ts'
import type { GatewaySettings, Log } from '../settings.ts'
import { explain } from '../socket/parse.ts'
import type { Auth, Identity } from './auth.ts'
import { type Endpoint, endpoints, type Operation } from './endpoints.ts'
import { problemOf } from './problems.ts'

type Values<E extends Endpoint> = {
  readonly params: z.output<E['params']>
  readonly query: z.output<E['query']>
  readonly body: E extends { body: z.ZodType } ? z.output<E['body']> : undefined
  readonly identity: E['role'] extends null ? undefined : Identity
  readonly asker: E['role'] extends null ? undefined : Asker
}

/** A value to be written as JSON; JSON text, where bodies are in it as they came; or undefined: it has answered itself. */
type Reply = Refusal | { readonly json: object } | { readonly text: string } | undefined

export type Handlers<O extends Operation = Operation> = {
  readonly [K in O]: (call: Values<(typeof endpoints)[K]>, response: Response) => Promise<Reply> | Reply
}

export interface HttpParts {
  readonly auth: Auth
  readonly commands: Pick<Commands, 'recordActivity'>
  readonly projections: Pick<Projections, 'reached'>
  readonly settings: GatewaySettings
  readonly log: Log
}

const usualBodyBytes = 128 * 1024

export function createApp(parts: HttpParts, handlers: Handlers): express.Express {
  const app = express().disable('x-powered-by').disable('etag').enable('case sensitive routing')
  const all = Object.keys(endpoints) as Operation[]
  for (const path of new Set(all.map(operation => endpoints[operation].path))) {
    const operations = all.filter(operation => endpoints[operation].path === path)
    const route = app.route(path.replaceAll(/\{(\w+)\}/g, ':$1'))
    for (const operation of operations) {
      const endpoint: Endpoint = endpoints[operation]
      const handler = handlers[operation] as (call: unknown, response: Response) => Promise<Reply>
      route[endpoint.method](...steps(parts, endpoint, handler))
    }
    const methods = operations.map(operation => endpoints[operation].method.toUpperCase())
    const allowed = methods.includes('GET') ? ['HEAD', ...methods] : methods
    route.all((request, response) => {
      response.setHeader('allow', allowed.join(', '))
      sendRefusal(response, refuse('wrong-method', `${request.method} is not for this path; ${allowed.join(', ')} is`))
    })
  }
  app.use((request, response) => sendRefusal(response, refuse('not-found', `there is nothing at ${request.path}`)))
  app.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) return next(error) // express ends the connection: a torn answer must not look whole
    sendRefusal(response, refusalOf(error) ?? faulted(error, `${request.method} ${request.path}`, parts.log))
  })
  return app
}

/** What a request goes through. Each step either answers or hands on. */
function steps(
  { auth, commands, projections, settings, log }: HttpParts,
  endpoint: Endpoint,
  handler: (call: unknown, response: Response) => Promise<Reply>,
): express.RequestHandler[] {
  const identities = new WeakMap<Request, Identity>()

  const admit: express.RequestHandler = async (request, response, next) => {
    const identity = await auth.check(request.headers.authorization)
    if (isRefusal(identity)) return sendRefusal(response, identity)
    if (!identity.roles.includes(endpoint.role!))
      return sendRefusal(response, refuse('wrong-role', `this needs the role ${endpoint.role}`))
    identities.set(request, identity)
    next()
  }

  const needJson: express.RequestHandler = (request, response, next) => {
    if (request.is('application/json') !== false || request.headers['content-length'] === '0') return next()
    const found = request.headers['content-type'] ?? 'no content-type'
    sendRefusal(response, refuse('wrong-type', `the body has ${found}; application/json is accepted`))
  }

  const limit = endpoint.bodyBytes ?? usualBodyBytes
  const readBody = endpoint.raw ? express.raw({ type: () => true, limit }) : express.json({ limit })

  const valuesOf = checkedBy(endpoint)
  const act: express.RequestHandler = async (request, response) => {
    const values = valuesOf(request)
    if (isRefusal(values)) return sendRefusal(response, values)
    const atLeast = (values.query as { atLeast?: number }).atLeast
    if (atLeast !== undefined && !(await projections.reached(atLeast, settings.atLeastMs)))
      return sendRefusal(response, refuse('behind', `position ${atLeast} is not in the read models yet`, 1000))
    const identity = identities.get(request)
    const asker = identity && askerOf(identity, endpoint.activity === true)
    const answer = await handler({ ...values, identity, asker }, response)
    if (asker && endpoint.activity && !isRefusal(answer))
      commands.recordActivity(asker).catch((error: unknown) => faulted(error, 'recordActivity', log))
    send(response, endpoint.status, answer)
  }

  return [...(endpoint.role === null ? [] : [admit]), ...(endpoint.body ? [needJson, readBody] : []), act]
}

/** What an endpoint takes, as its schemas have it. */
function checkedBy(endpoint: Endpoint): (request: Request) => Record<Part, unknown> | Refusal {
  const schemas: [Part, z.ZodType][] = [
    ['params', endpoint.params],
    ['query', endpoint.query],
  ]
  if (endpoint.body && !endpoint.raw) schemas.push(['body', endpoint.body])
  return request => {
    const found: Record<Part, unknown> = { params: undefined, query: undefined, body: request.body ?? {} }
    for (const [part, schema] of schemas) {
      const value: unknown = part === 'body' ? found.body : request[part]
      const checked = schema.safeParse(value)
      if (!checked.success) return refuse('bad-request', explain(checked.error, value))
      found[part] = checked.data
    }
    return found
  }
}

type Part = 'params' | 'query' | 'body'

/** Over HTTP there is no session. */
function askerOf({ user, device }: Identity, byUser: boolean): Asker {
  return { actor: { user, device, session: null }, origin: byUser ? 'user' : 'app' }
}

function sendRefusal(response: Response, refusal: Refusal): void {
  const { status, headers, body } = problemOf(refusal)
  response.status(status).set(headers).end(JSON.stringify(body))
}

function send(response: Response, status: number, reply: Reply): void {
  if (reply === undefined) return
  if (isRefusal(reply)) return sendRefusal(response, reply)
  const text = 'text' in reply ? reply.text : JSON.stringify(reply.json)
  response.status(status).set('content-type', 'application/json; charset=utf-8').end(text)
}

const codeOfStatus: Partial<Record<number, RefusalCode>> = { 413: 'too-large', 415: 'wrong-type' }

/** What express and its body parser find wrong with a request has a status of 4xx. */
function refusalOf(error: unknown): Refusal | undefined {
  const { status, message } = error as { status?: unknown; message?: unknown }
  if (typeof status !== 'number' || status < 400 || status >= 500) return undefined
  return refuse(codeOfStatus[status] ?? 'bad-request', String(message))
}
