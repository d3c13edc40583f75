// How an event is shown: almost always as the stored frame; with structured ids or resolved links, taken apart for it.
import { afterId, frameOf, idOf, positionOf, typeOf } from '../engine/event-record.ts'
import type { EventRecord } from '../engine/event-record.ts'
import { dataOf } from '../engine/metadata.ts'
import { viewStream } from '../engine/stream-view.ts'
import { frame } from '../protocol/frames.ts'
import { structuredUuid } from '../protocol/uuid.ts'
import { messageField, numberField, stringField } from '../protocol/wire-writer.ts'
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
      if (!resolveLinks || typeOf(record) !== LINK_TYPE)
        return structuredIds ? frame(messageField(1, messageField(1, recorded(record)), position)) : frameOf(record)
      const target = linkTarget(storage, record)
      const link = messageField(2, recorded(record))
      return frame(messageField(1, ...(target ? [messageField(1, recorded(target))] : []), link, position))
    },
  }
}

const LINK_TYPE = '$>'

/** A link's data is `revision@stream`. What cannot be found any more is shown as the link alone. */
const linkTarget = (storage: LogStorage, link: EventRecord): EventRecord | undefined => {
  const parts = /^(\d+)@(.+)$/s.exec(dataOf(link).toString('utf8'))
  if (!parts) return undefined
  const view = viewStream(storage, parts[2]!)
  const revision = Number(parts[1])
  return view.kind === 'found' && revision >= view.first ? storage.eventAt(view.key, revision) : undefined
}
