// The server as a process: reads the environment, starts the app, says what stands where, and stops when told to.
import pino from 'pino'
import { startApp } from './app.ts'
import { ConfigError, readConfig, type Config } from './config.ts'

export { aboutRoles, rolesIn } from './config.ts'

const say = (line: string) => process.stdout.write(`${line}\n`)
const complain = (line: string) => process.stderr.write(`${line}\n`)

/** Runs until SIGINT or SIGTERM. Resolves with the exit code: 0 after a stop, 1 where something is wrong. */
export async function runServer(env: NodeJS.ProcessEnv): Promise<number> {
  let config: Config
  try {
    config = readConfig(env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    complain(error.message)
    return 1
  }
  const log = pino(
    {
      level: config.logLevel,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { error: pino.stdSerializers.err },
    },
    pino.destination(2),
  )
  const stopping = new AbortController()
  let stop: (code: number) => void = () => undefined
  const stopped = new Promise<number>(resolve => {
    stop = code => {
      resolve(code)
      stopping.abort()
    }
  })
  process.on('SIGINT', () => stop(0)).on('SIGTERM', () => stop(0))
  const onFault = (error: Error) => {
    complain(`verbatim stops: ${error.message}`)
    stop(1)
  }
  try {
    const starting = startApp(config, say, log, onFault, stopping.signal)
    const app = await Promise.race([starting, stopped.then(() => undefined)])
    if (app) say(`ready ${app.url}`)
    const code = await stopped
    await (await starting).close()
    return code
  } catch (error) {
    if (stopping.signal.aborted) return stopped // it was told to stop while it waited for others
    log.debug({ error }, 'could not start')
    complain(`verbatim cannot start: ${(error as Error).message}`)
    return 1
  }
}
