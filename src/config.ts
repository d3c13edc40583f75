// The environment, read once and checked whole: a bad value is one line that says what was found and what is accepted.
import { z } from 'zod'

const duration = z
  .string()
  .regex(/^\d+(ms|s|m|h|d)$/, 'a duration: <n>ms|s|m|h|d, such as 10s')
  .transform(text => {
    const [, n, unit] = /^(\d+)(\w+)$/.exec(text)!
    return Number(n) * { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit as 'ms']
  })

/** Node's timers ring at once where they are to wait longer. */
const longestInterval = 24 * 86_400_000
const aboutCanary = 'off, or a duration from 1s to 24d, such as 1m'

const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/, `a whole number from ${least} to ${most}`)
    .transform(Number)
    .refine(n => n >= least && n <= most, `a whole number from ${least} to ${most}`)

const longSecret = z.string().refine(secret => Buffer.byteLength(secret) >= 32, 'at least 32 bytes of UTF-8')

const url = (what: string, schemes: readonly string[]) =>
  z.string().refine(text => URL.canParse(text) && schemes.includes(new URL(text).protocol), what)

function isBucket(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, searchParams } = new URL(text)
  const endpoint = searchParams.get('endpoint')
  const whole = protocol === 's3:' && hostname !== '' && username === ''
  return whole && (endpoint === null || (URL.canParse(endpoint) && /^https?:/.test(endpoint)))
}

const roleNames = ['gateway', 'commands', 'projections'] as const
export type Role = (typeof roleNames)[number]
const everyRole: ReadonlySet<Role> = new Set(roleNames)
export const aboutRoles = `all, or some of ${roleNames.join(', ')} with commas between`

/** The roles that a comma list names; undefined where it names something else. */
export function rolesIn(text: string): ReadonlySet<Role> | undefined {
  const names = text.split(',').map(name => name.trim())
  const roles = names.flatMap(name => (name === 'all' ? roleNames : roleNames.filter(role => role === name)))
  return names.every(name => name === 'all' || roleNames.some(role => role === name)) ? new Set(roles) : undefined
}

const environment = z.object({
  ROLE: z
    .string()
    .transform(rolesIn)
    .refine(roles => roles !== undefined, aboutRoles)
    .default(everyRole),
  COMMANDS_URL: z
    .string()
    .transform(text => text.split(',').map(one => one.trim()))
    .refine(
      urls => urls.every(one => URL.canParse(one) && /^wss?:$/.test(new URL(one).protocol)),
      'ws://host:port of command processes, with commas between',
    )
    .optional(),
  BOX_SECRET: longSecret.optional(),
  BOX_LEASE: duration.refine(ms => ms >= 1_000, 'a duration of at least 1s').default(9_000),
  READY_LAG: duration.default(30_000),
  CANARY: z
    .union([z.literal('off'), duration.refine(ms => ms >= 1_000 && ms <= longestInterval, aboutCanary)], aboutCanary)
    .default(60_000),
  PORT: wholeNumber(0, 65_535).optional(),
  HOST: z.string().default('127.0.0.1'),
  VERBATIM_DATA: z.string().default('.verbatim'),
  EVENTSTORE_URL: url('esdb://host:port?…', [
    'esdb:',
    'esdb+discover:',
    'kurrentdb:',
    'kurrentdb+discover:',
  ]).optional(),
  DATABASE_URL: url('postgres://user:password@host:port/database', ['postgres:', 'postgresql:']).optional(),
  AUTH_SECRET: longSecret.optional(),
  AUTH_JWKS_URL: url('http(s)://… of a JWKS', ['http:', 'https:']).optional(),
  MASTER_KEY: z
    .base64('32 bytes in base64')
    .transform(text => Buffer.from(text, 'base64'))
    .refine(key => key.length === 32, '32 bytes in base64')
    .optional(),
  DEV_TOKENS: z.enum(['on', 'off'], 'on or off').optional(),
  MEDIA_URL: z
    .string()
    .refine(
      isBucket,
      's3://bucket/prefix?region=…&endpoint=http(s)://…, without credentials: those are AWS_ACCESS_KEY_ID …',
    )
    .transform(text => new URL(text))
    .optional(),
  MEDIA_BYTES: wholeNumber(1, 256 * 1024 * 1024).default(20 * 1024 * 1024),
  DELIVERY_ATTEMPTS: wholeNumber(1, 1_000).default(20),
  DELIVERY_BACKOFF: duration.refine(ms => ms >= 10, 'a duration of at least 10ms').default(1_000),
  DELIVERY_MAX_AGE: duration.refine(ms => ms >= 100, 'a duration of at least 100ms').default(30 * 86_400_000),
  SEARCH: z.enum(['on', 'off'], 'on or off').default('on'),
  ONLINE_WINDOW: duration.default(10_000),
  ADMISSION_RATE: wholeNumber(1, 1_000_000).default(2000),
  MEMBER_LIMIT: wholeNumber(1, 100_000).default(1_024),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('warn'),
})

