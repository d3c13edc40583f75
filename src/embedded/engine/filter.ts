// Filters for $all: by stream name or event type, by prefixes or a regular expression, on the stored bytes.
import { streamSpan, typeSpan } from './event-record.ts'
import type { EventRecord } from './event-record.ts'

export interface FilterRequest {
  on: 'stream' | 'type'
  prefixes: string[]
  /** Takes precedence over prefixes, as on the server. JavaScript's dialect, where the server's is .NET's. */
  regex: string
}

export type Filter = (record: EventRecord) => boolean

/** Throws a SyntaxError where the expression is none. */
export const compileFilter = ({ on, prefixes, regex }: FilterRequest): Filter => {
  const spanOf = on === 'stream' ? streamSpan : typeSpan
  if (regex !== '') {
    const expression = new RegExp(regex, 'u')
    return record => expression.test(record.toString('utf8', ...spanOf(record)))
  }
  const starts = prefixes.map(prefix => Buffer.from(prefix))
  return record => {
    const [start, end] = spanOf(record)
    return starts.some(
      prefix => prefix.length <= end - start && prefix.compare(record, start, start + prefix.length) === 0,
    )
  }
}
