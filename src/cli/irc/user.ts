// A nick as a user id: the same nick is always the same user, whatever it consists of.

const NOT_ALLOWED = /[^A-Za-z0-9._\-@[\]\\^{}|`]/gu
const LONGEST = 64

/** A character that no user id may have becomes `_`, also a space at the end; what is too long is cut. */
export const userOf = (nick: string): string => nick.replaceAll(NOT_ALLOWED, '_').slice(0, LONGEST)
