// The doctor and the metrics of a running installation: well, with and without dev tokens, and while a part of it hangs.
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { api } from '../../src/client/index.ts'
import { readMetrics } from '../support/metrics.ts'
import { freshFolder, startServer, token, verbatim, type Server } from '../support/server.ts'

interface Finding {
  name: string
  result: 'ok' | 'failed' | 'skipped'
  said: string
  advice?: string
}

/** What the doctor finds, by the name of each check. */
async function doctor(args: readonly string[], env: Record<string, string> = {}) {
  const { code, out, err } = await verbatim(['doctor', '--json', ...args], env)
  const { well, checks } = JSON.parse(out) as { well: boolean; checks: Finding[] }
  const having = (result: Finding['result']) =>
    checks.filter(one => one.result === result).map(({ name, said }) => `${name}: ${said}`)
  return { code, well, err, failed: having('failed'), skipped: having('skipped'), checks }
}
const well = { code: 0, well: true, failed: [], skipped: [] }
const metricsOf = async ({ url }: Server) => readMetrics(await (await fetch(`${url}/metrics`)).text())

const patient = { timeout: 90_000 }

describe('a server that gives out dev tokens', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer({ env: { CANARY: '1s' } })
  })
  afterAll(async () => {
    expect(await server.stop()).toBe(0)
  })

  it('[O3] is found well over both transports, one line each with what it took', async () => {
    const { code, out, err } = await verbatim(['doctor', '--url', server.url])
    expect([code, err]).toEqual([0, ''])
    const lines = out.trim().split('\n')
    for (const line of lines) expect(line).toMatch(/^ok {4}[a-z ]+: .+ \(\d+ ms\)$/)
    expect(lines.map(line => line.replace(/^ok {4}([a-z ]+): .*/, '$1'))).toEqual(
      [
        'node, server, ready, lag, tokens, group',
        'socket, socket changes, socket image, socket presence, poll, poll changes, poll image, poll presence',
        'clock, history, inbox, search, record, receipts',
      ].flatMap(names => names.split(', ')),
    )
  })

  it('[O13] is looked at with tokens that are given, and what they do not let one see is said', async () => {
    const [ann, ben, eve] = await Promise.all([
      token(server.url, 'ann'),
      token(server.url, 'ben'),
      token(server.url, 'eve', ['auditor']),
    ])
    const [peer, auditor] = [
      ['--peer-token', ben],
      ['--auditor-token', eve],
    ] as const
    const look = (...args: string[]) => doctor(['--url', server.url, '--token', ann, ...args])
    expect(await look(...peer, ...auditor)).toMatchObject(well)
    expect(await look(...peer)).toMatchObject({
      ...well,
      skipped: [expect.stringMatching(/^record: .*--auditor-token$/)],
    })
    const alone = await look()
    expect(alone).toMatchObject({ code: 0, well: true, failed: [] })
    expect(alone.skipped.map(line => line.replace(/:.*(--\S+)$/, ' $1'))).toEqual([
      'socket presence --peer-token',
      'poll presence --peer-token',
      'record --auditor-token',
      'receipts --peer-token',
    ])

    // people who stay have one group for it, however often they look, and nothing unread in it
    const inbox = async (mine: string) => {
      const { conversations } = await api({ url: server.url, token: mine }).inbox()
      return conversations.map(({ members, unread }) => ({ members: [...members].sort(), unread }))
    }
    await expect.poll(() => inbox(ben)).toEqual([{ members: ['ann', 'ben'], unread: 0 }])
    expect(await inbox(ann)).toEqual([
      { members: ['ann'], unread: 0 },
      { members: ['ann', 'ben'], unread: 0 },
    ])

    expect(await look('--peer-token', `${ben}x`)).toMatchObject({
      code: 1,
      failed: [expect.stringMatching(/^group: --peer-token: the token is not accepted/)],
    })
    expect(await doctor(['--url', server.url, '--token', 'nonsense'])).toMatchObject({
      code: 1,
      failed: [expect.stringMatching(/^group: --token: the token is not accepted/)],
    })
    expect(await look(...peer, '--auditor-token', ann)).toMatchObject({
      code: 1,
      failed: [expect.stringMatching(/^record: .*auditor/)],
    })
    for (const args of [
      ['--peer-token', ben],
      ['--token', ann, '--peer-token', ann],
    ]) {
      const { code, out, err } = await verbatim(['doctor', '--url', server.url, ...args])
      expect([code, out]).toEqual([1, ''])
      expect(err).toMatch(/^error: .*--peer-token.*\n$/)
    }
  })

  it('[O14] throwaway people stay in no group, and what they said is deleted', async () => {
    expect(await doctor(['--url', server.url])).toMatchObject(well)
    const auditor = api({ url: server.url, token: await token(server.url, 'eve', ['auditor']) })
    const rooms = []
    for await (const one of auditor.audit.conversations()) if (one.members.length === 0) rooms.push(one)
    expect(rooms.length).toBeGreaterThan(0)
    for (const { name, retention } of rooms) {
      expect(name).toBe('verbatim doctor')
      expect(retention).toMatchObject({ mode: 'temporary' })
    }
  })

  it('[O15] while the event store hangs, the doctor and the metrics say so, and that it is well again', async () => {
    await expect.poll(async () => (await metricsOf(server)).get('verbatim_canary_through_total')).toBeGreaterThan(0)
    const store = childOf(server.pid, /embedded\/main\.js/)
    process.kill(store, 'SIGSTOP')
    try {
      await expect.poll(async () => (await metricsOf(server)).get('verbatim_feed_lag_events'), patient).toBeNaN()
      const found = await doctor(['--url', server.url])
      expect(found).toMatchObject({ code: 1, well: false })
      expect(found.failed).toEqual([
        expect.stringMatching(/^ready: .*event store does not answer/),
        expect.stringMatching(/^lag: .*event store does not answer/),
      ])
      const age = (await metricsOf(server)).get('verbatim_canary_age_seconds')!
      await expect
        .poll(async () => (await metricsOf(server)).get('verbatim_canary_age_seconds'), patient)
        .toBeGreaterThan(age)
    } finally {
      process.kill(store, 'SIGCONT')
    }
    await expect.poll(async () => (await fetch(`${server.url}/readyz`)).status, patient).toBe(200)
    const through = (await metricsOf(server)).get('verbatim_canary_through_total')!
    await expect
      .poll(async () => (await metricsOf(server)).get('verbatim_canary_through_total'), patient)
      .toBeGreaterThan(through)
    expect((await metricsOf(server)).get('verbatim_feed_lag_events')).not.toBeNaN()
    expect(await doctor(['--url', server.url])).toMatchObject(well)
  })

  it('[O15] while the database hangs, they do as well', async () => {
    const postmaster = Number(readFileSync(join(clusterIn(server.dataDir), 'postmaster.pid'), 'utf8').split('\n')[0])
    const processes = [postmaster, ...childrenOf(postmaster)]
    const signal = (name: NodeJS.Signals) => {
      for (const pid of processes) process.kill(pid, name)
    }
    signal('SIGSTOP')
    try {
      const found = await doctor(['--url', server.url])
      expect(found).toMatchObject({ code: 1, well: false })
      expect(found.failed[0]).toMatch(/^ready: .*database does not answer/)
      expect(found.checks.find(({ name }) => name === 'ready')!.advice).toMatch(/PostgreSQL/)
      const told = async (name: string) => (await metricsOf(server)).get(`verbatim_${name}`)
      await expect.poll(() => told('projection_lag_events'), patient).toBeGreaterThan(0)
      await expect.poll(() => told('projection_lag_seconds'), patient).toBeGreaterThan(2)
    } finally {
      signal('SIGCONT')
    }
    await expect.poll(async () => (await fetch(`${server.url}/readyz`)).status, patient).toBe(200)
    await expect.poll(async () => (await metricsOf(server)).get('verbatim_projection_lag_seconds')).toBeLessThan(2)
    expect(await doctor(['--url', server.url])).toMatchObject(well)
  })
})

