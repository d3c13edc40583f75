// A server that speaks S3's protocol, on a folder of its own: `@20minutes/s3rver`, with the credentials it accepts.
import S3rver from '@20minutes/s3rver'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const credentials = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER', AWS_REGION: 'eu-central-1' }

/** `url` is a MEDIA_URL: the bucket `pictures`, below `verbatim/media`. `folder` has what was put. */
export async function startS3(port = 0) {
  const folder = await mkdtemp(join(tmpdir(), 'verbatim-s3-'))
  const options = {
    address: '127.0.0.1',
    silent: true,
    directory: folder,
    configureBuckets: [{ name: 'pictures' }],
    // it reckons the signature of a listing without the last slash of `/pictures/`, which is signed; all others are right
    allowMismatchedSignatures: true,
  }
  let server = new S3rver({ ...options, port })
  const { port: chosen } = await server.run()
  return {
    url: new URL(`s3://pictures/verbatim/media?endpoint=${encodeURIComponent(`http://127.0.0.1:${chosen}`)}`),
    folder,
    stop: () => server.close(),
    async startAgain() {
      server = new S3rver({ ...options, port: chosen })
      await server.run()
    },
    async close() {
      await server.close().catch(() => undefined)
      await rm(folder, { recursive: true, force: true })
    },
  }
}
