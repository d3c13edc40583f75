// When the time of a message is over.

/** `now` in milliseconds since 1970. A message without a limit is never over. */
export const isOver = (expiresAt: string | undefined, now: number): boolean =>
  expiresAt !== undefined && Date.parse(expiresAt) <= now
