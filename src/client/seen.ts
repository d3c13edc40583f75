// What has come already. Exact and never forgetting: a bit for each (conversation, seq), since a re-push may bring any of
// them again, however old. A million messages of one conversation take 125 kB.

const BITS = 1024

/** How far someone's marks are known to be in a conversation. */
interface Marks {
  delivered: number
  read: number
}

export class Seen {
  readonly #blocks = new Map<string, Uint32Array>()
  readonly #marks = new Map<string, Marks>()

  /** True the first time. */
  add(conversation: string, seq: number): boolean {
    const key = `${conversation} ${Math.floor(seq / BITS)}`
    let block = this.#blocks.get(key)
    if (!block) this.#blocks.set(key, (block = new Uint32Array(BITS / 32)))
    const word = (seq % BITS) >>> 5
    const bit = 1 << (seq & 31)
    const was = block[word] ?? 0
    block[word] = was | bit
    return (was & bit) === 0
  }

  has(conversation: string, seq: number): boolean {
    const block = this.#blocks.get(`${conversation} ${Math.floor(seq / BITS)}`)
    return block !== undefined && ((block[(seq % BITS) >>> 5] ?? 0) & (1 << (seq & 31))) !== 0
  }

  /** True where a receipt says more than was known: marks only ever rise. */
  advance(receipt: {
    conversation: string
    by: string
    delivered?: number | undefined
    read?: number | undefined
  }): boolean {
    const key = `${receipt.conversation} ${receipt.by}`
    const known = this.#marks.get(key) ?? { delivered: -1, read: -1 }
    const delivered = Math.max(known.delivered, receipt.delivered ?? -1, receipt.read ?? -1)
    const read = Math.max(known.read, receipt.read ?? -1)
    if (delivered === known.delivered && read === known.read) return false
    this.#marks.set(key, { delivered, read })
    return true
  }

  /** Another store: its seqs are other ones. */
  clear(): void {
    this.#blocks.clear()
    this.#marks.clear()
  }
}
