// Images without what is not needed to show them.
import fc from 'fast-check'
import sharp, { type Metadata } from 'sharp'
import { describe, expect, it } from 'vitest'
import { cleaned } from '../../src/media/images.ts'
import { strip, typeOf } from '../../src/media/strip/index.ts'
import { animation, photo, pixels, telltale } from '../support/images.ts'

const jpeg = await photo('jpeg')
const samples = {
  png: await photo('png'),
  jpeg,
  webp: await photo('webp'),
  gif: await animation('gif'),
  'animated webp': await animation('webp'),
  'progressive jpeg': await sharp(jpeg).jpeg({ progressive: true }).keepExif().toBuffer(),
  'grey png': await sharp(samplePng()).greyscale().png({ palette: true }).toBuffer(),
  'interlaced png': await sharp(samplePng()).png({ progressive: true }).toBuffer(),
  'lossless webp': await sharp(samplePng()).webp({ lossless: true }).withXmp(telltale).toBuffer(),
}
function samplePng() {
  return Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR4nGP8z8DAwMDAxMDAwMDAAAANHQEDasKb6QAAAABJRU5ErkJggg==',
    'base64',
  )
}
const each = Object.entries(samples)

describe('the type of an image', () => {
  it('[V1] is told by how it begins', () => {
    const types = each.map(([name, bytes]) => [name.split(' ').at(-1), typeOf(bytes)])
    for (const [name, type] of types) expect(type).toBe(`image/${name}`)
    for (const other of ['', 'GIF8', '<svg/>', 'BM', '%PDF-1.7 and more', 'RIFF1234WAVEfmt ', '\xff\xd8'])
      expect(typeOf(Buffer.from(other, 'latin1'))).toBeUndefined()
  })
})

describe('stripping', () => {
  it.each(each)('[V2] changes no pixel: %s', async (_, bytes) => {
    const stripped = strip(bytes, typeOf(bytes)!)!
    expect(await pixels(stripped)).toEqual(await pixels(bytes))
    const [before, after] = await Promise.all([sharp(bytes).metadata(), sharp(stripped).metadata()])
    const shape = ({ pages, delay, loop, hasAlpha }: Metadata) => ({ pages, delay, loop, hasAlpha })
    expect(shape(after)).toEqual(shape(before))
  })

  it.each(each)('[V2] leaves no metadata, and nothing after the end: %s', async (_, bytes) => {
    const stripped = strip(Buffer.concat([bytes, Buffer.from(telltale)]), typeOf(bytes)!)!
    expect(stripped.includes(telltale)).toBe(false)
    const { exif, xmp, iptc, comments, orientation } = await sharp(stripped).metadata()
    expect({ exif, xmp, iptc, comments, orientation }).toEqual({})
    expect(strip(stripped, typeOf(bytes)!)).toEqual(stripped)
  })

  it('[V2] leaves out comments, thumbnails and text of every kind', () => {
    const segment = (marker: number, data: string) =>
      Buffer.concat([Buffer.from([0xff, marker, 0, data.length + 2]), Buffer.from(data, 'latin1')])
    const jfif = segment(0xe0, `JFIF\0\x01\x02\0\0\x01\0\x01\x01\x01${telltale}`)
    const more = [jfif, ...[0xe0, 0xe1, 0xe2, 0xed, 0xef, 0xfe].map(marker => segment(marker, telltale))]
    const commented = Buffer.concat([jpeg.subarray(0, 2), ...more, jpeg.subarray(2)])
    expect(strip(commented, 'image/jpeg')!.includes(telltale)).toBe(false)

    const comment = Buffer.concat([Buffer.from([0x21, 0xfe, telltale.length]), Buffer.from(telltale), Buffer.alloc(1)])
    const { gif } = samples
    const at = 13 + 3 * 2 ** ((gif[10]! & 7) + 1)
    expect(strip(Buffer.concat([gif.subarray(0, at), comment, gif.subarray(at)]), 'image/gif')).toEqual(
      strip(gif, 'image/gif'),
    )
  })

  it.each(each)('[V1] of an image that is cut anywhere is none: %s', (_, bytes) => {
    const whole = strip(bytes, typeOf(bytes)!)!
    fc.assert(
      fc.property(fc.integer({ min: 12, max: whole.length - 1 }), end => {
        expect(strip(whole.subarray(0, end), typeOf(bytes)!)).toBeUndefined()
      }),
    )
  })

  it.each(each)('ends, whatever the bytes are: %s', (_, bytes) => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 20 }), changes => {
        const changed = Buffer.from(bytes)
        for (const [at, value] of changes) changed[at] = value
        for (const type of ['image/png', 'image/jpeg', 'image/gif', 'image/webp'] as const) {
          const stripped = strip(changed, type)
          if (stripped) expect(stripped.length).toBeLessThanOrEqual(changed.length + 8)
        }
      }),
    )
  })

  it('ends soon where an image is of empty blocks', () => {
    const gif = Buffer.concat([samples.gif.subarray(0, 13), Buffer.alloc(3_000_000, Buffer.from([0x21, 0xf9, 0]))])
    gif[10] = 0
    const png = Buffer.concat([samples.png.subarray(0, 8), Buffer.alloc(3_000_000, Buffer.from('\0\0\0\0abcd0000'))])
    const head = Buffer.from('RIFF\0\0\0\0WEBP')
    head.writeUInt32LE(3_000_004, 4)
    const webp = Buffer.concat([head, Buffer.alloc(3_000_000, Buffer.from('abcd\0\0\0\0'))])
    const empty = Buffer.concat([jpeg.subarray(0, 2), Buffer.alloc(3_000_000, Buffer.from([0xff, 0xe1, 0, 2]))])
    expect(strip(gif, 'image/gif')).toBeUndefined()
    expect(strip(png, 'image/png')).toBeUndefined()
    expect(strip(webp, 'image/webp')).toBeUndefined()
    expect(strip(empty, 'image/jpeg')).toBeUndefined()
  })
})

