// What became of an image that somebody uploaded. Stream `media-<id>`; the bytes are in the media store, sealed.

export type ImageType = 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp'

export interface MediaUploaded {
  readonly type: 'MediaUploaded'
  readonly data: {
    readonly user: string
    /** Where its sealed bytes are: their SHA-256, in hex. */
    readonly address: string
    /** Names the uploader's content key, without which nobody opens it. */
    readonly key: string
    readonly type: ImageType
    /** Bytes as served. */
    readonly size: number
    readonly width: number
    readonly height: number
    readonly at: string
  }
}

/** Nobody can see it any more, and its bytes are deleted: no message names it, or the keys of all that do are gone. */
export interface MediaDiscarded {
  readonly type: 'MediaDiscarded'
  readonly data: { readonly why: 'unnamed' | 'keys-gone'; readonly at: string }
}

export type MediaEvent = MediaUploaded | MediaDiscarded
