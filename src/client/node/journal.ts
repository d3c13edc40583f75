// A file of lines that only grows, until it is written anew: a line is one whole write further, or it is not there. After a kill or a
// full disk the last line may be torn; nobody was told that it is kept, and it is passed over.
import { open, readFile, rename } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'

/** The lines that can be read. Throws where it is there and is no such file. */
export async function readLines(path: string): Promise<unknown[]> {
  const text = await readFile(path, 'utf8').catch((thrown: unknown) => {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw thrown
  })
  return text.split('\n').flatMap(line => {
    try {
      return line === '' ? [] : [JSON.parse(line) as unknown]
    } catch {
      return []
    }
  })
}

export class Journal {
  readonly #path: string
  #file: FileHandle
  #length: number
  #begun: number
  /** A write has failed, and what it left has still to be cut off. */
  #torn = false

  private constructor(path: string, file: FileHandle, length: number) {
    this.#path = path
    this.#file = file
    this.#length = this.#begun = length
  }

  /** Written anew, with these lines: beside the one that is there, which it replaces when it is whole. */
  static async write(path: string, lines: readonly unknown[]): Promise<Journal> {
    const text = asText(lines)
    const file = await open(`${path}.new`, 'w', 0o600)
    try {
      await file.writeFile(text)
      await file.datasync()
      await rename(`${path}.new`, path)
      await syncFolder(dirname(path))
    } catch (thrown) {
      await file.close()
      throw thrown
    }
    return new Journal(path, file, text.length)
  }

  /** Bytes. */
  get length(): number {
    return this.#length
  }

  /** How long it was when it was written anew. */
  get begun(): number {
    return this.#begun
  }

  /** `durable`: resolves when it is on the disk. What fails leaves nothing behind that another line would follow. */
  async append(lines: readonly unknown[], durable: boolean): Promise<void> {
    const text = asText(lines)
    if (this.#torn) await this.#mend()
    try {
      await writeAll(this.#file, text, this.#length)
      if (durable) await this.#file.datasync()
      this.#length += text.length
    } catch (thrown) {
      this.#torn = true
      await this.#mend().catch(() => undefined) // before the next one, then
      throw thrown
    }
  }

  /** The same file with only these lines; the one before stays where that fails. */
  async rewrite(lines: readonly unknown[]): Promise<void> {
    const anew = await Journal.write(this.#path, lines)
    const before = this.#file
    this.#file = anew.#file
    this.#length = this.#begun = anew.#length
    this.#torn = false
    await before.close()
  }

  async #mend(): Promise<void> {
    await this.#file.truncate(this.#length)
    this.#torn = false
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

const asText = (lines: readonly unknown[]): Buffer =>
  Buffer.from(lines.map(line => `${JSON.stringify(line)}\n`).join(''))

async function writeAll(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done)
    done += bytesWritten
  }
}

/** The new name outlives a power cut. Not every system lets a folder be opened. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined)
  await folder?.sync().catch(() => undefined)
  await folder?.close()
}
