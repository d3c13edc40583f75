// A node as a process: one to a folder, gone with its parent, clear about why it does not start.
import { execFile, spawn } from 'node:child_process'
import type { ExecFileException } from 'node:child_process'
import { once } from 'node:events'
import { readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { CancelledError, EventStoreDBClient, jsonEvent } from '@eventstore/db-client'
import { open } from 'lmdb'
import { describe, expect, it } from 'vitest'
import { startEventStore, startEventStoreProcess } from '../../src/embedded/index.ts'
import { thisProcess } from '../../src/embedded/lock.ts'
import { comes, received } from '../contracts/reading.ts'
import { ENCRYPTED, certificate, folder, trusting } from './support.ts'

const DIST = fileURLToPath(new URL('../../dist/embedded', import.meta.url))

const KEY = ENCRYPTED.tls.key
const CERTIFIED = ['--certificate', ENCRYPTED.tls.certificate, '--private-key', KEY]

const run = (
  ...args: readonly string[]
): Promise<{ code: number | string | undefined | null; stdout: string; stderr: string }> =>
  new Promise(resolve => {
    execFile(process.execPath, [`${DIST}/main.js`, ...args], (error: ExecFileException | null, stdout, stderr) =>
      resolve({ code: error?.code, stdout, stderr }),
    )
  })

describe('a data folder', () => {
  it('is refused to a second node, which is told who has it', async () => {
    const dir = await folder()
    const store = await startEventStoreProcess({ dir })
    await expect(startEventStore({ dir })).rejects.toThrow(`${dir} is in use by process ${store.pid}`)
    const second = await run('--dir', dir, '--port', '0')
    expect(second.code).toBe(1)
    expect(second.stderr).toMatch(new RegExp(`^embedded store: ${dir} is in use by process ${store.pid}: .*\n$`))
    await store.close()
    await (await startEventStore({ dir })).close()
  })

  it('is refused to a second node in the same process', async () => {
    const dir = await folder()
    const store = await startEventStore({ dir })
    await expect(startEventStore({ dir })).rejects.toThrow(`in use by this process (${process.pid})`)
    await store.close()
  })

  it('is free again after its node was killed, also when the number of that process is taken', async () => {
    const dir = await folder()
    const store = await startEventStoreProcess({ dir })
    process.kill(store.pid, 'SIGKILL')
    await store.close()
    await (await startEventStore({ dir })).close()

    const notes = open({ path: join(dir, 'index'), overlappingSync: false, maxDbs: 8, noSubdir: false })
    const stranger = { ...thisProcess(), startedAt: '1' }
    await notes.openDB<object, string>('notes', { encoding: 'json' }).put('holder', { holder: stranger })
    await notes.close()
    await (await startEventStore({ dir })).close()
  })

  it('is given to one of many that start at once', async () => {
    const dir = await folder()
    const starts = await Promise.allSettled(
      [1, 2, 3, 4].map(() => startEventStoreProcess({ dir, log: () => undefined })),
    )
    const started = starts.filter(start => start.status === 'fulfilled')
    expect(started).toHaveLength(1)
    await started[0]!.value.close()
  })
})

describe('the command', () => {
  it('checks a folder and copies it while its node runs, and says in one line what came of it', async () => {
    const [dir, to] = [await folder(), await folder()]
    const store = await startEventStoreProcess({ dir })
    const client = EventStoreDBClient.connectionString(store.url)
    for (let n = 0; n < 2; n++) await client.appendToStream('s', jsonEvent({ type: 'Said', data: {} }))
    expect((await run('check', '--dir', dir)).stdout).toMatch(
      /^ok: 2 events in 1 stream, 1 file, log up to position \d+; .*\n$/,
    )
    expect((await run('backup', '--dir', dir, '--to', to)).stdout).toMatch(/^2 events \(\d+ bytes\) copied to /)
    await client.dispose()
    await store.close()
    expect((await run('check', '--dir', to)).stdout).toMatch(/^ok: 2 events in 1 stream/)
    const [log] = (await readdir(to)).filter(name => name.endsWith('.log'))
    const bytes = await readFile(join(to, log!))
    bytes[300]! ^= 1
    await writeFile(join(to, log!), bytes)
    for (const [args, complaint] of [
      [['check', '--dir', to], /^store check: the log is damaged at position 1 .*\n$/],
      [['check'], /^store check: --dir FOLDER is missing\n$/],
      [['backup', '--dir', join(to, 'nowhere'), '--to', dir], /^store backup: .* has no log in it\n$/],
    ] as const) {
      const { code, stderr } = await run(...args)
      expect(stderr).toMatch(complaint)
      expect(code).toBe(1)
    }
  })

  it('says in one line what is wrong with its arguments', async () => {
    for (const args of [[], ['--dir', 'x', '--port', 'y'], ['--dir', 'x', '--port', '1', '--what']]) {
      const { code, stderr } = await run(...args)
      expect(code).toBe(1)
      expect(stderr).toMatch(/^embedded store: .* \(usage: .*\)\n$/)
    }
  })

  it('says in one line that its port is taken', async () => {
    const store = await startEventStore({ inMemory: true })
    const { code, stderr } = await run('--dir', await folder(), '--port', String(store.port))
    expect(code).toBe(1)
    expect(stderr).toMatch(/^embedded store: .*EADDRINUSE.*\n$/)
    await store.close()
  })

  it.each<[string, (dir: string) => string[], RegExp]>([
    [
      'a certificate of another key',
      () => ['--certificate', certificate('ca.pem'), '--private-key', KEY],
      /is not that of/,
    ],
    ['one that has expired', () => ['--certificate', certificate('expired.pem'), '--private-key', KEY], /has expired/],
    ['no file of users', dir => [...CERTIFIED, '--users', join(dir, 'users.json')], /The users file cannot be read/],
    ['a file for its folder', () => ['--dir', KEY], /The option dir must be the path of a folder/],
    ['an address that is not here', () => ['--host', '192.0.2.1'], /EADDRNOTAVAIL/],
  ])('says in one line that it was given %s', async (_, args, reason) => {
    const dir = await folder()
    const { code, stderr } = await run('--dir', join(dir, 'data'), '--port', '0', ...args(dir))
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^embedded store: [^\n]+\n$/)])
    expect(stderr).toMatch(reason)
  })

  it('stops when it is asked to, with its calls ended as cancelled', async () => {
    const child = spawn(process.execPath, [`${DIST}/main.js`, '--dir', await folder(), '--port', '0'])
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
    expect(line).toMatch(/^ready esdb:\/\/127\.0\.0\.1:\d+\?tls=false$/)
    const client = EventStoreDBClient.connectionString(line.slice('ready '.length))
    const subscription = client.subscribeToAll().on('data', () => undefined)
    await comes(subscription, 'caughtUp')
    await client.appendToStream('s', jsonEvent({ type: 'Said', data: {} }))
    const ended = received<Error>(subscription, 'error')
    const exit = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await ended).toBeInstanceOf(CancelledError)
    expect(await exit).toEqual([0, null])
    await client.dispose()
  })
})

