// What a node is started with, and the one line that says why it is not.
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { chmod, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startEventStore } from '../../src/embedded/index.ts'
import { readUsersFile } from '../../src/embedded/users-file.ts'
import { ENCRYPTED, certificate, folder } from './support.ts'

const { tls } = ENCRYPTED
const users = { admin: 'changeit' }

describe('an option', () => {
  it.each<[object, string]>([
    [{}, 'A node needs either a dir to keep events in or inMemory'],
    [{ inMemory: false }, 'A node needs either a dir'],
    [{ inMemory: true, dir: 'data' }, 'A node needs either a dir'],
    [{ dir: '' }, "The option dir must be the path of a folder, and is ''"],
    [{ dir: 7 }, 'The option dir must be the path of a folder, and is 7'],
    [{ dir: certificate('ca.pem') }, 'ca.pem is none'],
    [{ inMemory: 'yes' }, "The option inMemory must be true or false, and is 'yes'"],
    [{ port: 70_000 }, 'The option port must be a port, from 0 to 65535, and is 70000'],
    [{ port: '2113' }, "The option port must be a port, from 0 to 65535, and is '2113'"],
    [{ port: NaN }, 'and is NaN'],
    [{ host: '' }, 'The option host must be a name or an IP address'],
    [{ advertise: 'store' }, "The option advertise must be an address of the form host:port, and is 'store'"],
    [{ advertise: '::1:2113' }, 'The option advertise must be an address'],
    [{ tls: { certificate: 'c.pem' } }, 'The option tls must be the paths of two PEM files, { certificate, key }'],
    [{ tls: { ...tls, ca: 'ca.pem' } }, 'The option tls must be the paths of two PEM files'],
    [{ tls: true }, 'The option tls must be the paths of two PEM files'],
    [{ inMemory: true, users }, 'The option users needs tls: without it clients send no names and passwords'],
    [{ tls, users: {} }, 'The option users names nobody'],
    [{ tls, users: ['admin'] }, 'The option users must be names and their passwords'],
    [{ tls, users: { 'a:b': 'x' } }, "The option users has the name 'a:b'; a name is not empty and has no colon"],
    [{ tls, users: { '': 'x' } }, "The option users has the name ''"],
    [{ tls, users: { admin: '' } }, "The option users gives 'admin' no password"],
    [{ tls, users: { admin: 7 } }, "The option users gives 'admin' no password"],
    [{ log: 'console' }, 'The option log must be a function'],
    [{ onFatal: 1 }, 'The option onFatal must be a function'],
    [{ folder: 'data' }, 'There is no option folder, only dir, inMemory, host, port'],
    [{ constructor: 1 }, 'There is no option constructor'],
  ])('of %j is refused', async (options, reason) => {
    await expect(startEventStore(options)).rejects.toThrow(reason)
  })

  it('that holds a key instead of its path is not repeated', async () => {
    const key = await readFile(tls.key, 'utf8')
    const started = startEventStore({ inMemory: true, tls: { certificate: tls.certificate, key } })
    await expect(started).rejects.toThrow(/^The option tls must be the paths of two PEM files, \{ certificate, key \}$/)
  })

  it('left undefined is left out', async () => {
    const store = await startEventStore({ dir: undefined, tls: undefined, inMemory: true } as object)
    expect(store.url).toMatch(/tls=false$/)
    await store.close()
  })
})

describe('a certificate', () => {
  const refused = async (files: { certificate?: string; key?: string }) => {
    const dir = await folder()
    const started = startEventStore({ dir: join(dir, 'data'), tls: { ...tls, ...files } })
    const reason = await started.then(
      () => undefined,
      (error: Error) => error.message,
    )
    expect(await readdir(dir)).toEqual([]) // nothing was opened before
    expect(reason).not.toContain('\n')
    return reason
  }
  const written = async (content: string) => {
    const path = join(await folder(), 'file.pem')
    await writeFile(path, content)
    return path
  }

  it('that is not there is refused', async () => {
    expect(await refused({ certificate: 'no.pem' })).toMatch(/^The certificate cannot be read: ENOENT.*no\.pem/)
    expect(await refused({ key: 'no.key' })).toMatch(/^The private key cannot be read: ENOENT.*no\.key/)
  })

  it('that is none is refused', async () => {
    expect(await refused({ certificate: tls.key })).toContain('server.key is not a certificate in PEM')
    expect(await refused({ key: tls.certificate })).toContain('server.pem is not a private key in PEM')
  })

  it('is refused with the key of another', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const key = await written(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
    expect(await refused({ key })).toBe(
      `The private key in ${key} is not that of the certificate in ${tls.certificate}`,
    )
  })

  it('is refused with a key that is encrypted', async () => {
    const plain = createPrivateKey(await readFile(tls.key))
    for (const type of ['pkcs8', 'sec1'] as const) {
      const pem = plain.export({ type, format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' })
      const key = await written(pem.toString())
      expect(await refused({ key })).toBe(`The private key in ${key} is encrypted: decrypt it first`)
    }
  })

  it('is refused before and after its time', async () => {
    expect(await refused({ certificate: certificate('expired.pem') })).toMatch(
      /has expired: it was valid until Jan .* 2021/,
    )
    expect(await refused({ certificate: certificate('early.pem') })).toMatch(/is not valid yet, only from Jan .* 2119/)
  })

  it('may have that of its authority behind it', async () => {
    const chain = await written(
      (await readFile(tls.certificate, 'utf8')) + (await readFile(certificate('ca.pem'), 'utf8')),
    )
    const store = await startEventStore({ inMemory: true, tls: { ...tls, certificate: chain } })
    expect(store.url).toBe(`esdb://127.0.0.1:${store.port}?tls=true`)
    await store.close()
  })
})

describe('a file of users', () => {
  const reading = async (content: string, mode = 0o600) => {
    const path = join(await folder(), 'users.json')
    await writeFile(path, content, { mode })
    await chmod(path, mode)
    const warnings: string[] = []
    return { path, warnings, read: () => readUsersFile(path, line => warnings.push(line)) }
  }

  it('holds names and passwords', async () => {
    const { read, warnings } = await reading(JSON.stringify(users))
    expect(read()).toEqual(users)
    expect(warnings).toEqual([])
  })

  it('that everybody can read is used, with a warning', async () => {
    const { read, warnings, path } = await reading(JSON.stringify(users), 0o644)
    expect(read()).toEqual(users)
    expect(warnings).toEqual([
      `embedded store: every user of this machine can read the passwords in ${path}: chmod 600 would stop that`,
    ])
  })

  it('that cannot be used is refused, and its content not repeated', async () => {
    expect(() => readUsersFile('no.json', () => undefined)).toThrow(/^The users file cannot be read: ENOENT.*no\.json/)
    const broken = await reading('{"admin": "changeit"')
    expect(broken.read).toThrow(new Error(`The users file ${broken.path} is not JSON`))
    const empty = await reading('{}')
    expect(empty.read).toThrow(`The users file ${empty.path} names nobody`)
    const list = await reading('["changeit"]')
    expect(list.read).toThrow('must be names and their passwords, like {"admin": "changeit"}')
  })
})
