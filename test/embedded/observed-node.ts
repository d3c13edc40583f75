// A node on disk that can be looked at from outside: who follows its log, and what its reads hand over.
import { randomUUID } from 'node:crypto'
import { onTestFinished } from 'vitest'
import { accessOf } from '../../src/embedded/access.ts'
import type { Call } from '../../src/embedded/calls/call.ts'
import { routes } from '../../src/embedded/calls/routes.ts'
import { openEventLog } from '../../src/embedded/engine/event-log.ts'
import type { Follower, Tail } from '../../src/embedded/engine/tail.ts'
import { pagesOf } from '../../src/embedded/http/pages.ts'
import type { NodeInfo } from '../../src/embedded/node-info.ts'
import { startServer } from '../../src/embedded/server.ts'
import { openDiskStorage } from '../../src/embedded/storage/disk/disk-storage.ts'
import { folder } from './support.ts'

export const observedNode = async () => {
  const log = openEventLog({
    storage: await openDiskStorage(await folder(), { log: () => undefined }),
    onFatal: error => {
      throw error
    },
  })
  const { tail, ...following } = observedTail(log.tail)
  const { onRead, handed } = observedReads()
  const node: NodeInfo = {
    instance: randomUUID(),
    hasUsers: false,
    addressFor: () => ({ host: '127.0.0.1', port: 1 }),
    logEnd: () => log.end(),
  }
  const served = new Map(routes({ ...log, tail }, node))
  const path = '/event_store.client.streams.Streams/Read'
  const read = served.get(path)!
  served.set(path, (call, headers) => read(onRead(call), headers))
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    log: () => undefined,
    routes: served,
    pages: pagesOf(node),
    access: accessOf(undefined),
  })
  onTestFinished(async () => {
    await server.close()
    await log.close()
  })
  return { url: `esdb://127.0.0.1:${server.port}?tls=false`, handed, ...following }
}

const observedTail = (tail: Tail) => {
  let followers = 0
  let told = 0
  let whenDeserted = (): void => undefined
  const observed = (follow: (follower: Follower) => () => void, follower: Follower): (() => void) => {
    followers++
    const stop = follow(committed => {
      told++
      follower(committed)
    })
    return () => {
      stop()
      if (--followers === 0) whenDeserted()
    }
  }
  return {
    tail: {
      ...tail,
      followAll: follower => observed(tail.followAll, follower),
      followStream: (stream, follower) => observed(each => tail.followStream(stream, each), follower),
    } satisfies Tail,
    followers: () => followers,
    /** How often followers were told of a commit. */
    told: () => told,
    /** Resolves when the last follower there is has gone. */
    deserted: () => new Promise<void>(resolve => (whenDeserted = resolve)),
  }
}

const observedReads = () => {
  /** Bytes given to the connection for each read, in the order in which they came. */
  const handed: number[] = []
  const onRead = (call: Call): Call => {
    const number = handed.push(0) - 1
    return {
      ...call,
      send: frames => {
        handed[number]! += frames.length
        return call.send(frames)
      },
    }
  }
  return { onRead, handed }
}
