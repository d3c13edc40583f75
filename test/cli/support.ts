// The command line in this process, with what it wrote.
import { PassThrough } from 'node:stream'
import { run } from '../../src/cli/program.ts'

/** All that was written: a `read` of Node 26 gives one write's alone. */
function text(stream: PassThrough): string {
  const chunks: Buffer[] = []
  for (let chunk: Buffer | null; (chunk = stream.read() as Buffer | null);) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** No server listens at the default address: nothing is to be sent before the arguments are right. */
export async function cli(argv: readonly string[], env: NodeJS.ProcessEnv = {}, typed?: string) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  if (typed !== undefined) stdin.end(typed)
  const code = await run(argv, { stdin, stdout, stderr, env: { VERBATIM_URL: 'http://127.0.0.1:9', ...env } })
  return { code, out: text(stdout), err: text(stderr) }
}
