#!/usr/bin/env node
// The package's bin.
import { run } from './program.ts'

// the reader of a pipe may have seen enough, e.g. `| head`
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

const code = await run(process.argv.slice(2), process)
process.exitCode = code || (process.exitCode ?? 0)
