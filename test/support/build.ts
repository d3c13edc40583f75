// Threads and child processes run the compiled JavaScript, as they do for users: built before the tests that start them.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const lastChange = (folder: string): number =>
  Math.max(
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => statSync(join(entry.parentPath, entry.name)).mtimeMs),
  )

/** Compiles where a source is newer than what was compiled last. Type errors are for `npm run types` to tell. */
export default function build(): void {
  const built = 'dist/main.js'
  if (existsSync(built) && statSync(built).mtimeMs > lastChange('src')) return
  const { error } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'])
  if (error) throw error
}
