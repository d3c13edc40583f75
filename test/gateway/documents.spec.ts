// The API documents are made from the schemas; they are valid, and name everything.
import specs from '@asyncapi/specs'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { refusalCodes } from '../../src/domain/index.ts'
import { asyncapi } from '../../src/gateway/http/asyncapi.ts'
import { docsPage } from '../../src/gateway/http/docs.ts'
import { endpoints } from '../../src/gateway/http/endpoints.ts'
import { openapi } from '../../src/gateway/http/openapi.ts'
import { problemOf, statusOf } from '../../src/gateway/http/problems.ts'
import { defaults } from '../../src/gateway/settings.ts'
import { clientFrames, serverFrames } from '../../src/gateway/socket/protocol.ts'

const asJson = <T>(document: T): T => JSON.parse(JSON.stringify(document)) as T

describe('the documents', () => {
  it('[G22] openapi.json is valid OpenAPI 3.1 and has every endpoint', async () => {
    const document = asJson(openapi(defaults))
    const result = await new Validator().validate(document)
    expect(result.errors).toBeUndefined()
    expect(result.valid).toBe(true)
    for (const { path, method } of Object.values(endpoints)) expect(document.paths[path]).toHaveProperty(method)
  })

  it('[G22] asyncapi.json is valid AsyncAPI 3.0 and has every frame', () => {
    const document = asJson(asyncapi(defaults))
    const ajv = new Ajv({ strict: false, allErrors: true, meta: false, validateSchema: false }) // it brings its own draft 7
    ;(formats as unknown as (ajv: Ajv) => void)(ajv)
    const valid = ajv.compile((specs as unknown as { schemas: Record<string, object> }).schemas['3.0.0']!)
    valid(document)
    expect(valid.errors).toBeNull()
    const names = Object.values(document.channels.socket.messages).map(({ name }) => name)
    expect(names.sort()).toEqual([...Object.keys(clientFrames), ...Object.keys(serverFrames)].sort())
  })

  it('[G22] /docs names every call and every frame, and fetches nothing from elsewhere', () => {
    const page = docsPage()
    for (const { path } of Object.values(endpoints)) expect(page).toContain(path)
    for (const name of Object.keys({ ...clientFrames, ...serverFrames })) expect(page).toContain(`<code>${name}</code>`)
    expect(page).not.toMatch(/https?:|<script/)
  })
})

describe('a problem', () => {
  it('[G23] has the code and a sentence, whatever the refusal', () => {
    for (const refused of refusalCodes) {
      const { status, headers, body } = problemOf({ refused })
      expect(body).toMatchObject({ code: refused, status, title: expect.any(String) as string })
      expect((body as { detail: string }).detail.length).toBeGreaterThan(10)
      expect(headers['content-type']).toMatch(/^application\/problem\+json/)
    }
  })

  it('[G23] is the server’s fault only where it is', () => {
    const faults = refusalCodes.filter(code => statusOf[code] >= 500)
    expect(faults.sort()).toEqual(['behind', 'busy', 'internal'])
  })
})
