// What tabs keep in a browser: each its own, and what tabs that are gone have left.
import { IDBFactory } from 'fake-indexeddb'
import { describe, expect, it } from 'vitest'
import { indexedDbStorage, localStorageStorage } from '../../src/client/index.ts'
import type { ClientStorage } from '../../src/client/index.ts'

/** What a browser shares between its tabs, and what it has for each. */
class Entries {
  readonly entries = new Map<string, string>()
  most = Infinity
  get length() {
    return this.entries.size
  }
  key = (n: number) => [...this.entries.keys()][n] ?? null
  getItem = (key: string) => this.entries.get(key) ?? null
  setItem = (key: string, value: string) => {
    if (value.length > this.most) throw new Error('QuotaExceededError')
    this.entries.set(key, value)
  }
  removeItem = (key: string) => void this.entries.delete(key)
}

/** As Web Locks has it: a lock is held until what was called with it is over; who takes no refusal waits for it. */
class Locks {
  readonly #held = new Map<string, Promise<unknown>>()
  query = () => Promise.resolve({ held: [...this.#held.keys()].map(name => ({ name })) })
  request = async (
    name: string,
    { ifAvailable }: { ifAvailable?: boolean },
    call: (lock: object | null) => unknown,
  ) => {
    if (ifAvailable && this.#held.has(name)) return call(null)
    while (this.#held.has(name)) await this.#held.get(name)
    const over = Promise.resolve(call({}))
    this.#held.set(name, over)
    try {
      return await over
    } finally {
      this.#held.delete(name)
    }
  }
  /** The tabs are gone, with no word. */
  crash = () => this.#held.clear()
}

interface Machine {
  readonly locks: Locks
  open(session: Entries, locks?: boolean): Promise<ClientStorage>
}
const machines: [string, () => Machine][] = [
  [
    'localStorage',
    () => {
      const [localStorage, locks] = [new Entries(), new Locks()]
      return {
        locks,
        open: (session, locked = true) =>
          localStorageStorage('alice', { localStorage, session, locks: (locked ? locks : undefined) as never }),
      }
    },
  ],
  [
    'IndexedDB',
    () => {
      const [indexedDB, locks] = [new IDBFactory(), new Locks()]
      return {
        locks,
        open: (session, locked = true) =>
          indexedDbStorage('alice', { indexedDB, session, locks: (locked ? locks : undefined) as never }),
      }
    },
  ],
]
const frame = (n: number) => ({ id: `id-${n}`, text: `{"id":"id-${n}"}` })
const ids = ({ frames }: ClientStorage) => frames.map(({ id }) => id)

describe.each(machines)('what tabs keep in %s', (_, machine) => {
  it('[C23] is there after a reload', async () => {
    const { open } = machine()
    const tab = new Entries()
    const storage = await open(tab)
    for (const n of [1, 2, 3]) await storage.put(frame(n))
    await storage.remove('id-2')
    await storage.keep({ user: 'alice' })
    await storage.keep({ cursor: 'c1' })
    await storage.close()
    const again = await open(tab)
    expect(ids(again)).toEqual(['id-1', 'id-3'])
    expect(again.place).toEqual({ user: 'alice', cursor: 'c1' })
    await again.remove('id-1')
    await again.close()
    expect(ids(await open(tab))).toEqual(['id-3'])
  })

  it('[C27] is each tab’s own while it is open, and then the next one’s', async () => {
    const { open, locks } = machine()
    const [one, two] = [new Entries(), new Entries()]
    const first = await open(one)
    await first.put(frame(1))
    await first.keep({ user: 'alice', cursor: 'c1' })
    const second = await open(two)
    expect([ids(second), second.place.cursor]).toEqual([[], undefined])
    await second.put(frame(2))
    await new Promise(resolve => setTimeout(resolve, 2)) // later, by the clock
    await second.keep({ user: 'alice', cursor: 'c2' })
    const copied = await open(new Entries()) // a tab that was duplicated begins anew
    expect(ids(copied)).toEqual([])
    locks.crash()
    const next = await open(new Entries())
    expect(ids(next).sort()).toEqual(['id-1', 'id-2']) // of two tabs, whatever came first by the clock
    await next.remove('id-1')
    await next.remove('id-2')
    await next.close()
    expect(ids(await open(new Entries()))).toEqual([])
  })

  it('[C27] is not taken by somebody else', async () => {
    const { open, locks } = machine()
    const tab = new Entries()
    const bobs = await open(new Entries())
    await bobs.keep({ user: 'bob', cursor: 'b' })
    await bobs.put(frame(1))
    const alices = await open(tab)
    await alices.keep({ user: 'alice', cursor: 'a' })
    locks.crash()
    expect(ids(await open(tab))).toEqual([])
  })

  it('[C27] stays each tab’s own where several open at once, and after a restart is taken over once', async () => {
    const { open, locks } = machine()
    const tabs = [new Entries(), new Entries(), new Entries()]
    const first = await Promise.all(tabs.map(tab => open(tab)))
    await Promise.all(first.map(async (storage, n) => storage.keep({ user: 'alice', cursor: `c${n}` })))
    await Promise.all(first.map(async (storage, n) => storage.put(frame(n))))
    locks.crash()
    const second = await Promise.all([...tabs].reverse().map(tab => open(tab)))
    expect(second.flatMap(ids).sort()).toEqual(['id-0', 'id-1', 'id-2'])
    await Promise.all(second.map(async storage => storage.close()))
    const third = await open(new Entries())
    expect(ids(third).sort()).toEqual(['id-0', 'id-1', 'id-2'])
  })

  it('[C27] keeps the place of each of the tabs that open together after others are gone', async () => {
    const { open, locks } = machine()
    const gone = await Promise.all([open(new Entries()), open(new Entries())])
    await Promise.all(gone.map(async (storage, n) => storage.keep({ user: 'alice', cursor: `c${n}` })))
    locks.crash()
    const tabs = [new Entries(), new Entries()]
    const opened = await Promise.all(tabs.map(tab => open(tab)))
    for (const [n, tab] of tabs.entries()) {
      await opened[n]!.close()
      expect((await open(tab)).place).toEqual(opened[n]!.place)
    }
    expect(opened.filter(({ place }) => place.user === 'alice')).toHaveLength(1)
  })

  it('[C27] may be asked twice, with the same id, where there are no locks', async () => {
    const { open } = machine()
    const first = await open(new Entries(), false)
    await first.put(frame(1))
    await first.keep({ user: 'alice', cursor: 'c1' })
    const second = await open(new Entries(), false)
    expect([ids(second), second.place.cursor]).toEqual([['id-1'], 'c1'])
    await second.remove('id-1')
    await first.remove('id-1')
    expect(ids(await open(new Entries(), false))).toEqual([])
  })
})

describe('a full localStorage', () => {
  it('[C24] throws at who puts, and has what it had', async () => {
    const localStorage = new Entries()
    const open = () => localStorageStorage('alice', { localStorage, session: undefined, locks: undefined })
    const storage = await open()
    await storage.put(frame(1))
    localStorage.most = 10
    expect(() => storage.put(frame(2))).toThrow('Quota')
    localStorage.most = Infinity
    expect(ids(await open())).toEqual(['id-1'])
  })
})
