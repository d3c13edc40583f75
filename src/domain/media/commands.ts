// What can be asked of an image's record.
import type { MediaDiscarded, MediaUploaded } from './events.ts'

export interface RecordUpload {
  readonly type: 'RecordUpload'
  readonly upload: MediaUploaded['data']
}

export interface Discard {
  readonly type: 'Discard'
  readonly why: MediaDiscarded['data']['why']
  readonly at: string
}

export type MediaCommand = RecordUpload | Discard
