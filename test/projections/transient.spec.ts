// Which failures of the database are waited out, and which are for good.
import pg from 'pg'
import { expect, it } from 'vitest'
import { backoffMs, isTransient } from '../../src/projections/transient.ts'

const sqlState = (code: string): Error =>
  Object.assign(new pg.DatabaseError('said by the server', 1, 'error'), { code })
const system = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code })

it('[P10] a shutdown, a lost connection, a deadlock, a full disk pass', () => {
  for (const code of ['57P01', '57P03', '08006', '40P01', '40001', '53100', '53300', '25006']) {
    expect(isTransient(sqlState(code)), code).toBe(true)
  }
  for (const code of ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN']) {
    expect(isTransient(system(code)), code).toBe(true)
  }
  expect(isTransient(new AggregateError([system('ECONNREFUSED'), system('ECONNREFUSED')]))).toBe(true)
  expect(isTransient(new Error('Connection terminated unexpectedly'))).toBe(true)
  expect(isTransient(new Error('timeout exceeded when trying to connect'))).toBe(true)
})

it('a missing table, a wrong password, a mistake of ours do not pass', () => {
  for (const code of ['42P01', '28P01', '3D000', '22021', '23505'])
    expect(isTransient(sqlState(code)), code).toBe(false)
  expect(isTransient(new TypeError('x is undefined'))).toBe(false)
  expect(isTransient(system('ERR_INVALID_ARG_TYPE'))).toBe(false)
  expect(isTransient('no error at all')).toBe(false)
})

it('[P10] a database is asked again after 50 ms, then ever later, at last each 5 s', () => {
  expect([1, 2, 3, 20].map(backoffMs)).toEqual([50, 100, 200, 5_000])
})
