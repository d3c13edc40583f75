// The commands, and what becomes of what goes wrong in them: one line on standard error, exit code 1.
import { Command, CommanderError } from 'commander'
import { addChat } from './chat.ts'
import { explain } from './complain.ts'
import { addDoctor } from './doctor.ts'
import { addImport } from './import.ts'
import { say } from './io.ts'
import type { Io } from './io.ts'
import { addProjections } from './projections.ts'
import { addReplay } from './replay.ts'
import { addRetention } from './retention.ts'
import { addServe } from './serve.ts'
import { addStore } from './store.ts'
import { addToken } from './token.ts'

function program(io: Io): Command {
  const verbatim = new Command('verbatim')
    .description('A self-hosted chat backend whose database is the record')
    .exitOverride()
    .enablePositionalOptions()
    .configureOutput({
      writeOut: text => void io.stdout.write(text),
      writeErr: text => void io.stderr.write(text),
      outputError: (text, write) => write(oneLine(text)),
    })
  addServe(verbatim, io)
  addStore(verbatim)
  addToken(verbatim, io)
  addChat(verbatim, io)
  addImport(verbatim, io)
  addReplay(verbatim, io)
  addProjections(verbatim, io)
  addRetention(verbatim, io)
  addDoctor(verbatim, io)
  return verbatim
}

/** Runs one command; `argv` without node and script. Resolves with the exit code, and never rejects. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    await program(io).parseAsync([...argv], { from: 'user' })
    return 0
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 1 // commander has said it
    say(io.stderr, `error: ${explain(thrown, io.env)}`)
    return 1
  }
}

/** Commander says its guesses in a second line. */
const oneLine = (text: string): string => `${text.trim().replaceAll(/\s*\n\s*/g, ' ')}\n`
