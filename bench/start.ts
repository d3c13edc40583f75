// How the server is started: as `npm start` does.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What node is given, to be run in the project's folder. */
export function startArguments(root: string): string[] {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: { start: string } }
  return scripts.start.split(' ').slice(1)
}
