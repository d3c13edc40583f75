// An image from a file, as the body of a message.
import { readFile } from 'node:fs/promises'
import type { Body, Client } from '../../client/index.ts'

/** `line` is the whole of it: `/image a photo.jpg`. */
export async function imageBody(client: Client, line: string): Promise<Body> {
  const path = line.trim().replace(/^\S+\s+/, '')
  const { id } = await client.uploadMedia(await readFile(path))
  return { attachments: [id] }
}
