// What the tabs of a browser keep, in one place: each tab has a name of its own there. Who opens it takes the name it had before a
// reload, or that of the tab that was open last, and what tabs that are gone have left to be said. Which tabs are gone is told by locks;
// where there are none (no secure context), what another tab asked may be asked twice, with the same id, which is once. Tabs open one
// after the other, and who takes over from a tab that is gone holds its lock: nobody else takes over from it, or it from itself.
import type { ClientStorage, KeptFrame, KeptPlace } from './storage.ts'

/** Keys and values, durable when what is returned is over. */
export interface Shelf {
  all(): Promise<ReadonlyMap<string, unknown>>
  set(key: string, value: unknown): void | Promise<void>
  delete(key: string): void | Promise<void>
  close(): void
}

export interface Browser {
  readonly locks?: LockManager | undefined
  /** Of the tab: it outlives a reload. */
  readonly session?: Pick<globalThis.Storage, 'getItem' | 'setItem'> | undefined
}

interface TabPlace extends KeptPlace {
  readonly at: number
}

const placeKey = (tab: string) => `place/${tab}`
const frameKey = (tab: string, at: number, n: number) =>
  `frame/${tab}/${String(at).padStart(15, '0')}.${String(n).padStart(6, '0')}`

/** A lock that is held until it is given back; undefined where somebody has it. Without locks everybody has it. */
async function take(locks: LockManager | undefined, name: string): Promise<(() => void) | undefined> {
  if (!locks) return () => {}
  return new Promise((resolve, reject) => {
    locks
      .request(name, { ifAvailable: true }, lock => {
        if (!lock) return resolve(undefined)
        return new Promise<void>(giveBack => resolve(giveBack))
      })
      .catch(reject)
  })
}

export async function openTab(name: string, shelf: Shelf, browser: Browser): Promise<ClientStorage> {
  const opening = () => openNext(name, shelf, browser)
  return browser.locks ? browser.locks.request(`verbatim ${name} opening`, {}, opening) : opening()
}

async function openNext(name: string, shelf: Shelf, { locks, session }: Browser): Promise<ClientStorage> {
  const lockName = (tab: string) => `verbatim ${name} ${tab}`
  const held = new Set(((await locks?.query())?.held ?? []).map(lock => lock.name))
  const all = await shelf.all() // who is gone by now has left all of it here
  const places = new Map(
    [...all].flatMap(([key, value]) => (key.startsWith('place/') ? [[key.slice(6), value as TabPlace] as const] : [])),
  )
  const gone = [...places.keys()]
    .filter(tab => !held.has(lockName(tab)))
    .sort((one, other) => places.get(other)!.at - places.get(one)!.at)
  const before = session?.getItem(`verbatim ${name}`)

  const fresh = crypto.randomUUID()
  let [tab, release]: [string, (() => void) | undefined] = ['', undefined]
  // without locks the name of a tab that may be open is left to it
  for (const candidate of [...(before ? [before] : []), ...(locks ? gone : []), fresh]) {
    tab = candidate
    if ((release = await take(locks, lockName(tab)))) break
  }
  session?.setItem(`verbatim ${name}`, tab)
  const place = places.get(tab) ?? (locks ? undefined : places.get(gone[0] ?? ''))

  const taken = new Map([[tab, release]])
  for (const other of new Set([...all.keys()].map(key => key.split('/')[1] ?? '')))
    if (!taken.has(other) && !held.has(lockName(other)) && sameUser(places.get(other), place)) {
      const giveBack = await take(locks, lockName(other))
      if (giveBack) taken.set(other, giveBack)
    }
  const frames = [...all]
    .map(([key, value]) => ({
      key,
      at: key.split('/')[2] ?? '',
      tab: key.split('/')[1] ?? '',
      frame: value as KeptFrame,
    }))
    .filter(({ key, tab }) => key.startsWith('frame/') && taken.has(tab))
    .sort((one, other) => (one.at < other.at ? -1 : 1))
  const keys = new Map(frames.map(({ key, frame }) => [frame.id, key]))
  let last: TabPlace = { at: Date.now(), ...place }
  let waiting: TabPlace | undefined
  let writing: Promise<void> | undefined
  let n = 0
  let saidAt = 0 // clocks may be set back
  let closed = false

  /** One write at a time: of those that wait the last one is enough. */
  const write = (): void => {
    if (!waiting || writing || closed) return
    const now = waiting
    waiting = undefined
    const done = shelf.set(placeKey(tab), now)
    if (!done) return
    writing = done
      .catch(() => undefined) // some is told again after a restart
      .then(() => {
        writing = undefined
        write()
      })
  }

  const written = async (): Promise<void> => {
    while (writing) await writing
  }

  const storage: ClientStorage = {
    frames: frames.map(({ frame }) => frame),
    place: { user: last.user, cursor: last.cursor },
    put(frame) {
      if (closed) throw new Error('the storage is closed')
      const key = frameKey(tab, (saidAt = Math.max(saidAt, Date.now())), n++)
      keys.set(frame.id, key)
      return shelf.set(key, frame)
    },
    remove(id) {
      const key = keys.get(id)
      keys.delete(id)
      if (key !== undefined && !closed) return shelf.delete(key)
    },
    keep(more) {
      waiting = last = { ...last, ...more, at: Date.now() }
      write()
      return writing && written()
    },
    async close() {
      if (closed) return
      await written()
      closed = true
      shelf.close()
      for (const giveBack of taken.values()) giveBack?.()
    },
  }
  // whose the frames are that a tab has left is said by its place
  const over = (other: string) => other !== tab && taken.has(other) && !frames.some(frame => frame.tab === other)
  for (const other of locks ? gone : []) if (over(other)) await shelf.delete(placeKey(other))
  await storage.keep({})
  return storage
}

const sameUser = (one: KeptPlace | undefined, other: KeptPlace | undefined): boolean =>
  one?.user === undefined || other?.user === undefined || one.user === other.user
