// The OpenAPI 3.1 document, made from the table of endpoints.
import { z } from 'zod'
import { refusalCodes } from '../../domain/index.ts'
import type { GatewaySettings } from '../settings.ts'
import { type Endpoint, endpoints, type Operation } from './endpoints.ts'
import { statusOf } from './problems.ts'

/** What any request may be refused for, by what the endpoint takes. */
function refusalsOf(endpoint: Endpoint) {
  return [
    ...(endpoint.role === null ? [] : (['unauthorized', 'wrong-role'] as const)),
    ...(endpoint.body || endpoint.takes ? (['too-large', 'wrong-type'] as const) : []),
    'bad-request' as const,
    ...endpoint.refusals,
  ]
}

/** A schema as JSON Schema (2020-12, OpenAPI 3.1's own dialect), without naming the dialect again. */
export function jsonSchema(schema: z.ZodType, io: 'input' | 'output', target: 'draft-2020-12' | 'draft-7') {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, target, unrepresentable: 'any' })
  return rest
}

function parametersOf(schema: z.ZodObject, place: 'path' | 'query') {
  const { properties = {}, required = [] } = jsonSchema(schema, 'input', 'draft-2020-12')
  return Object.entries(properties).map(([name, schema]) => {
    const { description, ...rest } = schema as { description?: string }
    return {
      name,
      in: place,
      required: required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema: rest,
    }
  })
}

function operationOf(operation: Operation) {
  const endpoint: Endpoint = endpoints[operation]
  const refused = new Map<number, string[]>()
  for (const code of refusalsOf(endpoint)) refused.set(statusOf[code], [...(refused.get(statusOf[code]) ?? []), code])
  const problems = [...refused].map(([status, codes]): [number, object] => [
    status,
    { description: codes.join(', '), content: { 'application/problem+json': { schema: problemRef } } },
  ])
  const answer = { schema: jsonSchema(endpoint.answer, 'output', 'draft-2020-12') }
  return {
    operationId: operation,
    summary: endpoint.summary,
    ...(endpoint.role === null ? { security: [] } : { description: `Needs the role \`${endpoint.role}\`.` }),
    parameters: [...parametersOf(endpoint.params, 'path'), ...parametersOf(endpoint.query, 'query')],
    ...(endpoint.takes
      ? { requestBody: { required: true, content: Object.fromEntries(endpoint.takes.map(type => [type, {}])) } }
      : {}),
    ...(endpoint.body
      ? {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: jsonSchema(endpoint.body, 'input', 'draft-2020-12') } },
          },
        }
      : {}),
    responses: {
      [endpoint.status]: { description: 'Done', content: { [endpoint.type ?? 'application/json']: answer } },
      ...Object.fromEntries(problems),
    },
  }
}

const problemRef = { $ref: '#/components/schemas/Problem' }
const problem = {
  type: 'object',
  description: 'Problem details (RFC 9457)',
  required: ['title', 'status', 'code'],
  properties: {
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { enum: refusalCodes },
    detail: { type: 'string', description: 'what was found, what is accepted' },
  },
}

export function openapi({ limits }: Pick<GatewaySettings, 'limits'>) {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const operation of Object.keys(endpoints) as Operation[]) {
    const { path, method } = endpoints[operation]
    paths[path] = { ...paths[path], [method]: operationOf(operation) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Verbatim',
      version: '1.0.0',
      description: `A chat backend whose database is the record. The socket is described by /asyncapi.json. A page has at most ${limits.pageSize} messages.`,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: { Problem: problem },
    },
  }
}