describe('a node that is stopped', () => {
  it('stops under a flood, and whoever does not let go of it', async () => {
    const child = spawn(process.execPath, [`${DIST}/main.js`, '--dir', await folder(), '--port', '0'])
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
    const { host } = new URL(line.replace('ready esdb:', 'http:'))
    const port = Number(host.split(':')[1])
    // says nothing; speaks HTTP/1.1 and stays; has a call open and does nothing any more
    const silent = connect(port, '127.0.0.1')
    const kept = connect(port, '127.0.0.1')
    kept.write('GET /ping HTTP/1.1\r\nhost: x\r\n\r\n')
    await Promise.all([once(silent, 'connect'), once(kept, 'data')])
    const script = `
      const session = require('node:http2').connect(process.argv[1])
      const method = '/event_store.client.streams.Streams/BatchAppend'
      session.request({ ':method': 'POST', ':path': method, 'content-type': 'application/grpc' })
      session.ping(() => console.log('open'))`
    const deaf = spawn(process.execPath, ['-e', script, `http://${host}`])
    await once(deaf.stdout, 'data')
    deaf.kill('SIGSTOP')

    const client = EventStoreDBClient.connectionString(line.slice('ready '.length))
    let [stopping, appended] = [false, 0]
    const flood = async (stream: string): Promise<void> => {
      while (!stopping) {
        await client.appendToStream(stream, jsonEvent({ type: 'Said', data: {} }))
        if (++appended === 1000) child.kill('SIGTERM')
      }
    }
    const exit = once(child, 'exit').finally(() => (stopping = true))
    const floods = await Promise.allSettled(Array.from({ length: 100 }, (_, n) => flood(`s-${n}`)))
    expect(await exit).toEqual([0, null])
    expect(floods.map(({ status }) => status)).toEqual(Array(100).fill('rejected'))
    for (const socket of [silent, kept]) socket.destroy()
    deaf.kill('SIGKILL')
    await client.dispose()
  })
})

