// Where clients are told that a node is.
import { describe, expect, it } from 'vitest'
import { addressFor, parseAddress, urlOf } from '../../src/embedded/address.ts'

describe('an address', () => {
  it('is a name or a number of either kind, and a port', () => {
    expect(parseAddress('store.example:2113')).toEqual({ host: 'store.example', port: 2113 })
    expect(parseAddress('10.0.0.1:1')).toEqual({ host: '10.0.0.1', port: 1 })
    expect(parseAddress('[fe80::1]:65535')).toEqual({ host: '[fe80::1]', port: 65_535 })
  })

  it.each([
    '',
    'store',
    ':2113',
    'store:',
    'store:0',
    'store:65536',
    '::1:1',
    '[]:1',
    'a b:1',
    'user@store:1',
    'a/b:1',
  ])('is not %j', text => {
    expect(parseAddress(text)).toBeUndefined()
  })
})

describe('a client', () => {
  const asking = (host: string, asked: string | undefined, advertise?: string) => {
    const { host: found, port } = addressFor({ host, port: 2113 }, advertise)(asked)
    return `${found}:${port}`
  }

  it('is told the address that was given for it', () => {
    expect(asking('0.0.0.0', '127.0.0.1:1', 'store.example:30000')).toBe('store.example:30000')
    expect(asking('127.0.0.1', undefined, '[fe80::1]:1')).toBe('[fe80::1]:1')
  })

  it('is told where the node listens, if that is somewhere', () => {
    expect(asking('10.0.0.1', 'store.example:30000')).toBe('10.0.0.1:2113')
    expect(asking('::1', 'localhost:2113')).toBe('[::1]:2113')
  })

  it.each(['0.0.0.0', '::', '0'])('is told where it asked, if the node listens everywhere, as on %s', host => {
    expect(asking(host, 'store.example:30000')).toBe('store.example:30000')
    expect(asking(host, '[::1]:2113')).toBe('[::1]:2113')
    expect(asking(host, undefined)).toBe('127.0.0.1:2113')
    expect(asking(host, 'no address')).toBe('127.0.0.1:2113')
  })

  it('on this machine gets a connection string that works there', () => {
    expect(urlOf({ host: 'localhost', port: 1 }, true)).toBe('esdb://localhost:1?tls=true')
    expect(urlOf({ host: '0.0.0.0', port: 1 }, false)).toBe('esdb://127.0.0.1:1?tls=false')
    expect(urlOf({ host: '::', port: 1 }, false)).toBe('esdb://127.0.0.1:1?tls=false')
    expect(urlOf({ host: '::1', port: 1 }, false)).toBe('esdb://[::1]:1?tls=false')
  })
})