describe('a server that gives out no tokens', () => {
  it('[O13] is looked at with its secret, from the environment or the data folder, and not without', async () => {
    const env = { DEV_TOKENS: 'off', SEARCH: 'off' }
    const server = await startServer({ env })
    const searchIsOff = ['search: it is switched off (SEARCH=off)']
    // the secret that it has made itself, where the doctor is on the same machine
    const here = await doctor([], { VERBATIM_DATA: server.dataDir })
    expect(here).toMatchObject({ ...well, skipped: searchIsOff })
    const elsewhere = await doctor(['--url', server.url], { VERBATIM_DATA: freshFolder() })
    expect(elsewhere).toMatchObject({ code: 1, failed: [expect.stringMatching(/^tokens: .*no dev tokens/)] })
    expect(elsewhere.checks.find(({ name }) => name === 'tokens')!.advice).toMatch(/--token.*AUTH_SECRET/)
    expect(await server.stop()).toBe(0)

    const AUTH_SECRET = randomBytes(32).toString('hex')
    const secret = await startServer({ dataDir: server.dataDir, env: { ...env, AUTH_SECRET } })
    const VERBATIM_DATA = freshFolder()
    expect(await doctor(['--url', secret.url], { AUTH_SECRET, VERBATIM_DATA })).toMatchObject({
      ...well,
      skipped: searchIsOff,
    })
    const other = randomBytes(32).toString('hex')
    expect(await doctor(['--url', secret.url], { AUTH_SECRET: other, VERBATIM_DATA })).toMatchObject({
      code: 1,
      failed: [expect.stringMatching(/^group: .*the token is not accepted/)],
    })
    const late = await new SignJWT({ roles: ['user'] })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject('ann')
      .setExpirationTime('1h ago')
      .sign(Buffer.from(AUTH_SECRET))
    expect(await doctor(['--url', secret.url, '--token', late])).toMatchObject({
      code: 1,
      failed: [expect.stringMatching(/^group: --token: .*"exp"/)],
    })
    expect(await secret.stop()).toBe(0)
  })
})

