// `verbatim/client/node`: what a client keeps in a file. Survives kill -9 at any point.
import { mkdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { ClientStorage, KeptFrame, KeptPlace } from '../storage/storage.ts'
import { Journal, readLines } from './journal.ts'
import { lock } from './lock.ts'

/** What is one line of it. */
type Line = { put: KeptFrame } | { remove: string } | { place: KeptPlace }

interface Waiting {
  readonly lines: Line[]
  readonly settle: ((failed?: unknown) => void)[]
}

/** How long a cursor may wait to be written (milliseconds); from which length on, once it has doubled, it is written anew. */
const cursorMs = 100
const mostBytes = 256 * 1024

/** Opens the file, or makes it and its folder. Throws where another process has it. */
export async function fileStorage(path: string): Promise<ClientStorage> {
  const at = resolve(path)
  await mkdir(dirname(at), { recursive: true })
  const release = await lock(at)
  try {
    const kept = readKept(await readLines(at))
    return new FileStorage(await Journal.write(at, linesOf(kept)), kept, release)
  } catch (thrown) {
    await release()
    throw thrown
  }
}

interface Kept {
  readonly frames: Map<string, KeptFrame>
  place: KeptPlace
}

function readKept(lines: readonly unknown[]): Kept {
  const kept: Kept = { frames: new Map(), place: {} }
  for (const line of lines as Line[]) {
    if ('put' in line) kept.frames.set(line.put.id, line.put)
    else if ('remove' in line) kept.frames.delete(line.remove)
    else if ('place' in line) kept.place = { ...kept.place, ...line.place }
  }
  return kept
}

const linesOf = ({ frames, place }: Kept): Line[] => [{ place }, ...[...frames.values()].map(put => ({ put }))]

class FileStorage implements ClientStorage {
  readonly frames: readonly KeptFrame[]
  readonly place: KeptPlace
  readonly #journal: Journal
  readonly #kept: Kept
  readonly #release: () => Promise<void>
  #waiting: Waiting = { lines: [], settle: [] }
  #writing: Promise<void> | undefined
  #late: ReturnType<typeof setTimeout> | undefined
  #closed = false

  constructor(journal: Journal, kept: Kept, release: () => Promise<void>) {
    this.#journal = journal
    this.#kept = kept
    this.#release = release
    this.frames = [...kept.frames.values()]
    this.place = kept.place
  }

  put(frame: KeptFrame): Promise<void> {
    if (this.#closed) return Promise.reject(new Error('the storage is closed'))
    return new Promise((kept, failed) => {
      this.#waiting.lines.push({ put: frame })
      this.#waiting.settle.push(why => {
        if (why !== undefined) return failed(why)
        kept()
      })
      this.#write()
    })
  }

  remove(id: string): void {
    this.#waiting.lines.push({ remove: id })
    this.#soon()
  }

  keep(place: KeptPlace): void {
    const last = this.#waiting.lines.at(-1)
    if (last && 'place' in last)
      this.#waiting.lines[this.#waiting.lines.length - 1] = { place: { ...last.place, ...place } }
    else this.#waiting.lines.push({ place })
    this.#soon()
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#late)
    this.#write()
    while (this.#writing) await this.#writing
    await this.#journal.close()
    await this.#release()
  }

  /** What need not be there at once goes with what does, or a little later. */
  #soon(): void {
    if (this.#closed) return
    this.#late ??= setTimeout(() => this.#write(), cursorMs)
  }

  /** All that waits in one write; what comes meanwhile in the next. */
  #write(): void {
    if (this.#writing || this.#waiting.lines.length === 0) return
    clearTimeout(this.#late)
    this.#late = undefined
    const { lines, settle } = this.#waiting
    this.#waiting = { lines: [], settle: [] }
    this.#writing = this.#append(lines, settle.length > 0)
      .then(
        () => settle.forEach(done => done()),
        (thrown: unknown) => settle.forEach(done => done(thrown)),
      )
      .then(() => {
        this.#writing = undefined
        this.#write()
      })
  }

  async #append(lines: readonly Line[], durable: boolean): Promise<void> {
    await this.#journal.append(lines, durable)
    const { frames, place } = readKept(lines)
    for (const line of lines) if ('remove' in line) this.#kept.frames.delete(line.remove)
    for (const [id, frame] of frames) this.#kept.frames.set(id, frame)
    this.#kept.place = { ...this.#kept.place, ...place }
    if (this.#journal.length <= Math.max(mostBytes, 2 * this.#journal.begun)) return
    await this.#journal.rewrite(linesOf(this.#kept)).catch(() => undefined) // it stays as long as it is
  }
}
