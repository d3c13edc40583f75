// Which server a command asks where nobody says so.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { addressIn, tellAddress } from '../../src/address.ts'
import { cli } from './support.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'verbatim-address-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

const asked = async (env: NodeJS.ProcessEnv) =>
  /no answer from (\S+):/.exec((await cli(['token', 'alice'], { VERBATIM_URL: undefined, ...env })).err)?.[1]

describe('without --url', () => {
  it('[O11] a command asks the server that runs on the data folder, wherever that listens', async () => {
    const forget = await tellAddress(dir, 'http://127.0.0.1:7')
    expect(await asked({ VERBATIM_DATA: dir })).toBe('http://127.0.0.1:7')
    expect(await asked({ VERBATIM_DATA: dir, PORT: '0' })).toBe('http://127.0.0.1:7')
    expect(await asked({ VERBATIM_DATA: dir, PORT: '11' })).toBe('http://127.0.0.1:11') // who names one means it
    expect(await asked({ VERBATIM_DATA: dir, VERBATIM_URL: 'http://127.0.0.1:13' })).toBe('http://127.0.0.1:13')
    await forget()
    expect(existsSync(join(dir, 'address.json'))).toBe(false)
  })

  it('[O11] where a server listens everywhere, it is asked at the machine’s own address', async () => {
    await tellAddress(dir, 'http://0.0.0.0:7')
    expect(addressIn(dir)).toBe('http://127.0.0.1:7')
    await tellAddress(dir, 'http://[::]:7')
    expect(addressIn(dir)).toBe('http://[::1]:7')
  })

  it('[O11] the file of a process that has ended says nothing, nor does one that cannot be read', () => {
    const { pid } = spawnSync(process.execPath, ['-e', ''])
    const file = (text: string) => writeFileSync(join(dir, 'address.json'), text)
    expect(addressIn(dir)).toBeUndefined()
    file(JSON.stringify({ url: 'http://127.0.0.1:7', pid, life: 'unknown' }))
    expect(addressIn(dir)).toBeUndefined()
    file(JSON.stringify({ url: 'http://127.0.0.1:7', pid: process.pid, life: 'another-life' }))
    expect(addressIn(dir)).toBeUndefined()
    for (const text of ['', '{', '{}', '[]', '{"url":"x","pid":1,"life":"unknown"}']) {
      file(text)
      expect(addressIn(dir)).toBeUndefined()
    }
  })

  it('[O11] a server takes away no file but its own', async () => {
    const forget = await tellAddress(dir, 'http://127.0.0.1:7')
    await tellAddress(dir, 'http://127.0.0.1:8') // another gateway on the same folder
    await forget()
    expect(addressIn(dir)).toBe('http://127.0.0.1:8')
  })
})
