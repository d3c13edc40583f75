// A data folder: log files, the index in its own folder, and the note in there of who has it open.
import { existsSync, mkdirSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { open } from 'lmdb'
import type { RootDatabase } from 'lmdb'
import { isAlive, thisProcess } from '../../lock.ts'
import type { Holder } from '../../lock.ts'
import { syncFolder } from './segments.ts'

interface Note {
  holder?: Holder
}

const HOLDER = 'holder'

/** Folders open in this process, by their real path: LMDB itself would let one process open them twice. */
const openHere = new Set<string>()

export interface DataFolder {
  /** Its real path. */
  path: string
  /** The LMDB environment that has the index. */
  environment: RootDatabase
  release(): Promise<void>
}

/**
 * Takes a folder, makes it where it is not there. The holder is noted in a write transaction, which LMDB gives to one
 * process at a time and takes back from one that dies: two nodes that start at once cannot both find the folder free.
 */
export const takeDataFolder = (dir: string): DataFolder => {
  mkdirSync(dir, { recursive: true })
  const path = realpathSync(dir)
  if (openHere.has(path)) throw new Error(`${dir} is in use by this process (${process.pid})`)
  if (existsSync(join(path, 'data.mdb'))) throw new Error(`${dir} was written in format 1; this store reads format 2`)
  const environment = openIndexFolder(path)
  const notes = environment.openDB<Note, string>('notes', { encoding: 'json' })
  const taken = notes.transactionSync(() => {
    const holder = notes.get(HOLDER)?.holder
    if (holder && isAlive(holder))
      return `${dir} is in use by process ${holder.pid}: stop it first, or give this node another folder`
    notes.putSync(HOLDER, { holder: thisProcess() })
    return undefined
  })
  if (taken !== undefined) {
    void environment.close()
    throw new Error(taken)
  }
  syncFolder(path)
  syncFolder(dirname(path))
  openHere.add(path)
  return {
    path,
    environment,
    release: async () => {
      notes.transactionSync(() => notes.putSync(HOLDER, {}))
      openHere.delete(path)
      await environment.close()
    },
  }
}

/** `overlappingSync: false`: a commit's promise resolves after the disk has it; the coverage is never ahead of the index. */
const openIndexFolder = (path: string): RootDatabase => {
  const index = join(path, 'index')
  try {
    return open({ path: index, overlappingSync: false, maxDbs: 8, noSubdir: false })
  } catch (error) {
    throw new Error(
      `${index} cannot be opened: ${String(error)}. If it is damaged, remove it: it is made anew from the log`,
    )
  }
}
