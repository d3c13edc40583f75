// postgres.log: where the server writes, kept to a bounded size, and read back when a start fails.
import { copyFile, open, readFile, rename, stat, truncate } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'

/** Two files of this size at most: the present one and the one before it, postgres.log.1. */
const MOST_BYTES = 8 * 1024 * 1024
const LOOK_EVERY_MS = 60_000

export interface LogFile {
  /** To be given to a child process as its output. Appends, so that the file may be cut short while it is written. */
  fd: number
  /** The last lines written since `from` (a size that was `size()` before). */
  tail(from: number): Promise<string>
  size(): Promise<number>
  close: () => Promise<void>
}

export async function openLogFile(path: string, owner?: { uid: number; gid: number }): Promise<LogFile> {
  if ((await sizeOf(path)) > MOST_BYTES) await rename(path, `${path}.1`)
  const file: FileHandle = await open(path, 'a', 0o600)
  if (owner) await file.chown(owner.uid, owner.gid)
  const timer = setInterval(() => void keepBounded(path, MOST_BYTES).catch(() => {}), LOOK_EVERY_MS).unref()
  return {
    fd: file.fd,
    size: () => sizeOf(path),
    tail: async from => lastLines((await readFile(path)).subarray(from).toString('utf8')),
    close: () => {
      clearInterval(timer)
      return file.close()
    },
  }
}

/** Moves what is there to PATH.1 when it is more than `most` bytes. Lines written in that instant may be lost. */
export async function keepBounded(path: string, most: number): Promise<void> {
  if ((await sizeOf(path)) <= most) return
  await copyFile(path, `${path}.1`)
  await truncate(path)
}

export function lastLines(text: string, count = 12): string {
  return text.trimEnd().split('\n').slice(-count).join('\n')
}

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  )
