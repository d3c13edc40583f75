// Randomness of a run: every part has its own, so that taking one step out of a history leaves the luck of the others as it was.
import { mulberry32, type Random } from '../support/random.ts'

export interface Luck extends Pick<Random, 'next' | 'below' | 'pick'> {
  chance(of: number): boolean
}

/** FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo). */
export function hashOf(text: string, before = 0x811c9dc5): number {
  let hash = before
  for (let n = 0; n < text.length; n++) hash = Math.imul(hash ^ text.charCodeAt(n), 0x01000193)
  return hash >>> 0
}

/** By a seed, and what it is for. */
export function luckOf(seed: number, what: string): Luck {
  const next = mulberry32(hashOf(what, (0x811c9dc5 ^ Math.imul(seed, 0x9e3779b1)) >>> 0))
  const below = (most: number) => Math.floor(next() * most)
  return { next, below, pick: from => from[below(from.length)]!, chance: of => next() < of }
}

/** A UUID of version 4 (RFC 9562) out of somebody's luck. */
export function uuidOf(luck: Luck): string {
  const hex = () =>
    luck
      .below(2 ** 32)
      .toString(16)
      .padStart(8, '0')
  const [a, b, c, d] = [hex(), hex(), hex(), hex()]
  return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-a${c.slice(1, 4)}-${c.slice(4)}${d}`
}

/** What the code under test gets where it asks for randomness; each run sets it. */
export const entropy: { luck: Luck; lruMax: number } = { luck: luckOf(0, 'entropy'), lruMax: 64 }
