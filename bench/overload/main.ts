// `npm run bench:overload`: finds out how much the machine takes, offers it twice that, and tells what became of it.
import { fork, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startArguments } from '../start.ts'
import type { Figures, Order } from './messages.ts'

const usage = 'npm run bench:overload -- [--people 400] [--seconds 20] [--times 2] [--port 18080]'
const { values } = parseArgs({
  options: {
    people: { type: 'string', default: '400' },
    seconds: { type: 'string', default: '20' },
    times: { type: 'string', default: '2' },
    port: { type: 'string', default: '18080' },
    help: { type: 'boolean', default: false },
  },
})
const [people, seconds, times, port] = [values.people, values.seconds, values.times, values.port].map(Number)
if (values.help || [people, seconds, times, port].some(n => !(n! > 0))) {
  process.stdout.write(`${usage}\n`)
  process.exit(values.help ? 0 : 1)
}

const print = (line: string): void => void process.stdout.write(`${line}\n`)
const root = resolve(import.meta.dirname, '../../..')
const dataDir = mkdtempSync(join(tmpdir(), 'bench-overload-'))

async function startServer() {
  const env = { ...process.env, PORT: String(port), VERBATIM_DATA: dataDir, DEV_TOKENS: 'on' }
  const child = spawn(process.execPath, startArguments(root), { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] })
  const url = await new Promise<string>((ready, failed) => {
    createInterface(child.stdout).on('line', line => line.startsWith('ready ') && ready(line.slice(6)))
    child.once('exit', code => failed(new Error(`the server ended with ${code}`)))
  })
  const gone = new Promise(ended => child.once('exit', ended))
  return { url, stop: () => (child.kill('SIGTERM'), gone) }
}

let server = await startServer()
const generator = fork(join(import.meta.dirname, 'generator.js'))
const order = <T>(what: Order) =>
  new Promise<T>(answered => {
    generator.once('message', figures => answered(figures as T))
    generator.send(what)
  })

/** The server's own figures: of each, the number that stands behind its name and labels. */
async function metrics(): Promise<Map<string, number>> {
  const text = await (await fetch(`${server.url}/metrics`)).text()
  const lines = text.split('\n').filter(line => line.startsWith('verbatim_'))
  return new Map(
    lines.map(line => [line.slice(9, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  )
}

const per = (figures: Figures) => Math.round(figures.sent / figures.seconds)
const line = (figures: Figures) =>
  `${per(figures)} sent/s, ${Math.round(figures.received / figures.seconds)} received/s, ` +
  `sent p50 ${figures.p50} ms, p99 ${figures.p99} ms (after 5 s: ${figures.p99Later} ms), at most ${figures.most} ms`

/** What a share of the server's answers took at most, as its histogram has it. */
function quantile(before: Map<string, number>, after: Map<string, number>, share: number): number {
  const grown = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0)
  const buckets = [...after.keys()].filter(name => name.startsWith('sent_seconds_bucket'))
  const found = buckets.find(name => grown(name) >= share * grown('sent_seconds_count'))
  return Number(/le="([^"]+)"/.exec(found ?? '')?.[1]) * 1000
}

async function untilCalm(): Promise<number> {
  const began = performance.now()
  while ((await metrics()).get('load_level') !== 0) await sleep(100)
  return (performance.now() - began) / 1000
}

try {
  const came = await order<number>({ do: 'come', url: server.url, people: people! })
  print(`${people} people came in ${came.toFixed(1)} s (${Math.round(people! / came)}/s)`)
  await order<Figures>({ do: 'fill', underWay: 1, seconds: 5 }) // until the code is warm
  await untilCalm()

  const capacity = await order<Figures>({ do: 'fill', underWay: 2, seconds: seconds! })
  print(`capacity: ${line(capacity)}; levels ${JSON.stringify(capacity.levels)}`)
  print(`  calm again after ${(await untilCalm()).toFixed(1)} s`)

  const rate = Math.round(per(capacity) * times!)
  const before = await metrics()
  const pressed = await order<Figures>({ do: 'press', rate, seconds: seconds! })
  const calm = pressed.drained + (await untilCalm())
  const after = await metrics()
  const share = Math.round((100 * per(pressed)) / per(capacity))
  const offered = Math.round((pressed.said + pressed.unsaid) / pressed.seconds)
  print(`offered ${offered}/s: ${line(pressed)}: ${share} % of capacity`)
  print(`  by the server's own count: p99 at most ${quantile(before, after, 0.99)} ms`)
  print(`  busy ${pressed.busy}, not said by who had ${20} waiting ${pressed.unsaid}`)
  const grown = [...after].filter(([name]) => name.startsWith('shed_total'))
  print(`  shed ${grown.map(([name, n]) => `${name.slice(10)} ${n - (before.get(name) ?? 0)}`).join(', ')}`)
  print(`  levels ${JSON.stringify(pressed.levels)}`)
  print(`  all answered ${pressed.drained.toFixed(1)} s after the end, level 0 after ${calm.toFixed(1)} s`)

  const returning = order<number>({ do: 'await' })
  await server.stop()
  server = await startServer()
  const back = await returning
  const { admitted, refused } = await metrics().then(now => ({
    admitted: now.get('sessions_admitted_total'),
    refused: now.get('sessions_refused_total'),
  }))
  print(`restarted: everybody back in ${back.toFixed(1)} s; let in ${admitted}, told to come back later ${refused}`)
} finally {
  generator.send({ do: 'leave' } satisfies Order)
  await new Promise(ended => generator.once('exit', ended))
  await server.stop()
  rmSync(dataDir, { recursive: true, force: true })
}
