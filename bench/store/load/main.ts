// The client's process: does one job after the other, as told by messages, and ends when nobody is there to tell.
import { EventStoreDBClient } from '@eventstore/db-client'
import type { Answer } from '../client.ts'
import { jobs } from './jobs.ts'
import type { Setting } from './jobs.ts'

const [url = '', pid = ''] = process.argv.slice(2)
const setting: Setting = {
  client: EventStoreDBClient.connectionString(url),
  serverPid: pid === '' ? undefined : Number(pid),
}

const answer = (content: Answer): void => void process.send?.(content)
const failed = (error: unknown): void =>
  answer({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) })

process.on('unhandledRejection', failed)
process.on('SIGINT', () => undefined) // Ctrl-C is for the parent, which disconnects
process.on('disconnect', () => process.exit(0))
process.on('message', ({ job, given }: { job: keyof typeof jobs; given: unknown[] }) => {
  const work = jobs[job] as (setting: Setting, ...given: unknown[]) => Promise<unknown>
  work(setting, ...given).then(result => answer({ result }), failed)
})
