// An upload on its way in: counted, its type told by its first bytes, and kept on disk until it is whole. Sealed there too,
// with a secret that only this process has: what a kill leaves behind is noise.
import { randomBytes, randomUUID } from 'node:crypto'
import { open, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { refuse, type ImageType, type Refusal } from '../domain/index.ts'
import { opened, sealed } from './sealing.ts'
import { attempt } from './store.ts'
import { headBytes, typeOf } from './strip/index.ts'

/** Whoever uploads is gone. */
export class UploaderGone extends Error {}

/** Thrown through the writing, which it ends. */
class Enough extends Error {
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(refusal.refused)
    this.refusal = refusal
  }
}

export interface Received {
  readonly type: ImageType
  bytes(): Promise<Buffer>
  /** To be called, whatever has come of it. */
  forget(): Promise<void>
}

const what = 'incoming'
/** Nothing is on its way in for so long (milliseconds): an upload that old is left from a process that was killed. */
const oldMs = 60 * 60 * 1000

/** Reads it all, unless it is too large or no image: then it is told at once. */
export async function receive(
  source: AsyncIterable<Buffer>,
  { folder, mostBytes }: { folder: string; mostBytes: number },
): Promise<Received | Refusal> {
  const path = join(folder, randomUUID())
  const secret = randomBytes(32)
  let size = 0
  let head = Buffer.alloc(0)
  let type: ImageType | undefined

  async function* checked() {
    for await (const chunk of arriving(source)) {
      size += chunk.length
      if (size > mostBytes) throw new Enough(tooLarge(mostBytes))
      if (head.length < headBytes) {
        head = Buffer.concat([head, chunk.subarray(0, headBytes)])
        type = typeOf(head)
        if (head.length >= headBytes && type === undefined) throw new Enough(noImage)
      }
      yield chunk
    }
    if (type === undefined) throw new Enough(noImage)
  }

  const forget = () => rm(path, { force: true })
  try {
    await attempt('keeping an upload', () =>
      writeFile(path, sealed(checked(), secret, what), { flag: 'wx', mode: 0o600 }),
    )
  } catch (error) {
    await forget()
    const { cause } = error as Error
    if (cause instanceof Enough) return cause.refusal
    throw cause instanceof UploaderGone ? cause : error
  }
  const bytes = () =>
    attempt('reading an upload', async () => {
      const parts: Buffer[] = []
      const file = await open(path)
      for await (const part of opened(file.createReadStream() as AsyncIterable<Buffer>, secret, what)) parts.push(part)
      return Buffer.concat(parts, size)
    })
  return { type: type!, bytes, forget }
}

export const tooLarge = (most: number): Refusal => refuse('too-large', `an image has at most ${most} bytes`)
const noImage = refuse(
  'wrong-type',
  'this is no PNG, JPEG, GIF or WebP, by its first bytes; the body is the image itself (curl --data-binary @image.jpg)',
)

async function* arriving(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* source
  } catch (cause) {
    throw new UploaderGone('whoever uploads is gone', { cause })
  }
}

/** Removes what killed processes have left. */
export async function sweepIncoming(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const left = await stat(path).catch(() => undefined) // it may have been moved where it belongs meanwhile
    if (left && Date.now() - left.mtimeMs > oldMs) await rm(path, { force: true })
  }
}
