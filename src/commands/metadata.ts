// What stands beside the events that a request causes.
import { randomUUID } from 'node:crypto'
import type { Metadata } from '../eventstore/index.ts'

/** `id`: the request's own id where it has one (a message's), so that what it caused can be found by it. */
export function metadataFor(
  { actor, origin }: Pick<Metadata, 'actor' | 'origin'>,
  at: string,
  id: string = randomUUID(),
): Metadata {
  return { actor, origin, at, correlationId: id, causationId: id }
}
