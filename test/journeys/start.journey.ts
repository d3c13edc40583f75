// Starting and stopping: on a bare folder, on a used one, beside others, and with wrong settings.
import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { freshFolder, run, startServer } from '../support/server.ts'

const main = (env: Record<string, string>) => run('main.js', [], env)

describe('starting', () => {
  it('[O4] prints what stands where, and stops clean when told to', async () => {
    const server = await startServer()
    expect([...server.printed.keys()].filter(word => ['store', 'database', 'ready'].includes(word))).toEqual([
      'store',
      'database',
      'ready',
    ])
    expect(server.printed.get('store')).toMatch(/^esdb:\/\/127\.0\.0\.1:\d+/)
    expect(server.printed.get('database')).toMatch(/^postgres:\/\/.+@127\.0\.0\.1:\d+\/verbatim$/)
    expect(await (await fetch(`${server.url}/readyz`)).json()).toEqual({ status: 'ready' })
    expect(await server.stop()).toBe(0)
    expect(server.complaints()).toBe('')
  })

  it('[O1] with a bad setting says so in one line and starts nothing', async () => {
    for (const env of [{ PORT: 'http' }, { DEV_TOKENS: 'maybe' }, { MASTER_KEY: 'xx' }, { ONLINE_WINDOW: '10' }]) {
      const { code, out, err } = await main({ VERBATIM_DATA: freshFolder(), ...env })
      expect(code).toBe(1)
      expect(out).toBe('')
      expect(err.trim().split('\n')).toHaveLength(1)
      expect(err).toContain(Object.keys(env)[0])
    }
  })

  it('[O5] takes another port where the usual one is taken, and refuses where the one asked for is', async () => {
    const other = createServer()
    const usual = await new Promise<boolean>(resolve => {
      other.once('error', () => resolve(true)) // somebody has it: as good
      other.listen(8080, '127.0.0.1', () => resolve(true))
    })
    expect(usual).toBe(true)
    const server = await startServer({ env: { PORT: '' } })
    const port = new URL(server.url).port
    expect(port).not.toBe('8080')
    const { code, err } = await main({ VERBATIM_DATA: freshFolder(), PORT: port })
    expect(code).toBe(1)
    expect(err).toMatch(new RegExp(`PORT ${port} on 127.0.0.1 is taken`))
    await server.stop()
    await new Promise(resolve => other.close(resolve))
  })

  it('[O6] never serves one data folder twice', async () => {
    const server = await startServer()
    const { code, err } = await main({ PORT: '0', VERBATIM_DATA: server.dataDir })
    expect(code).toBe(1)
    expect(err).toMatch(/verbatim cannot start: /)
    expect(await (await fetch(`${server.url}/readyz`)).json()).toEqual({ status: 'ready' })
    expect(await server.stop()).toBe(0)
  })
})