describe('the server of a data folder', () => {
  it('[O11] is found by commands wherever it listens, and not once it has stopped, however it did', async () => {
    const server = await startServer()
    const VERBATIM_DATA = server.dataDir
    const asked = async () => (await verbatim(['token', 'ann'], { VERBATIM_DATA })).out
    expect(await asked()).toMatch(/^eyJ/)
    expect((await doctor([], { VERBATIM_DATA })).checks.find(({ name }) => name === 'server')!.said).toBe(server.url)
    await server.kill()
    expect(existsSync(join(VERBATIM_DATA, 'address.json'))).toBe(true)
    const gone = new URL(server.url).port
    expect((await verbatim(['token', 'ann'], { VERBATIM_DATA })).err).not.toContain(`:${gone}`)

    const again = await startServer({ dataDir: VERBATIM_DATA })
    expect(await asked()).toMatch(/^eyJ/)
    expect(await again.stop()).toBe(0)
    expect(existsSync(join(VERBATIM_DATA, 'address.json'))).toBe(false)
  })
})

const parentsOf = (): Map<number, { parent: number; command: string }> => {
  const found = new Map<number, { parent: number; command: string }>()
  for (const name of readdirSync('/proc').filter(one => /^\d+$/.test(one))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      found.set(Number(name), { parent, command: readFileSync(`/proc/${name}/cmdline`, 'utf8') })
    } catch {
      // it has ended meanwhile
    }
  }
  return found
}
const childrenOf = (pid: number): number[] =>
  [...parentsOf()].flatMap(([child, { parent }]) => (parent === pid ? [child] : []))
function childOf(pid: number, command: RegExp): number {
  const found = [...parentsOf()].find(([, one]) => one.parent === pid && command.test(one.command))
  if (!found) throw new Error(`process ${pid} has no child ${command}`)
  return found[0]
}
/** Where the embedded PostgreSQL keeps its postmaster.pid. */
function clusterIn(dataDir: string): string {
  const found = readdirSync(join(dataDir, 'postgres'), { recursive: true, withFileTypes: true }).find(
    ({ name }) => name === 'postmaster.pid',
  )
  if (!found) throw new Error(`no PostgreSQL runs in ${dataDir}`)
  return found.parentPath
}