describe('an upload', () => {
  it.each(['jpeg', 'png', 'webp'] as const)('[V2] is turned upright: %s', async format => {
    const bytes = await photo(format, 120, 80, 6)
    const image = await cleaned(bytes, `image/${format}`)
    expect(image).toMatchObject({ type: `image/${format}`, width: 80, height: 120 })
    const { bytes: turned } = image as { bytes: Buffer }
    expect(turned.includes(telltale)).toBe(false)
    const upright = await pixels(await sharp(bytes).autoOrient().png().toBuffer())
    const kept = await pixels(turned)
    const off = kept.reduce((sum, value, at) => sum + Math.abs(value - upright[at]!), 0) / kept.length
    expect(off).toBeLessThan(format === 'png' ? 0.001 : 8) // noise is the worst there is to encode
  })

  it('[V2] that is upright stays as it was, pixel by pixel', async () => {
    const image = await cleaned(jpeg, 'image/jpeg')
    expect(image).toMatchObject({ type: 'image/jpeg', width: 120, height: 80 })
    expect(await pixels((image as { bytes: Buffer }).bytes)).toEqual(await pixels(jpeg))
  })

  it('[V1] that is no whole image of its type is refused, and one that is too large to decode', async () => {
    const refused = async (bytes: Buffer, type = typeOf(bytes)!) => (await cleaned(bytes, type)) as object
    expect(await refused(jpeg.subarray(0, jpeg.length / 2))).toMatchObject({ refused: 'wrong-type' })
    expect(await refused(samples.png.subarray(0, 100))).toMatchObject({ refused: 'wrong-type' })
    expect(await refused(Buffer.from('GIF89a and no more'))).toMatchObject({ refused: 'wrong-type' })
    const broken = Buffer.from(samples.png)
    broken.fill(0x55, 1000, 1050)
    expect(await refused(broken)).toMatchObject({ refused: 'wrong-type' })
    const blank = { width: 20_000, height: 6_000, channels: 3, background: 'white' } as const
    const huge = await sharp({ create: blank, limitInputPixels: false }).png().toBuffer()
    expect(huge.length).toBeLessThan(2_000_000)
    expect(await refused(huge)).toMatchObject({ refused: 'too-large' })
  })
})
