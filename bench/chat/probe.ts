// Loaded into the server by `node --import`: tells how late its event loop is. Over a local socket, so that the generator can
// ask at the very moment; the product knows nothing of it.
import { createServer } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'
import { RESOLUTION, latenessIn } from './lateness.ts'

const path = process.env['BENCH_PROBE']
// nothing that the server starts is to listen there too: neither its threads nor its children
if (path !== undefined && isMainThread) {
  delete process.env['BENCH_PROBE']
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION })
  delay.enable()
  createServer(socket => {
    socket.on('error', () => undefined)
    socket.on('data', asked => {
      if (asked.includes('reset')) delay.reset()
      socket.write(`${JSON.stringify(latenessIn(delay))}\n`)
    })
  })
    .listen(path)
    .unref()
}
