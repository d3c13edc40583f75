// The machine, for the head of the table: figures without it say nothing.
import { closeSync, fdatasyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'
import { join } from 'node:path'
import { median } from './figures.ts'

export interface Machine {
  cores: number
  processor: string
  memoryGB: number
  system: string
  node: string
  client: string
  /** Runnable processes over the last minute, when the benchmark began. */
  load: number
  disk: Disk | undefined
}

export interface Disk {
  dir: string
  filesystem: string
  /** ms that a write of 4 KiB takes to be on disk: the median of a hundred. No durable append is quicker. */
  sync: number
}

export const thisMachine = (dir: string | undefined): Machine => ({
  cores: availableParallelism(),
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  memoryGB: totalmem() / 2 ** 30,
  system: `${type()} ${release()}`,
  node: process.versions.node,
  client: (createRequire(import.meta.url)('@eventstore/db-client/package.json') as { version: string }).version,
  load: loadavg()[0]!,
  disk: dir === undefined ? undefined : { dir, filesystem: filesystemOf(dir), sync: syncTime(dir) },
})

/** The filesystem mounted closest above this folder. */
const filesystemOf = (dir: string): string => {
  if (process.platform !== 'linux') return 'unknown'
  let closest = { point: '', name: 'unknown' }
  for (const line of readFileSync('/proc/self/mounts', 'utf8').split('\n')) {
    const [, point = '', name = ''] = line.split(' ')
    const inside = dir === point || dir.startsWith(point.endsWith('/') ? point : `${point}/`)
    if (inside && point.length >= closest.point.length) closest = { point, name }
  }
  return closest.name
}

const syncTime = (dir: string): number => {
  const file = join(dir, 'sync-time')
  const descriptor = openSync(file, 'w')
  const block = Buffer.alloc(4096, 1)
  const times: number[] = []
  for (let i = 0; i < 100; i++) {
    const began = performance.now()
    writeSync(descriptor, block)
    fdatasyncSync(descriptor)
    times.push(performance.now() - began)
  }
  closeSync(descriptor)
  rmSync(file)
  return median(times)
}
