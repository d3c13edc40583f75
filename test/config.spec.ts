// The environment: what is accepted, and what is said of the rest.
import { describe, expect, it } from 'vitest'
import { ConfigError, readConfig } from '../src/config.ts'

const wrong = (env: Record<string, string>) => {
  try {
    readConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
  }
  return 'accepted'
}

describe('the environment', () => {
  it('may be empty', () => {
    expect(readConfig({})).toMatchObject({
      port: undefined,
      host: '127.0.0.1',
      devTokens: true,
      onlineWindowMs: 10_000,
      deliveryAttempts: 20,
      deliveryBackoffMs: 1_000,
      deliveryMaxAgeMs: 30 * 86_400_000,
    })
    expect(readConfig({ PORT: '', AUTH_SECRET: '' })).toEqual(readConfig({}))
  })
  it('[O1] a bad value is one line that names the variable, what was found and what is accepted', () => {
    expect(wrong({ PORT: 'http' })).toBe('PORT: found "http"; accepted is a whole number from 0 to 65535')
    expect(wrong({ PORT: '65536' })).toMatch(/^PORT: found "65536"; accepted is a whole number from 0 to 65535$/)
    expect(wrong({ CANARY: '100ms' })).toBe(
      'CANARY: found "100ms"; accepted is off, or a duration from 1s to 24d, such as 1m',
    )
    expect(wrong({ CANARY: 'on' })).toMatch(/accepted is off, or a duration/)
    expect(readConfig({ CANARY: 'off' }).canaryMs).toBeUndefined()
    expect(wrong({ ONLINE_WINDOW: 'soon' })).toBe(
      'ONLINE_WINDOW: found "soon"; accepted is a duration: <n>ms|s|m|h|d, such as 10s',
    )
    expect(wrong({ DELIVERY_ATTEMPTS: '0' })).toBe(
      'DELIVERY_ATTEMPTS: found "0"; accepted is a whole number from 1 to 1000',
    )
    expect(wrong({ DELIVERY_BACKOFF: '1' })).toMatch(/^DELIVERY_BACKOFF: found "1"; accepted is a duration/)
    expect(wrong({ DELIVERY_MAX_AGE: '0d' })).toMatch(
      /^DELIVERY_MAX_AGE: found "0d"; accepted is a duration of at least/,
    )
    expect(wrong({ DEV_TOKENS: 'yes' })).toBe('DEV_TOKENS: found "yes"; accepted is on or off')
    expect(wrong({ EVENTSTORE_URL: 'http://x' })).toMatch(/^EVENTSTORE_URL: found a value; accepted is esdb:/)
    expect(wrong({ AUTH_SECRET: 'short' })).toBe('AUTH_SECRET: found a value; accepted is at least 32 bytes of UTF-8')
    expect(wrong({ MEDIA_URL: 'http://x' })).toMatch(/^MEDIA_URL: found a value; accepted is s3:\/\/bucket\/prefix/)
    expect(wrong({ MEDIA_URL: 's3://' })).toMatch(/^MEDIA_URL: /)
    expect(wrong({ MEDIA_URL: 's3://b?endpoint=there' })).toMatch(/^MEDIA_URL: /)
    expect(wrong({ MEDIA_BYTES: '20MB' })).toBe(
      'MEDIA_BYTES: found "20MB"; accepted is a whole number from 1 to 268435456',
    )
    expect(wrong({ MASTER_KEY: 'c2hvcnQ=' })).toBe('MASTER_KEY: found a value; accepted is 32 bytes in base64')
  })
  it('images are kept in a bucket where one is named', () => {
    const { mediaUrl, mediaBytes } = readConfig({ MEDIA_URL: 's3://b/p?endpoint=http%3A%2F%2Fx', MEDIA_BYTES: '5' })
    expect([mediaUrl?.hostname, mediaUrl?.searchParams.get('endpoint'), mediaBytes]).toEqual(['b', 'http://x', 5])
    expect(readConfig({ MEDIA_URL: '' }).mediaUrl).toBeUndefined()
    expect(wrong({ MEDIA_URL: 's3://key:secret@b/p' })).not.toContain('secret')
  })
  it('secrets are not repeated in what is said', () => {
    expect(wrong({ AUTH_SECRET: 'hunter2', MASTER_KEY: 'hunter2', DATABASE_URL: 'hunter2' })).not.toContain('hunter2')
  })
  it('tokens are checked one way, not two', () => {
    expect(wrong({ AUTH_SECRET: 'x'.repeat(32), AUTH_JWKS_URL: 'https://idp/keys' })).toMatch(/both set/)
  })
  it('gives tokens to whoever asks only on a machine of one’s own', () => {
    expect(readConfig({ HOST: '0.0.0.0' }).devTokens).toBe(false)
    expect(readConfig({ EVENTSTORE_URL: 'esdb://a:2113' }).devTokens).toBe(false)
    expect(readConfig({ HOST: '0.0.0.0', DEV_TOKENS: 'on' }).devTokens).toBe(true)
  })
})