describe('a child process', () => {
  it('speaks TLS and knows users, where it is told to', async () => {
    const dir = await folder()
    const usersFile = join(dir, 'users.json')
    await writeFile(usersFile, '{"admin":"changeit"}', { mode: 0o600 })
    const store = await startEventStoreProcess({ dir: join(dir, 'data'), usersFile, ...ENCRYPTED })
    expect(store.url).toMatch(/^esdb:\/\/localhost:\d+\?tls=true$/)
    for (const [credentials, outcome] of [
      ['admin:changeit', 'fulfilled'],
      ['admin:wrong', 'rejected'],
    ]) {
      const client = EventStoreDBClient.connectionString(trusting(store.url, credentials))
      const [append] = await Promise.allSettled([client.appendToStream('s', jsonEvent({ type: 'Said', data: {} }))])
      expect(append.status).toBe(outcome)
      await client.dispose()
    }
    await store.close()
  })

  it('tells when it dies unasked, and not when it is closed', async () => {
    const dir = await folder()
    const reasons: string[] = []
    let died = (): void => undefined
    const death = new Promise<void>(resolve => (died = resolve))
    const onExit = (reason: string): void => {
      reasons.push(reason)
      died()
    }
    const first = await startEventStoreProcess({ dir, onExit })
    process.kill(first.pid, 'SIGKILL')
    await death
    expect(reasons).toEqual([`the embedded store (process ${first.pid}) ended: signal SIGKILL`])
    const second = await startEventStoreProcess({ dir, onExit })
    await second.close()
    expect(reasons).toHaveLength(1)
  })

  it('says why it does not start', async () => {
    const started = startEventStoreProcess({ dir: '/dev/null/no-such-folder', log: () => undefined })
    await expect(started).rejects.toThrow(
      /did not start \(exit code 1\): embedded store: .*\/dev\/null\/no-such-folder/,
    )
  })

  it('says what to do where the index is damaged, and starts when that is done', async () => {
    const dir = await folder()
    await (await startEventStoreProcess({ dir })).close()
    await writeFile(join(dir, 'index', 'data.mdb'), Buffer.alloc(8192, 7))
    await expect(startEventStoreProcess({ dir })).rejects.toThrow(`Remove ${dir}/index: it is made anew from the log`)
    await rm(join(dir, 'index'), { recursive: true })
    await (await startEventStoreProcess({ dir })).close()
  })

  it('does not outlive a parent that is killed', async () => {
    const script = `
      import { startEventStoreProcess } from '${DIST}/index.js'
      const store = await startEventStoreProcess({ dir: process.argv[1] })
      console.log(store.url)`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script, await folder()])
    const [url] = (await once(createInterface(parent.stdout), 'line')) as [string]
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
      .on('error', () => undefined)
      .resume()
    await once(socket, 'connect')
    const closed = new Promise(resolve => socket.once('close', resolve)) // reset or ended, it is over
    parent.kill('SIGKILL')
    await closed // by the node, which has stopped
  })
})
