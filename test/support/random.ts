// Randomness that can be had again: all of it follows from a seed, which is printed.

export interface Random {
  /** 0 ≤ n < 1. */
  next(): number
  /** 0 ≤ n < below, whole. */
  below(below: number): number
  pick<T>(from: readonly T[]): T
  /** So many different ones. */
  some<T>(from: readonly T[], count: number): T[]
}

/** mulberry32 (T. Ettinger, public domain): 0 ≤ n < 1, one after the other. */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** By `variable` in the environment, or else another one each time. */
export function seeded(variable: string): Random {
  const seed = Number(process.env[variable] ?? Math.floor(Math.random() * 2 ** 32))
  process.stdout.write(`${variable}=${seed}\n`)
  const next = mulberry32(seed)
  const below = (most: number) => Math.floor(next() * most)
  return {
    next,
    below,
    pick: from => from[below(from.length)]!,
    some: (from, count) => {
      const left = [...from]
      return Array.from({ length: Math.min(count, left.length) }, () => left.splice(below(left.length), 1)[0]!)
    },
  }
}