/** Variables whose value must not be shown. */
const secrets = new Set([
  'AUTH_SECRET',
  'BOX_SECRET',
  'COMMANDS_URL',
  'DATABASE_URL',
  'EVENTSTORE_URL',
  'MASTER_KEY',
  'MEDIA_URL',
])

export interface Config {
  /** What this process does. A gateway that is told of no command processes has the command stage itself. */
  readonly roles: ReadonlySet<Role>
  /** Where a gateway without the role `commands` finds command processes. */
  readonly commandsUrls: readonly string[]
  /** What gateways and command processes know each other by; undefined: what follows from the master key. */
  readonly boxSecret: string | undefined
  readonly boxLeaseMs: number
  readonly readyLagMs: number
  /** How often this process sends a canary; undefined: never. */
  readonly canaryMs: number | undefined
  /** Undefined: the default, or another where that is taken. */
  readonly port: number | undefined
  readonly host: string
  readonly dataDir: string
  readonly eventStoreUrl: string | undefined
  readonly databaseUrl: string | undefined
  readonly authSecret: string | undefined
  readonly jwksUrl: string | undefined
  readonly masterKey: Buffer | undefined
  readonly devTokens: boolean
  /** A bucket; undefined: the data folder. */
  readonly mediaUrl: URL | undefined
  readonly mediaBytes: number
  /** How often a message is pushed to who does not acknowledge it, and after how long the second time. */
  readonly deliveryAttempts: number
  readonly deliveryBackoffMs: number
  readonly deliveryMaxAgeMs: number
  /** Whether there is an index of what was said; what it costs is in docs/decisions/0013. */
  readonly search: boolean
  readonly onlineWindowMs: number
  readonly memberLimit: number
  /** New sessions a second that are let in. */
  readonly admissionRate: number
  readonly logLevel: string
}

/** What is wrong with the environment, a line each. */
export class ConfigError extends Error {}

const loopback = (host: string) => host === 'localhost' || host === '::1' || host.startsWith('127.')

/** Reads the settings. An empty variable counts as unset. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const read = environment.safeParse(given)
  if (!read.success) throw new ConfigError(read.error.issues.map(issue => complaint(issue, env)).join('\n'))
  const e = read.data
  if (e.AUTH_SECRET && e.AUTH_JWKS_URL)
    throw new ConfigError(
      'AUTH_SECRET and AUTH_JWKS_URL are both set; tokens are checked by one of them: unset the other',
    )
  const { roles, commandsUrls } = rolesOf(e)
  return {
    roles,
    commandsUrls,
    boxSecret: e.BOX_SECRET,
    boxLeaseMs: e.BOX_LEASE,
    readyLagMs: e.READY_LAG,
    canaryMs: e.CANARY === 'off' ? undefined : e.CANARY,
    port: e.PORT,
    host: e.HOST,
    dataDir: e.VERBATIM_DATA,
    eventStoreUrl: e.EVENTSTORE_URL,
    databaseUrl: e.DATABASE_URL,
    authSecret: e.AUTH_SECRET,
    jwksUrl: e.AUTH_JWKS_URL,
    masterKey: e.MASTER_KEY,
    devTokens: e.DEV_TOKENS ? e.DEV_TOKENS === 'on' : !e.EVENTSTORE_URL && !e.AUTH_JWKS_URL && loopback(e.HOST),
    mediaUrl: e.MEDIA_URL,
    mediaBytes: e.MEDIA_BYTES,
    deliveryAttempts: e.DELIVERY_ATTEMPTS,
    deliveryBackoffMs: e.DELIVERY_BACKOFF,
    deliveryMaxAgeMs: e.DELIVERY_MAX_AGE,
    search: e.SEARCH === 'on',
    onlineWindowMs: e.ONLINE_WINDOW,
    memberLimit: e.MEMBER_LIMIT,
    admissionRate: e.ADMISSION_RATE,
    logLevel: e.LOG_LEVEL,
  }
}

function rolesOf(e: z.infer<typeof environment>): Pick<Config, 'roles' | 'commandsUrls'> {
  const asked = e.ROLE
  if (asked.has('gateway') && asked.has('commands') && e.COMMANDS_URL)
    throw new ConfigError(
      'COMMANDS_URL is set, and ROLE has both gateway and commands: unset it, or leave commands to the processes it names',
    )
  const roles = new Set(asked)
  if (asked.has('gateway') && !e.COMMANDS_URL) roles.add('commands')
  if (roles.size < everyRole.size && !(e.EVENTSTORE_URL && e.DATABASE_URL))
    throw new ConfigError(
      `ROLE is ${[...asked].join(',')}: processes that share the work share one event store and one database; ` +
        'set EVENTSTORE_URL and DATABASE_URL',
    )
  return { roles, commandsUrls: e.COMMANDS_URL ?? [] }
}

function complaint({ path, message }: z.core.$ZodIssue, env: NodeJS.ProcessEnv): string {
  const name = String(path[0])
  const found = secrets.has(name) ? 'a value' : JSON.stringify(env[name])
  return `${name}: found ${found}; accepted is ${message}`
}
