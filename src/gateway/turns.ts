// Much work of one kind that leaves others their turns.

/** Bytes of content after which others have a turn: opening and encoding so many takes a few milliseconds. */
const turnBytes = 256 * 1024
/** And so many of whatever size. */
const turnCount = 250

/** What is made of each, in their order. `size`: the bytes that one brings. */
export async function inTurns<From, To>(
  all: readonly From[],
  size: (one: From) => number,
  make: (one: From) => To | Promise<To>,
): Promise<To[]> {
  const made: (To | Promise<To>)[] = []
  let left = turnBytes
  for (const [index, one] of all.entries()) {
    made.push(make(one))
    left -= size(one)
    if (index + 1 === all.length || (left > 0 && (index + 1) % turnCount !== 0)) continue
    await new Promise(setImmediate)
    left = turnBytes
  }
  // a promise for each of what is at hand is all that it would cost
  return made.some(one => one instanceof Promise) ? Promise.all(made) : (made as To[])
}
