// Listening where the settings say, and what is said where that cannot be.
import type { Config } from '../config.ts'

/** The port where none is asked for; another where it is taken. */
const usualPort = 8080

interface Door {
  listen(port: number, host: string): Promise<{ port: number }>
}

/** Answers the address. */
export async function listen(door: Door, { host, port }: Pick<Config, 'host' | 'port'>): Promise<string> {
  const at = (taken: { port: number }) => `http://${host.includes(':') ? `[${host}]` : host}:${taken.port}`
  try {
    return at(await door.listen(port ?? usualPort, host))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE' && port === undefined) return at(await door.listen(0, host))
    if (code === 'EADDRINUSE')
      throw new Error(`PORT ${port} on ${host} is taken: stop what listens there, or set another (0: any)`)
    throw new Error(`cannot listen on HOST ${host}: ${message}`)
  }
}
