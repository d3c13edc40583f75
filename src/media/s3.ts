// The media store in an S3 bucket (or anything that speaks its protocol): objects `<prefix>/<name>`.
import {
  DeleteObjectCommand,
  GetObjectCommand,
  paginateListObjectsV2,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import type { Readable } from 'node:stream'
import { attempt, reading, type BlobStore } from './store.ts'

/** How long the bucket may take to take a connection, and to send the next bytes (milliseconds). */
const patience = { connectionTimeout: 3_000, requestTimeout: 20_000 }

/**
 * `s3://bucket/prefix?region=…&endpoint=…`; credentials and whatever else is not said come from where the AWS SDK looks
 * (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, profiles, the machine's role). With an endpoint of one's own the
 * bucket is in the path. Objects are put in one request, which happens whole or not at all: no parts are left behind.
 */
export function s3Store(url: URL): BlobStore & { close(): Promise<void> } {
  const bucket = url.hostname
  const prefix = url.pathname.replace(/^\/+|\/+$/g, '')
  const endpoint = url.searchParams.get('endpoint')
  const region = url.searchParams.get('region') ?? process.env['AWS_REGION'] ?? (endpoint ? 'us-east-1' : undefined)
  const client = new S3Client({
    ...(region === undefined ? {} : { region }),
    ...(endpoint === null ? {} : { endpoint, forcePathStyle: true }),
    // checksums that every S3-compatible store knows: those that S3 has had from the start, inside the signature
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: patience,
    maxAttempts: 3,
  })
  const at = (name: string) => ({ Bucket: bucket, Key: prefix === '' ? name : `${prefix}/${name}` })
  const within = `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`

  return {
    put: (name, bytes) =>
      attempt(`writing ${name} to ${within}`, async () => {
        await client.send(new PutObjectCommand({ ...at(name), Body: bytes, ContentLength: bytes.length }))
      }),

    get: name =>
      attempt(`reading ${name} of ${within}`, async () => {
        try {
          const { Body, ContentLength } = await client.send(new GetObjectCommand(at(name)))
          return { size: ContentLength!, bytes: reading(`reading ${name} of ${within}`, Body as Readable) }
        } catch (error) {
          if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404 && isKey(error))
            return undefined
          throw error
        }
      }),

    names: start =>
      attempt(`listing ${within}`, async () => {
        const { Bucket, Key } = at(start)
        const names: string[] = []
        for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket, Prefix: Key }))
          for (const { Key: key } of Contents) names.push(key!.slice(prefix === '' ? 0 : prefix.length + 1))
        return names
      }),

    remove: name =>
      attempt(`removing ${name} from ${within}`, async () => {
        await client.send(new DeleteObjectCommand(at(name)))
      }),

    close: () => Promise.resolve(client.destroy()),
  }
}

/** A bucket that is missing is no answer to where an object is. */
const isKey = (error: S3ServiceException) => error.name !== 'NoSuchBucket'
