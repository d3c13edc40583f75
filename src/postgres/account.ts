// As whom PostgreSQL runs. It refuses root, so root starts it as the owner of the data folder, else as `nobody`.
//
// That user may not get through to the programs or the data: a clone in /root (mode 0700) is closed to `nobody`. Then
// the server keeps one privilege of root, to read and walk through what is closed (DAC_READ_SEARCH; where a container
// lacks it, as in Docker, DAC_OVERRIDE, which is also to write), handed over by setpriv(1) of util-linux. PostgreSQL
// asks access(2) about its own programs, which ignores privileges of other users than root unless NO_SETUID_FIXUP is
// set. Considered instead: copying the programs to /tmp (40 MB, may be mounted noexec, swept by systemd after ten days
// while the server runs; the data stays out of reach), opening the folders to everyone (not ours to open), a mount
// namespace (not allowed in containers).
import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import type { Binaries } from './binaries.ts'

export interface Account {
  /** The other user, when this process is root. */
  other?: { uid: number; gid: number }
  /** What goes before a command so that it gets through closed folders; mostly nothing. */
  prefix: string[]
}

const NOBODY = { uid: 65534, gid: 65534 }
/** What a server or initdb sees of our environment: no keys, no secrets, nothing that steers its loader. */
export const ENVIRONMENT = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

/** For a data folder `dir` in which `cluster` is made, or has been. */
export function chooseAccount(dir: string, cluster: string, binaries: Binaries): Account {
  const made = statSync(cluster, { throwIfNoEntry: false })
  if (process.getuid?.() !== 0) return ourselves(cluster, made?.uid)
  if (process.platform !== 'linux')
    throw new Error('PostgreSQL does not run as root: start as an ordinary user, or set DATABASE_URL')
  const { uid, gid } = made ?? statSync(dir)
  const other = uid === 0 ? NOBODY : { uid, gid }
  const plain: Account = { other, prefix: [] }
  const trouble = probe(plain, dir, binaries)
  if (trouble === undefined) return plain
  const through: Account = { other, prefix: setpriv(other, effectiveCapabilities()) }
  const worse = probe(through, dir, binaries)
  if (worse === undefined) return through
  throw new Error(
    `PostgreSQL does not run as root, and as user id ${other.uid} it does not get to ${dir} and ${binaries.postgres} ` +
      `(${trouble}), not even by setpriv (${worse}). Any of these helps: start as an ordinary user; ` +
      'move the installation and the data out of closed folders such as /root; install setpriv (package util-linux); set DATABASE_URL',
  )
}

function ourselves(cluster: string, owner: number | undefined): Account {
  const uid = process.getuid?.()
  if (owner === undefined && !hasName())
    throw new Error(
      `user id ${uid} has no line in /etc/passwd, without which PostgreSQL makes no data folder: ` +
        'start as a user that has one, or set DATABASE_URL',
    )
  if (owner !== undefined && owner !== uid)
    throw new Error(
      `${cluster} belongs to user id ${owner} and this is ${uid}: start as that user, ` +
        `or give the folder to this one (chown -R ${uid} ${cluster})`,
    )
  return { prefix: [] }
}

function hasName(): boolean {
  try {
    return userInfo().username !== ''
  } catch {
    return false
  }
}

/**
 * Tries what matters: walk into the folder, run the program with its libraries. Answers what went wrong, if anything.
 */
function probe({ other, prefix }: Account, dir: string, { postgres }: Binaries): string | undefined {
  const [command = 'sh', ...args] = [...prefix, 'sh', '-c', 'cd "$1" && exec "$2" --version', 'sh', dir, postgres]
  const identity = prefix.length === 0 && other ? other : {}
  const { error, status, stderr } = spawnSync(command, args, {
    ...identity,
    cwd: '/',
    env: ENVIRONMENT,
    encoding: 'utf8',
  })
  if (error) return error.message
  return status === 0 && !stderr.includes('invalid binary') ? undefined : stderr.trim() || `exit code ${status}`
}

/** @param effective the CapEff line of /proc/self/status, in hexadecimal */
export function setpriv({ uid, gid }: { uid: number; gid: number }, effective: string): string[] {
  const capability = (BigInt(`0x${effective}`) >> 2n) & 1n ? 'dac_read_search' : 'dac_override' // bit 2 of capability.h
  const who = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups']
  return [
    'setpriv',
    ...who,
    '--securebits=+no_setuid_fixup',
    `--inh-caps=+${capability}`,
    `--ambient-caps=+${capability}`,
  ]
}

function effectiveCapabilities(): string {
  return /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
}
