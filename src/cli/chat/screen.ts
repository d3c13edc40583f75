// Lines in, lines out. On a terminal, what comes in while somebody types goes above the line being typed; in a pipe, lines
// are lines, without any escape codes.
import { createInterface } from 'node:readline'
import type { Io } from '../io.ts'

export interface Screen {
  print(line: string): void
  /** What is before the cursor, on a terminal. */
  prompt(text: string): void
  /** Each line that is typed, until the end of input. Called once. */
  lines(): AsyncIterable<string>
  close(): void
}

export function openScreen({ stdin, stdout }: Io): Screen {
  const terminal = Boolean(stdin.isTTY && stdout.isTTY)
  const reader = createInterface({ input: stdin, output: terminal ? stdout : undefined, terminal })
  reader.on('SIGINT', () => reader.close()) // on a terminal, readline takes ctrl-C for itself
  const lines = reader[Symbol.asyncIterator]() // from the start: what is typed before anybody asks for it waits
  let open = true
  reader.once('close', () => (open = false))
  return {
    print: line => {
      if (!terminal || !open) return void stdout.write(`${printable(line)}\n`)
      stdout.write(`\r\u001b[J${printable(line)}\n`)
      reader.prompt(true)
    },
    prompt: text => {
      if (!terminal || !open) return
      reader.setPrompt(text)
      reader.prompt(true)
    },
    lines: () => ({ [Symbol.asyncIterator]: () => lines }),
    close: () => reader.close(),
  }
}

/** What others write must not move the cursor or ring bells: control characters are shown as `�`. */
const printable = (text: string): string => text.replaceAll(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, '�')
