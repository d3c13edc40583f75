// The commands that look after a data folder, beside its node or without one: check and backup. One line each, exit code 0
// or 1.
import { parseArgs } from 'node:util'
import { backupDataFolder } from './storage/disk/backup.ts'
import { checkDataFolder } from './storage/disk/check.ts'
import type { LogReport } from './storage/disk/check.ts'

/** `--dir FOLDER`. Throws an Error that says what is wrong, with the arguments or the folder. */
export const checkCommand = async (argv: readonly string[]): Promise<string> => {
  const { dir } = folders(argv, ['dir'])
  return reportOf(await checkDataFolder(dir))
}

/** `--dir FOLDER --to FOLDER`. */
export const backupCommand = (argv: readonly string[]): string => {
  const { dir, to } = folders(argv, ['dir', 'to'])
  const { events, bytes, end } = backupDataFolder(dir, to)
  return `${count(events, 'event')} (${count(bytes, 'byte')}) copied to ${to}, which has the log up to position ${end}`
}

const folders = <Name extends string>(argv: readonly string[], names: readonly Name[]): Record<Name, string> => {
  const options = Object.fromEntries(names.map(name => [name, { type: 'string' as const }]))
  const { values } = parseArgs({ args: [...argv], options })
  const missing = names.find(name => !values[name])
  if (missing !== undefined) throw new Error(`--${missing} FOLDER is missing`)
  return values as Record<Name, string>
}

const reportOf = ({ files, events, streams, end, torn, indexedTo }: LogReport): string => {
  const index =
    indexedTo === undefined
      ? 'no index, the next start makes one'
      : indexedTo === end
        ? 'index complete'
        : `index up to ${indexedTo}`
  const unfinished = torn > 0 ? `; ${count(torn, 'byte')} behind it of a write cut off or under way` : ''
  return `ok: ${count(events, 'event')} in ${count(streams, 'stream')}, ${count(files, 'file')}, log up to position ${end}${unfinished}; ${index}`
}

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`
