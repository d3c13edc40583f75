// A data folder: the LMDB environment in it, and the note inside of who has it open.
import { closeSync, fsyncSync, mkdirSync, openSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { isAlive, thisProcess } from '../lock.ts'
import type { Holder } from '../lock.ts'
import { lmdbStorage, openEnvironment } from './lmdb.ts'
import type { LogStorage } from './port.ts'

const HOLDER = 'holder'
const FORMAT = 1

interface Note {
  holder?: Holder
  format?: number
}

/** Folders open in this process, by their real path: LMDB itself would let one process open them twice. */
const openHere = new Set<string>()

/**
 * The holder is noted in a write transaction, which LMDB gives to one process at a time and takes back from one that
 * dies: two nodes that start at once cannot both find the folder free.
 */
export const openDataFolder = (dir: string): LogStorage => {
  mkdirSync(dir, { recursive: true })
  const path = realpathSync(dir)
  if (openHere.has(path)) throw new Error(`${dir} is in use by this process (${process.pid})`)
  const environment = openEnvironment(path)
  const notes = environment.openDB<Note, string>('notes', { encoding: 'json' })
  const me = thisProcess()
  const taken = notes.transactionSync(() => {
    const found = notes.get(HOLDER)
    if (found?.format !== undefined && found.format !== FORMAT)
      return `${dir} was written in format ${found.format}; this store reads format ${FORMAT}`
    if (found?.holder && isAlive(found.holder))
      return `${dir} is in use by process ${found.holder.pid}: stop it first, or give this node another folder`
    notes.putSync(HOLDER, { format: FORMAT, holder: me })
    return undefined
  })
  if (taken !== undefined) {
    void environment.close()
    throw new Error(taken)
  }
  syncFolder(path)
  syncFolder(dirname(path))
  openHere.add(path)
  const storage = lmdbStorage(environment)
  return {
    ...storage,
    close: async () => {
      notes.transactionSync(() => notes.putSync(HOLDER, { format: FORMAT }))
      openHere.delete(path)
      await storage.close()
    },
  }
}

/** LMDB flushes its file, not the folder that names it: a new log must not vanish as a whole when the power goes. */
const syncFolder = (path: string): void => {
  if (process.platform === 'win32') return // which cannot open folders
  const descriptor = openSync(path, 'r')
  fsyncSync(descriptor)
  closeSync(descriptor)
}
