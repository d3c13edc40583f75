// The benchmark of the product: what it can be asked, how rounds become rows, when a figure is a failure, and what it shows.
import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { chart } from '../../bench/chat/chart.ts'
import { flatness } from '../../bench/chat/flatness.ts'
import { latenessIn, latenessOf } from '../../bench/chat/lateness.ts'
import { inTime } from '../../bench/chat/load/logs.ts'
import { createTimes } from '../../bench/chat/load/times.ts'
import { failureOf, rowsOf, summaryOf } from '../../bench/chat/measure.ts'
import type { Latency, Measure } from '../../bench/chat/measure.ts'
import { parseOptions } from '../../bench/chat/options.ts'
import { planOf } from '../../bench/chat/plan.ts'
import { partOf, readStat } from '../../bench/chat/processes.ts'
import { line } from '../../bench/chat/table.ts'

const choices = [
  { name: 'one-to-one', about: 'pairs' },
  { name: 'mixed', about: 'logs', needsData: true as const },
  { name: 'rebuild', about: 'read models', ownServerOnly: true as const },
]

describe('the arguments', () => {
  it('may be none: everything that needs nothing, three rounds on a server of its own', () => {
    expect(parseOptions([], choices)).toEqual({
      scenarios: ['one-to-one', 'rebuild'],
      leftOut: ['mixed needs IRC logs: --data FOLDER'],
      ...{ seconds: undefined, rounds: 3, url: undefined, pids: [], out: 'bench/results', dir: tmpdir() },
      ...{ data: undefined, speed: 60, quick: false, full: false },
    })
  })

  it.each(['ws://h:1/v1/socket', 'ws://h:1', 'http://h:1/', 'http://h:1'])(
    'name a server by any address of it: %s',
    url => {
      expect(parseOptions(['--url', url, '--pids', '12,13'], choices)).toMatchObject({
        ...{ url: 'http://h:1', pids: [12, 13], scenarios: ['one-to-one'] },
      })
    },
  )

  it.each([
    [['--rounds', '0'], "--rounds '0' is not a number from 1 to 99"],
    [['--seconds', '1.5'], "--seconds '1.5' is not a number from 1 to 3600"],
    [['--url', 'esdb://h:1'], "--url 'esdb://h:1' is not of the form ws://HOST:PORT or http://HOST:PORT"],
    [['--pids', '12'], '--pids is for a server that --url names'],
    [['--url', 'ws://h:1', '--pids', 'me'], "--pids 'me' is not a number"],
    [['--url', 'ws://h:1', '--dir', '/d'], '--dir is for a server of the benchmark'],
    [['--url', 'ws://h:1', '--scenario', 'rebuild'], "--scenario 'rebuild' needs a server of the benchmark's own"],
    [['--scenario', 'mixed'], "--scenario 'mixed' needs IRC logs: --data FOLDER"],
    [['--scenario', 'one-to-one,nothing'], "--scenario 'nothing' is none of one-to-one, mixed, rebuild"],
    [['--data', '/nowhere/at/all'], "--data '/nowhere/at/all' is no folder"],
    [['--quick', '--full'], '--quick and --full are the two ends'],
    [['--fast'], "Unknown option '--fast'"],
  ])('%j are refused', (argv, message) => {
    expect(() => parseOptions(argv, choices)).toThrow(message)
  })
})

describe('the plan', () => {
  it('grows to a million messages only when asked', () => {
    expect(planOf({ quick: false, full: false, seconds: undefined }).messages.at(-1)).toBe(100_000)
    expect(planOf({ quick: false, full: true, seconds: undefined }).messages.at(-1)).toBe(1_000_000)
  })

  it('measures as long as it is told', () => {
    expect(planOf({ quick: true, full: false, seconds: 7 })).toMatchObject({ seconds: 7, sessions: 300 })
  })
})

const latency = (p50: number, p99 = p50): Latency => ({ p50, p90: p50, p99, p999: p99, max: p99, count: 1 })
const row = (...rounds: Partial<Measure>[]) => rowsOf(rounds.map(one => ({ what: 'send', unit: 'msgs/s', ...one })))[0]!

