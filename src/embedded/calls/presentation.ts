// How an event is shown: almost always as the stored frame; with structured ids or resolved links, taken apart for it.
import { afterId, frameOf, idOf, positionOf, typeOf } from '../engine/event-record.ts'
import type { EventRecord } from '../engine/event-record.ts'
import { dataOf, isExpired } from '../engine/metadata.ts'
import { viewStream } from '../engine/stream-view.ts'
import { frame } from '../../wire/frames.ts'
import { structuredUuid } from '../protocol/uuid.ts'
import { messageField, numberField, stringField } from '../../wire/writer.ts'
import type { LogStorage } from '../storage/port.ts'

export interface Presentation {
  of: (record: EventRecord) => Buffer
  /** The stored frame as it is: what was joined for others serves here too. */
  asStored: boolean
}

export interface PresentationOptions {
  structuredIds: boolean
  resolveLinks: boolean
}

export const presentation = (storage: LogStorage, options: PresentationOptions): Presentation => {
  const { structuredIds, resolveLinks } = options
  if (!structuredIds && !resolveLinks) return { of: frameOf, asStored: true }

  const recorded = (record: EventRecord): Buffer => {
    const id = structuredIds ? structuredUuid(idOf(record)) : stringField(2, idOf(record))
    return Buffer.concat([messageField(1, id), afterId(record)])
  }

  return {
    asStored: false,
    of: record => {
      const position = numberField(3, positionOf(record))
      const link = resolveLinks && typeOf(record) === LINK_TYPE ? parseLink(dataOf(record)) : undefined
      if (!link)
        return structuredIds ? frame(messageField(1, messageField(1, recorded(record)), position)) : frameOf(record)
      const target = targetOf(storage, link)
      const event = target ? [messageField(1, recorded(target))] : []
      return frame(messageField(1, ...event, messageField(2, recorded(record)), position))
    },
  }
}

const LINK_TYPE = '$>'

interface Link {
  revision: number
  stream: string
}

/** A link's data is `revision@stream`. What does not even begin with a number is no link, whatever its type says. */
const parseLink = (data: Buffer): Link | undefined => {
  const parts = /^(\d+)(?:@(.*))?$/s.exec(data.toString('utf8'))
  return parts ? { revision: Number(parts[1]), stream: parts[2] ?? '' } : undefined
}

/** What readers of the stream would not be shown any more is not shown through a link either: the link stands alone. */
const targetOf = (storage: LogStorage, { revision, stream }: Link): EventRecord | undefined => {
  const view = viewStream(storage, stream)
  if (view.kind !== 'found' || revision < view.first || revision > view.last) return undefined
  const target = storage.eventAt(view.key, revision)
  return target && !isExpired(view.metadata, target, Date.now()) ? target : undefined
}
