// What a client keeps through restarts: what was asked and is not answered yet, and how far it has handled what came.

/** A frame with an id of its own, as it is said. */
export interface KeptFrame {
  readonly id: string
  readonly text: string
}

/** Whose it is, and the last cursor whose frame, and all before it, are handled. */
export interface KeptPlace {
  readonly user?: string | undefined
  readonly cursor?: string | undefined
}

/**
 * One client at a time; what is asked of it is done in that order. What is returned is over, and what is promised is over when it
 * settles; then it outlives a kill.
 */
export interface ClientStorage {
  /** What an earlier run has left, in the order it was asked. */
  readonly frames: readonly KeptFrame[]
  readonly place: KeptPlace
  /** Throws or rejects where it cannot be kept: then it is not said. */
  put(frame: KeptFrame): void | Promise<void>
  /** It is answered. Where this is lost, it is asked again, and answered the same. */
  remove(id: string): void | Promise<void>
  /** What is left out stays. Where this is lost, some of what came is told again. */
  keep(place: KeptPlace): void | Promise<void>
  /** Another client may have it. */
  close(): void | Promise<void>
}
