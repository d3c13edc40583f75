// A Bloom filter (Bloom 1970) of ids that grows: of an id that was never added it says so, but for one in some hundred. What was
// added is never missed.

/** Sixteen bits and six probes an id: one in a thousand that is not in a full part is taken for one that may be. */
const bitsAnId = 16
const probes = 6
/** Ids in the first part; each further one has twice as many. Both in powers of two. */
const firstIds = 1 << 16

interface Part {
  readonly bits: Uint32Array
  /** How many more go in. */
  room: number
}

export class IdFilter {
  readonly #parts: Part[] = []
  #size = 0
  #high = 0
  #low = 0

  get size(): number {
    return this.#size
  }

  add(id: string): void {
    let part = this.#parts.at(-1)
    if (part === undefined || part.room === 0) {
      const ids = firstIds << this.#parts.length
      this.#parts.push((part = { bits: new Uint32Array((ids * bitsAnId) / 32), room: ids }))
    }
    this.#hash(id)
    const mask = part.bits.length * 32 - 1
    for (let n = 0, bit = this.#high; n < probes; n++, bit = (bit + this.#low) | 0)
      part.bits[(bit & mask) >>> 5]! |= 1 << (bit & 31)
    part.room--
    this.#size++
  }

  mayHave(id: string): boolean {
    this.#hash(id)
    return this.#parts.some(({ bits }) => {
      const mask = bits.length * 32 - 1
      for (let n = 0, bit = this.#high; n < probes; n++, bit = (bit + this.#low) | 0)
        if ((bits[(bit & mask) >>> 5]! & (1 << (bit & 31))) === 0) return false
      return true
    })
  }

  /** Two hashes make all probes (Kirsch and Mitzenmacher 2006): FNV-1a with two primes, stirred as MurmurHash3 does in the end. */
  #hash(id: string): void {
    let [high, low] = [0x811c9dc5, 0x9e3779b9]
    for (let n = 0; n < id.length; n++) {
      const code = id.charCodeAt(n)
      high = Math.imul(high ^ code, 0x01000193)
      low = Math.imul(low ^ code, 0x85ebca6b)
    }
    this.#high = stirred(high)
    this.#low = stirred(low) | 1
  }
}

function stirred(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35)
  return twice ^ (twice >>> 16)
}
