// The benchmark of the store: what it can be asked, and how its rounds become one row.
import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { summary } from '../../bench/store/figures.ts'
import { parseOptions, shownUrl } from '../../bench/store/options.ts'

const scenarios = [{ name: 'appends' }, { name: 'restart', ownNodeOnly: true as const }]

describe('the arguments', () => {
  it('may be none: every scenario, on a node of its own, three rounds', () => {
    const only = ['appends', 'restart']
    const options = { dir: tmpdir(), url: undefined, only, rounds: 3, quick: false, json: undefined }
    expect(parseOptions([], scenarios)).toEqual(options)
  })

  it('leave out what restarts its server where that is of others', () => {
    const url = 'esdb://127.0.0.1:2113?tls=false'
    expect(parseOptions(['--url', url, '--quick'], scenarios)).toMatchObject({ url, only: ['appends'], rounds: 1 })
  })

  it('are shown without a password', () => {
    expect(shownUrl('esdb://admin:changeit@h:2113?tls=true')).toBe('esdb://h:2113?tls=true')
    expect(shownUrl('esdb://h:2113?tls=false')).toBe('esdb://h:2113?tls=false')
  })

  it.each([
    [['--rounds', '0'], "--rounds '0' is not a number from 1 to 99"],
    [['--rounds', 'many'], "--rounds 'many' is not a number from 1 to 99"],
    [['--only', 'appends,nothing'], "--only 'nothing' is none of appends, restart"],
    [['--url', 'http://127.0.0.1'], 'is not of the form esdb://HOST:PORT?tls=false'],
    [['--url', 'esdb://h:1', '--dir', '/d'], '--dir is for a node of the benchmark'],
    [['--url', 'esdb://h:1', '--only', 'restart'], "--only 'restart' is none of appends, as --url goes"],
    [['--fast'], "Unknown option '--fast'"],
  ])('%j are refused', (argv, message) => {
    expect(() => parseOptions(argv, scenarios)).toThrow(message)
  })
})

describe('the rounds of a measurement', () => {
  it('become their medians, and the worst of what was the longest', () => {
    const rounds = [
      { rate: 10, p50: 1, max: 9 },
      { rate: 30, p50: 3, max: 2 },
      { rate: 20, p50: 2, max: 1 },
      { rate: 40, p50: 4, max: 5, serverCpu: 7 },
    ]
    expect(summary(rounds)).toEqual({ rate: 25, p50: 2.5, max: 9, serverCpu: 7 })
  })
})
