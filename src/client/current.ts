// Whether one is current: the server has said that all that there is has come, and all of it is handled.
export class Current {
  readonly #is: () => boolean
  readonly #changed: (current: boolean) => void
  readonly #waiting = new Set<{ readonly resolve: () => void; readonly reject: (why: Error) => void }>()
  #told = false

  constructor(is: () => boolean, changed: (current: boolean) => void) {
    this.#is = is
    this.#changed = changed
  }

  /** Something has happened that may have changed it. */
  look(): void {
    const now = this.#is()
    if (now !== this.#told) this.#changed((this.#told = now))
    if (!now) return
    for (const { resolve } of this.#waiting) resolve()
    this.#waiting.clear()
  }

  reached(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.add({ resolve, reject })
      this.look()
    })
  }

  end(why: Error): void {
    for (const { reject } of this.#waiting) reject(why)
    this.#waiting.clear()
  }
}
