// What a client keeps in a browser's IndexedDB.
import type { ClientStorage } from './storage.ts'
import { openTab } from './tabs.ts'
import type { Browser, Shelf } from './tabs.ts'

const STORE = 'kept'

export interface IndexedDbOptions extends Browser {
  readonly indexedDB?: IDBFactory
}

const answer = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('IndexedDB gave no reason'))
  })

const over = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    const failed = () => reject(transaction.error ?? new Error('IndexedDB gave no reason'))
    transaction.oncomplete = () => resolve()
    transaction.onerror = failed
    transaction.onabort = failed
  })

/** `name`: one for each user. Rejects where the browser has none to give, as some do in private windows. */
export async function indexedDbStorage(name: string, options: IndexedDbOptions = {}): Promise<ClientStorage> {
  const opening = (options.indexedDB ?? globalThis.indexedDB).open(`verbatim ${name}`, 1)
  opening.onupgradeneeded = () => void opening.result.createObjectStore(STORE)
  const db = await answer(opening)

  const write = (change: (store: IDBObjectStore) => void): Promise<void> => {
    const transaction = db.transaction(STORE, 'readwrite', { durability: 'strict' })
    change(transaction.objectStore(STORE))
    return over(transaction)
  }
  const shelf: Shelf = {
    async all() {
      const store = db.transaction(STORE).objectStore(STORE)
      const [keys, values] = await Promise.all([
        answer(store.getAllKeys()),
        answer(store.getAll() as IDBRequest<unknown[]>),
      ])
      return new Map(keys.map((key, n) => [key as string, values[n]]))
    },
    set: (key, value) => write(store => store.put(value, key)),
    delete: key => write(store => store.delete(key)),
    close: () => db.close(),
  }
  return openTab(name, shelf, {
    locks: 'locks' in options ? options.locks : globalThis.navigator?.locks,
    session: 'session' in options ? options.session : globalThis.sessionStorage,
  })
}
