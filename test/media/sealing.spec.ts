// Bytes sealed in pieces.
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { opened, openSize, sealed } from '../../src/media/sealing.ts'

const secret = randomBytes(32)
const gather = async (source: AsyncIterable<Buffer>) => {
  const parts: Buffer[] = []
  for await (const part of source) parts.push(part)
  return Buffer.concat(parts)
}
const seal = (bytes: Buffer, what = 'image') => gather(sealed([bytes], secret, what))
const open = (bytes: Buffer, what = 'image', key = secret) => gather(opened([bytes], key, what))
const piece = 64 * 1024

/** Cut at these places. */
function* cut(bytes: Buffer, at: readonly number[]) {
  const places = at.map(place => place % (bytes.length + 1)).sort((one, other) => one - other)
  for (const [n, from] of [0, ...places].entries()) yield bytes.subarray(from, places[n] ?? bytes.length)
}

describe('sealing in pieces', () => {
  it.each([0, 1, piece - 1, piece, piece + 1, 3 * piece, 3 * piece + 7])(
    '[V5] %d bytes open to what they were, however they come',
    async size => {
      const bytes = randomBytes(size)
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.nat(), { maxLength: 5 }),
          fc.array(fc.nat(), { maxLength: 5 }),
          async (one, other) => {
            const box = await gather(sealed(cut(bytes, one), secret, 'image'))
            expect(openSize(box.length)).toBe(size)
            expect((await gather(opened(cut(box, other), secret, 'image'))).equals(bytes)).toBe(true)
          },
        ),
        { numRuns: 10 },
      )
    },
  )

  it('[V5] is another each time, and has nothing of what was sealed in it', async () => {
    const bytes = Buffer.alloc(2 * piece, 'the same again ')
    const [one, other] = [await seal(bytes), await seal(bytes)]
    expect(one.equals(other)).toBe(false)
    expect(one.includes('the same')).toBe(false)
    expect(one.subarray(16, 16 + piece).equals(one.subarray(16 + piece + 16, 16 + 2 * piece + 16))).toBe(false)
  })

  it('[V5] does not open changed, cut, longer, with pieces moved, as another thing, or with another secret', async () => {
    const box = await seal(randomBytes(3 * piece))
    const [head, one, two, three] = [0, 1, 2, 3].map(n =>
      box.subarray(n && 16 + (n - 1) * (piece + 16), 16 + n * (piece + 16)),
    )
    const fails = (bytes: Buffer) => expect(open(bytes)).rejects.toThrow()
    for (const at of [0, 15, 16, 40_000, box.length - 1]) {
      const changed = Buffer.from(box)
      changed[at] = changed[at]! ^ 1
      await fails(changed)
    }
    await fails(Buffer.concat([head!, one!, two!]))
    await fails(Buffer.concat([head!, two!, one!, three!]))
    await fails(Buffer.concat([head!, one!, three!]))
    await fails(Buffer.concat([box, three!]))
    for (const end of [0, 10, 16, 20, 60_000, box.length - 1]) await fails(box.subarray(0, end))
    await expect(open(box, 'image 320 wide')).rejects.toThrow()
    await expect(open(box, 'image', randomBytes(32))).rejects.toThrow()
    expect((await open(box)).length).toBe(3 * piece)
  })
})
