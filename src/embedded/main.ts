#!/usr/bin/env node
// The entry of a node that runs as its own process: `node dist/embedded/main.js --port P --dir D`.
import { runStoreCommand } from './command.ts'

process.exit(await runStoreCommand(process.argv.slice(2)))
