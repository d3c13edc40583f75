// What npm and the machine may have left undone or closed: links, modes, folders that only root may enter.
import { chmod, lstat, mkdir, readFile, readlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { mendLinks } from '../../src/postgres/binaries.ts'
import { keepBounded } from '../../src/postgres/log-file.ts'
import { query, start, temporaryFolder } from './support.ts'

describe('links that an install without scripts left out', () => {
  async function unlinkedPackage(): Promise<string> {
    const root = await temporaryFolder()
    await mkdir(join(root, 'native/lib'), { recursive: true })
    await writeFile(join(root, 'native/lib/libpq.so.5.18'), 'library')
    const links = ['native/lib/libpq.so', 'native/lib/libpq.so.5'].map(target => ({
      source: 'native/lib/libpq.so.5.18',
      target,
    }))
    await writeFile(join(root, 'native/pg-symlinks.json'), JSON.stringify(links))
    return root
  }

  test('are made, also by two at once, and left alone when there', async () => {
    const root = await unlinkedPackage()
    await Promise.all([mendLinks(root, 'some-package'), mendLinks(root, 'some-package')])
    expect(await readlink(join(root, 'native/lib/libpq.so'))).toBe('libpq.so.5.18')
    expect(await readFile(join(root, 'native/lib/libpq.so.5'), 'utf8')).toBe('library')
    const { ctimeMs } = await lstat(join(root, 'native/lib/libpq.so'))
    await mendLinks(root, 'some-package')
    expect((await lstat(join(root, 'native/lib/libpq.so'))).ctimeMs).toBe(ctimeMs)
  })

  test('and cannot be made: the error names the command to run', async () => {
    const root = await unlinkedPackage()
    const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/gone/libpq.so' }]
    await writeFile(join(root, 'native/pg-symlinks.json'), JSON.stringify(links))
    await expect(mendLinks(root, 'some-package')).rejects.toThrow(/run `npm rebuild some-package`/)
  })
})

describe.runIf(process.getuid?.() === 0 && process.platform === 'linux')(
  'started by root, the server is another user',
  () => {
    async function serverIn(mode: number): Promise<{ user: string; privileges: bigint }> {
      const parent = await temporaryFolder()
      await chmod(parent, mode)
      const { url, pid } = await start({ dir: join(parent, 'data') })
      expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }])
      const status = await readFile(`/proc/${pid}/status`, 'utf8')
      const field = (name: string): string => new RegExp(`^${name}:\\s*(\\w+)`, 'm').exec(status)?.[1] ?? ''
      return { user: field('Uid'), privileges: BigInt(`0x${field('CapEff')}`) }
    }

    test('who may walk through closed folders when the data is in one, and nothing else', async () => {
      const { user, privileges } = await serverIn(0o700)
      expect(user).toBe('65534')
      // DAC_READ_SEARCH; DAC_OVERRIDE where a container has not got that
      expect([1n << 2n, 1n << 1n]).toContain(privileges)
    })

    test.skipIf(import.meta.dirname.startsWith('/root/'))('without any privilege when all is open', async () => {
      expect(await serverIn(0o755)).toEqual({ user: '65534', privileges: 0n })
    })
  },
)

test('postgres.log starts over when it is too large, and keeps one file before it', async () => {
  const path = join(await temporaryFolder(), 'postgres.log')
  await writeFile(path, 'old lines\n')
  await keepBounded(path, 100)
  expect(await readFile(path, 'utf8')).toBe('old lines\n')
  await keepBounded(path, 5)
  expect(await readFile(path, 'utf8')).toBe('')
  expect(await readFile(`${path}.1`, 'utf8')).toBe('old lines\n')
})
