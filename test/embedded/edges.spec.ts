// The small pure parts at the process's edges: arguments, timeouts, trailers, the holder of a data folder.
import { describe, expect, it } from 'vitest'
import { timeoutOf } from '../../src/embedded/calls/call.ts'
import { parseStoreArguments } from '../../src/embedded/command.ts'
import { hasEnded, isAlive, startTimeIn, thisProcess } from '../../src/embedded/lock.ts'
import { streamDeleted, trailersOf } from '../../src/embedded/protocol/status.ts'

describe('the command line', () => {
  const minimal = ['--dir', 'd', '--port', '2113']

  it('takes a folder, a port and where clients reach the node', () => {
    expect(parseStoreArguments(minimal)).toEqual({ options: { dir: 'd', port: 2113 }, withParent: false })
    const all = [...minimal, '--host', '::', '--advertise', 'store:2113', '--with-parent']
    expect(parseStoreArguments(all)).toEqual({
      options: { dir: 'd', port: 2113, host: '::', advertise: 'store:2113' },
      withParent: true,
    })
  })

  it('takes a certificate with its key, and who may call', () => {
    expect(parseStoreArguments([...minimal, '--certificate', 'c', '--private-key', 'k', '--users', 'u'])).toEqual({
      options: { dir: 'd', port: 2113, tls: { certificate: 'c', key: 'k' } },
      usersFile: 'u',
      withParent: false,
    })
  })

  it.each([
    [[], '--dir is missing'],
    [['--dir', 'd'], '--port is missing'],
    [['--dir', 'd', '--port', 'http'], "--port 'http' is not a port"],
    [['--dir', 'd', '--port', '70000'], "--port '70000' is not a port"],
    [[...minimal, '--advertise', 'store'], "'store' is not an address of the form host:port"],
    [[...minimal, '--certificate', 'c'], '--certificate and --private-key go together'],
    [[...minimal, '--private-key', 'k'], '--certificate and --private-key go together'],
    [[...minimal, '--users', 'u'], '--users needs --certificate and --private-key'],
    [[...minimal, '--verbose'], '--verbose'],
    [[...minimal, 'stray'], 'stray'],
  ])('refuses %j', (argv, reason) => {
    expect(() => parseStoreArguments(argv)).toThrow(reason)
  })
})

describe("gRPC's timeout header", () => {
  it('is digits and a unit', () => {
    expect(['10S', '1500m', '2M', '1H', '5000000u', '1n'].map(timeoutOf)).toEqual([
      10_000, 1500, 120_000, 3_600_000, 5000, 1,
    ])
    expect(timeoutOf('99999999H')).toBe(2 ** 31 - 1)
    expect([undefined, '', '10', 'S', '123456789S', '1s'].map(timeoutOf)).toEqual(Array(6).fill(undefined))
  })
})

describe('trailers', () => {
  it('carry nothing that a header may not, and lack nothing', () => {
    const trailers = trailersOf(streamDeleted('日本-1\n50%'))
    expect(trailers['stream-name']).toBe('%E6%97%A5%E6%9C%AC-1%0A50%25')
    for (const value of Object.values(trailers)) expect(value).toMatch(/^[\x20-\x7e]*$/)
    const plain = trailersOf(streamDeleted('50% off'))
    expect([plain['stream-name'], plain['grpc-message']]).toEqual(['50% off', "Event stream '50%25 off' is deleted."])
    expect(trailersOf(undefined)).toEqual({ 'grpc-status': '0' })
  })
})

describe('the holder of a data folder', () => {
  it('lives while its process does, and is not who has its number later', () => {
    const me = thisProcess()
    expect(isAlive(me)).toBe(true)
    expect(isAlive({ ...me, startedAt: '1' })).toBe(me.startedAt === undefined)
    expect(isAlive({ ...me, startedAt: undefined })).toBe(true)
    expect(isAlive({ pid: 2 ** 22 + 1, startedAt: undefined })).toBe(false)
  })

  it('is told by the start time in /proc, whatever the command is called', () => {
    const fields = Array.from({ length: 49 }, (_, i) => String(i + 4)).join(' ')
    expect(startTimeIn(`42 (a ) odd (name) S ${fields}`)).toBe('22')
  })

  it('does not take a zombie for its holder: it has ended, whoever forgot to collect it', () => {
    expect(hasEnded('42 (a ) Z (name) Z 1 42')).toBe(true)
    expect(hasEnded('42 (a ) Z (name) S 1 42')).toBe(false)
  })
})
