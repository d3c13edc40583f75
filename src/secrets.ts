// Secrets that nobody gave: made once, kept in the data folder, readable by its owner alone.
import { hkdfSync, randomBytes } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The 32 bytes kept in `<dir>/<name>` as base64, made on first use. Written beside and linked into place, so that no two
 * processes make different ones and a kill leaves none half written. Throws where the file is not what was written.
 */
export async function keptSecret(dir: string, name: string): Promise<Buffer> {
  const path = join(dir, name)
  const kept = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (kept === undefined) {
    const fresh = `${path}.${process.pid}`
    await writeFile(fresh, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flush: true })
    await link(fresh, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error // another process was first: its secret counts
    })
    await rm(fresh)
    return keptSecret(dir, name)
  }
  const secret = Buffer.from(kept, 'base64')
  if (secret.length !== 32)
    throw new Error(`${path} has ${secret.length} bytes of base64; 32 are needed: put the kept file back`)
  return secret
}

/** What gateways and command processes know each other by: follows from a secret that they share, and does not tell it. */
export const boxKey = (secret: string | Buffer): string =>
  Buffer.from(hkdfSync('sha256', secret, '', 'verbatim boxes', 32)).toString('hex')
