// What a client keeps in a browser's localStorage: for where there is no IndexedDB. A few megabytes at most.
import type { ClientStorage } from './storage.ts'
import { openTab } from './tabs.ts'
import type { Browser, Shelf } from './tabs.ts'

type Local = Pick<globalThis.Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>

export interface LocalStorageOptions extends Browser {
  readonly localStorage?: Local
}

/** `name`: one for each user. */
export function localStorageStorage(name: string, options: LocalStorageOptions = {}): Promise<ClientStorage> {
  const local = options.localStorage ?? globalThis.localStorage
  const prefix = `verbatim/${name}/`
  const shelf: Shelf = {
    all: () => {
      const found = new Map<string, unknown>()
      for (let n = 0; n < local.length; n++) {
        const key = local.key(n) ?? ''
        const text = key.startsWith(prefix) ? local.getItem(key) : null
        if (text !== null) found.set(key.slice(prefix.length), JSON.parse(text))
      }
      return Promise.resolve(found)
    },
    set: (key, value) => local.setItem(prefix + key, JSON.stringify(value)),
    delete: key => local.removeItem(prefix + key),
    close: () => {},
  }
  return openTab(name, shelf, {
    locks: 'locks' in options ? options.locks : globalThis.navigator?.locks,
    session: 'session' in options ? options.session : globalThis.sessionStorage,
  })
}
