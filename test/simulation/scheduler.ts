// Time and turns of a run: one queue of what is to happen, by its time and then in the order in which it was put there. Whatever
// the code under test waits for (timers, immediates, the network, the log, the database) waits here, and one thing happens after
// the other, with all promises that it settles carried through before the next.

interface Task {
  readonly at: number
  readonly n: number
  run: (() => void) | undefined
}

const nextTurn = globalThis.setImmediate
/** Of one run. Most have some thousands. */
const mostTasks = 300_000
const beginning = Date.UTC(2024, 0, 1)

export class Scheduler {
  now = beginning
  /** Changes with everything that happens, and when. */
  hash = 0
  tasks = 0
  onThrown: (error: Error) => void = error => {
    throw error
  }
  readonly #heap: Task[] = []
  #n = 0

  /** Milliseconds since the beginning. */
  get elapsed(): number {
    return Math.round((this.now - beginning) * 100) / 100
  }

  after(ms: number, run: () => void): () => void {
    if (ms === Infinity) return () => undefined
    const task: Task = { at: this.now + Math.max(0, ms), n: ++this.#n, run }
    this.#push(task)
    return () => void (task.run = undefined)
  }

  sleep(ms: number): Promise<void> {
    return new Promise(resolve => this.after(ms, resolve))
  }

  note(what: number): void {
    this.hash = Math.imul(this.hash ^ what, 0x01000193) >>> 0
  }

  /** Runs until it is so, or until so much time has passed: whether it is so. */
  async runUntil(so: () => boolean, ms: number): Promise<boolean> {
    const end = this.now + ms
    while (!so()) {
      const task = this.#heap[0]
      if (task === undefined || task.at > end) {
        this.now = end
        return so()
      }
      this.#pop()
      if (task.run === undefined) continue
      this.now = Math.max(this.now, task.at)
      if (++this.tasks > mostTasks) throw new Error(`${mostTasks} things have happened, and there is no end to it`)
      this.note(Math.round(task.at * 100) % 2 ** 31)
      this.note(task.n)
      try {
        task.run()
      } catch (error) {
        this.onThrown(error as Error)
      }
      await new Promise(nextTurn)
    }
    return true
  }

  #push(task: Task): void {
    const heap = this.#heap
    let place = heap.push(task) - 1
    while (place > 0) {
      const above = (place - 1) >> 1
      if (!isBefore(task, heap[above]!)) break
      heap[place] = heap[above]!
      place = above
    }
    heap[place] = task
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let place = 0
    for (;;) {
      let below = 2 * place + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++
      if (!isBefore(heap[below]!, last)) break
      heap[place] = heap[below]!
      place = below
    }
    heap[place] = last
  }
}

const isBefore = (one: Task, other: Task): boolean => one.at < other.at || (one.at === other.at && one.n < other.n)

const names = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate'] as const

/** Puts the scheduler in the place of the clock, the timers and `Math.random` while something runs. */
export async function instead<T>(scheduler: Scheduler, luck: () => number, run: () => Promise<T>): Promise<T> {
  const real = Object.fromEntries(names.map(name => [name, globalThis[name]]))
  const [dateNow, random] = [Date.now, Math.random]
  const handle = (stop: () => void) => {
    const self = { stop, unref: () => self, ref: () => self, hasRef: () => true }
    return self
  }
  const clear = (given: { stop?: () => void } | undefined) => given?.stop?.()
  const timeout = (call: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) =>
    handle(scheduler.after(ms, () => call(...args)))
  const interval = (call: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
    const again = (): (() => void) =>
      scheduler.after(Math.max(ms, 1), () => {
        stop = again()
        call(...args)
      })
    let stop = again()
    return handle(() => stop())
  }
  Object.assign(globalThis, {
    setTimeout: timeout,
    setInterval: interval,
    setImmediate: (call: (...args: unknown[]) => void, ...args: unknown[]) => timeout(call, 0, ...args),
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate: clear,
  })
  Date.now = () => Math.floor(scheduler.now)
  Math.random = luck
  try {
    return await run()
  } finally {
    Object.assign(globalThis, real)
    Date.now = dateNow
    Math.random = random
  }
}
