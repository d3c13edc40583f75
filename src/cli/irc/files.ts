// The log files: looked at all before anything is sent, read one at a time afterwards.
import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { Complaint } from '../complain.ts'
import type { LogFile } from './plan.ts'

export interface FoundFile {
  readonly path: string
  readonly source: string
  readonly date: string
  readonly lines: number
}

export interface ReadLog extends LogFile {
  /** How many lines were no UTF-8 and are read as Latin-1: every byte is a character there. */
  readonly latin1: number
}

const DATE = /(\d{4})-?(\d\d)-?(\d\d)/

/** In the order of their dates. Throws a Complaint that names the first file with which something is wrong. */
export async function findLogs(paths: readonly string[]): Promise<FoundFile[]> {
  const found: FoundFile[] = []
  const names = new Map<string, string>()
  for (const path of paths) {
    const source = basename(path)
    const twin = names.get(source)
    if (twin !== undefined)
      throw new Complaint(
        `${twin} and ${path} have the same name, by which a file's lines are known when it is imported again: rename one`,
      )
    names.set(source, path)
    const date = dateOf(source)
    if (date === undefined)
      throw new Complaint(
        `${path}: the name has no date, and a log's lines have only times: call it e.g. 2024-02-29.txt`,
      )
    found.push({ path, source, date, lines: linesOf(await bytesOf(path)).length })
  }
  return found.sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : a.source < b.source ? -1 : 1))
}

export async function readLog({ path, source, date }: FoundFile): Promise<ReadLog> {
  let latin1 = 0
  const lines = linesOf(await bytesOf(path)).map(bytes => {
    try {
      return utf8.decode(bytes)
    } catch {
      latin1++
      return bytes.toString('latin1')
    }
  })
  return { source, date, lines, latin1 }
}

// a byte order mark within a line is what somebody typed
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

async function bytesOf(path: string): Promise<Buffer> {
  try {
    if ((await stat(path)).isDirectory()) throw new Complaint(`${path} is a directory: name the files in it`)
    const bytes = await readFile(path)
    if (bytes.length === 0) throw new Complaint(`${path} is empty`)
    if (bytes.includes(0)) throw new Complaint(`${path} is binary: a log is text, a line a line`)
    return bytes
  } catch (thrown) {
    if (thrown instanceof Complaint) throw thrown
    const { code } = thrown as NodeJS.ErrnoException
    throw new Complaint(
      code === 'ENOENT' ? `${path} does not exist` : `${path} cannot be read: ${(thrown as Error).message}`,
    )
  }
}

function dateOf(name: string): string | undefined {
  const [, year, month, day] = DATE.exec(name) ?? []
  const date = `${year}-${month}-${day}`
  const time = Date.parse(`${date}T00:00:00.000Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(date) ? date : undefined
}

const LF = 10
const CR = 13

/** Lines end with LF or CRLF; the last one need not. A mark at the start of the file is not part of its first line. */
export function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  let from = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  while (from < bytes.length) {
    const newline = bytes.indexOf(LF, from)
    const to = newline < 0 ? bytes.length : newline
    lines.push(bytes.subarray(from, bytes[to - 1] === CR && to > from ? to - 1 : to))
    from = to + 1
  }
  return lines
}