describe('the rounds of a measurement', () => {
  it('become their medians, with the least and the most, and the worst of what was the longest', () => {
    const cpu = { server: 2 }
    const rounds = [
      { value: 10, latency: latency(1, 9), cpu },
      { value: 30, latency: latency(3, 2), cpu },
      { value: 20, latency: latency(2, 4), cpu: { server: 1, store: 5 } },
    ]
    expect(summaryOf(row(...rounds))).toEqual({
      value: { median: 20, min: 10, max: 30 },
      p50: { median: 2, min: 1, max: 3 },
      p99: { median: 4, min: 2, max: 9 },
      worst: 9,
      ...{ cpu: { server: 2, store: 5 }, memory: {}, delay: {}, longest: {} },
    })
  })

  it('have the median of how late loops were, and the longest of all that they were', () => {
    const rounds = [3, 9, 4].map(ms => ({ value: 1, delay: { server: ms }, longest: { server: ms * 100 } }))
    expect(summaryOf(row(...rounds))).toMatchObject({ delay: { server: 4 }, longest: { server: 900 } })
    expect(line(row(...rounds))).toMatch(/ 4\.00 +900 +msgs\/s$/)
  })

  it('are a failure where one of them lost anything, and no figure is shown then', () => {
    const failed = row({ value: 10 }, { value: 12_345, lost: 2, errors: 1, firstError: 'busy' })
    expect(failureOf(failed)).toBe('2 lost, 1 errors; the first: busy')
    expect(line(failed)).toMatch(/^ {2}send +FAILED: 2 lost, 1 errors; the first: busy$/)
    expect(failureOf(row({ value: 10, lost: 0, errors: 0 }))).toBeUndefined()
  })

  it('are a line of the table, in the order in which each thing came first', () => {
    const rows = rowsOf(['b', 'a', 'b'].map(what => ({ what, unit: '' })))
    expect(rows.map(({ what, rounds }) => [what, rounds.length])).toEqual([
      ['b', 2],
      ['a', 1],
    ])
    expect(line(row({ value: 1234, latency: latency(1.5, 20) }))).toMatch(/send +1,234 +1\.50 +20\.0 +20\.0 +msgs\/s$/)
  })
})

describe('times', () => {
  it('are kept to three digits', () => {
    const times = createTimes()
    expect(times.latency()).toBeUndefined()
    for (let ms = 1; ms <= 1000; ms++) times.took(ms)
    const { p50, p99, max, count } = times.latency()!
    expect(p50).toBeCloseTo(500, -1)
    expect(p99).toBeCloseTo(990, -1)
    expect(max).toBeCloseTo(1000, -1)
    expect(count).toBe(1000)
  })

  it('of a loop are late by what is more than its timer takes', () => {
    expect(latenessOf(10.4e6)).toBeCloseTo(0.4)
    expect(latenessOf(9.9e6)).toBe(0)
    expect(latenessIn({ percentile: n => n * 1e6, max: 310e6 })).toEqual({ p99: 89, longest: 300 })
  })
})

describe('processes', () => {
  it('are read as /proc has them, whatever they are called, with the time of children that have ended', () => {
    const fields = ['S', '7', ...Array<string>(9).fill('0'), '100', '20', '3', '4', '20']
    expect(readStat(`42 (odd) name) ${fields.join(' ')}`)).toEqual({ parent: 7, name: 'odd) name', cpu: 1.27 })
  })

  it.each([
    ['node', '/usr/bin/node\0/app/dist/embedded/main.js\0--dir', 'store'],
    ['postgres', 'postgres: writer', 'Postgres'],
    ['node', '/usr/bin/node\0/app/dist/main.js', 'server'],
  ])('are the parts of a server: %s, %j is the %s', (name, command, part) => {
    expect(partOf({ name }, command)).toBe(part)
  })
})

describe('growth', () => {
  const sized = (size: string, ...p50s: number[]) =>
    p50s.map(p50 => ({ what: `inbox, ${size} conversations`, unit: '', latency: latency(p50) }))

  it('is flat where the largest costs what the smallest does', () => {
    expect(flatness(rowsOf([...sized('10', 1, 2, 3), ...sized('1,000', 2, 3, 4)]))).toEqual([
      '  inbox by conversations: 2.00 → 3.00 ms, flat',
    ])
  })

  it('is told where the rounds of the largest are all above those of the smallest', () => {
    expect(flatness(rowsOf([...sized('10', 1, 2), ...sized('1,000', 9, 12)]))).toEqual([
      '  inbox by conversations: 1.50 → 10.5 ms, NOT FLAT: 7.00 times',
    ])
  })

  it('says nothing of what has one size', () => {
    expect(flatness(rowsOf(sized('10', 1)))).toEqual([])
  })
})

describe('a log that happens again', () => {
  it('is as many times faster as asked, after what was before it', () => {
    const entry = (at: string) => ({ line: 1, user: 'a', what: 'joined' as const, at: `2004-12-25T${at}:00.000Z` })
    const acts = inTime([entry('10:00'), entry('10:00'), entry('10:02')], 60, 500)
    expect(acts.map(({ due }) => due)).toEqual([500, 1000, 2500])
  })
})

describe('the chart', () => {
  it('has a bar for each rate and each latency, and none for what failed', () => {
    const rows = rowsOf([
      { what: 'a <fast> thing', unit: 'msgs/s', value: 1000, latency: latency(2, 20) },
      { what: 'a lossy thing', unit: 'msgs/s', value: 999, lost: 1 },
      { what: 'memory', unit: 'KiB', value: 60 },
    ])
    const svg = chart([{ scenario: 'pairs', title: 'Pairs', rows }], 'here & now')
    expect(svg).toContain('here &amp; now')
    expect(svg).toContain('pairs · a &lt;fast&gt; thing')
    expect(svg.match(/<circle/g)).toHaveLength(2)
    expect(svg).not.toContain('lossy')
    expect(svg).not.toMatch(/NaN|undefined|Infinity/)
  })

  it('is a picture also of nothing', () => {
    expect(chart([], 'nothing')).toMatch(/^<svg[^]*<\/svg>\n$/)
  })
})
