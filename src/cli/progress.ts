// How far long work is: a bar with rate and ETA on a terminal, a plain line every few seconds elsewhere.
import { SingleBar } from 'cli-progress'
import { say } from './io.ts'
import type { Io } from './io.ts'

export interface Progress {
  update(done: number): void
  stop(): void
}

const EVERY = 5000

export interface Task {
  readonly name: string
  readonly total: number
  readonly unit: string
}

/** `clock` in milliseconds. */
export function progress(stderr: Io['stderr'], task: Task, clock: () => number = Date.now): Progress {
  const began = clock()
  const figures = (done: number) => {
    const rate = done / Math.max(0.001, (clock() - began) / 1000)
    const eta = rate > 0 ? duration((task.total - done) / rate) : '?'
    return { rate: `${rounded(rate)} ${task.unit}/s`, left: eta }
  }
  if (stderr.isTTY) {
    const format = `${task.name} {bar} {percentage}%  {value}/{total}  {rate}  ETA {left}`
    const bar = new SingleBar({ format, stream: stderr, hideCursor: true, barsize: 30 })
    bar.start(task.total, 0, figures(0))
    return { update: done => bar.update(done, figures(done)), stop: () => bar.stop() }
  }
  let told = began
  return {
    update: done => {
      if (clock() - told < EVERY) return
      told = clock()
      const { rate, left } = figures(done)
      say(stderr, `${task.name} ${done}/${task.total} ${task.unit}, ${rate}, ETA ${left}`)
    },
    stop: () => {},
  }
}

const rounded = (rate: number): string => (rate < 10 ? rate.toFixed(1) : String(Math.round(rate)))

function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  if (h > 0) return `${h}h${String(m).padStart(2, '0')}m`
  return m > 0 ? `${m}m${String(s).padStart(2, '0')}s` : `${s}s`
}
