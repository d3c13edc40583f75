// Images to upload, with all that has to go from them.
import sharp from 'sharp'

/** A word that stands in every piece of metadata: where it is found afterwards, something was left in. */
export const telltale = 'TELLTALE'

/** Noise, so that no two images and no two of their pixels are the same. */
const noise = (width: number, height: number) =>
  sharp({
    create: { width, height, channels: 3, background: 'white', noise: { type: 'gaussian', mean: 128, sigma: 60 } },
  })

const exif = {
  IFD0: { Make: telltale, ImageDescription: telltale },
  IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '52/1 31/1 12/1', GPSAreaInformation: telltale },
}
const xmp = `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><a>${telltale}</a></x:xmpmeta><?xpacket end="w"?>`

type Format = 'png' | 'jpeg' | 'webp'

/** As a camera makes it: where and with what it was taken, which way up, and whatever else. */
export async function photo(format: Format, width = 120, height = 80, orientation = 1): Promise<Buffer> {
  const image = noise(width, height).withExif(exif).withXmp(xmp).withMetadata({ orientation, exif })
  return image.toFormat(format, { quality: 90 }).toBuffer()
}

/** Three frames, each another noise, that repeat for ever. */
export async function animation(format: 'gif' | 'webp', width = 60, height = 40): Promise<Buffer> {
  const frames = await Promise.all([1, 2, 3].map(() => noise(width, height).png().toBuffer()))
  return sharp(frames, { join: { animated: true } })
    .toFormat(format, { loop: 0, delay: [50, 60, 70] })
    .toBuffer()
}

/** All pixels of all frames, as they are drawn. */
export const pixels = (bytes: Buffer): Promise<Buffer> => sharp(bytes, { animated: true }).raw().toBuffer()
