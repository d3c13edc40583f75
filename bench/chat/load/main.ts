// The generator's process: does one job after the other, as told by messages, and ends when nobody is there to tell.
import type { Answer } from '../generator.ts'
import { jobs } from './jobs.ts'
import type { Job, Setting } from './jobs.ts'

const setting = JSON.parse(process.argv[2]!) as Setting
const answer = (content: Answer): void => void process.send?.(content)
const failed = (error: unknown): void =>
  answer({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) })

process.on('uncaughtException', failed) // of what nobody waits for, too
process.on('SIGINT', () => undefined) // Ctrl-C is for the parent, which disconnects
process.on('disconnect', () => process.exit(0))
process.on('message', ({ job, given }: { job: Job; given: unknown[] }) => {
  const work = jobs[job] as (setting: Setting, ...given: unknown[]) => Promise<unknown>
  work(setting, ...given).then(result => answer({ result }), failed)
})
