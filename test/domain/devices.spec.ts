// Devices: linked once until they are signed out, and signed out once until they are linked again.
import { describe, expect, it } from 'vitest'
import { decide, fold } from '../../src/domain/decider.ts'
import { isRefusal } from '../../src/domain/index.ts'
import type { UserCommand } from '../../src/domain/user/commands.ts'
import { mostSignedOut, user } from '../../src/domain/user/decider.ts'

const at = '2026-01-02T03:04:05.006Z'
const about = { user: 'alice', device: 'phone', at }
const arrive: UserCommand = { type: 'Arrive', ...about }
const back: UserCommand = { type: 'Return', ...about }
const signOut: UserCommand = { type: 'SignOut', ...about }

/** The events of each command, one after the other. */
function run(...commands: UserCommand[]) {
  let state = user.initial
  return commands.map(command => {
    const events = decide(user, command, state)
    if (isRefusal(events)) return events.refused
    state = fold(user, state, events)
    return events.map(({ type }) => type)
  })
}

describe('a device', () => {
  it('[Y2] is signed out once, however often that is asked', () => {
    expect(run(arrive, signOut, signOut)).toEqual([['UserRegistered', 'DeviceLinked'], ['DeviceSignedOut'], []])
  })

  it('[Y4] is linked once more when it returns, and can be signed out again', () => {
    expect(run(arrive, signOut, back, back, arrive, signOut)).toEqual([
      ['UserRegistered', 'DeviceLinked'],
      ['DeviceSignedOut'],
      ['DeviceLinked'],
      [],
      [],
      ['DeviceSignedOut'],
    ])
  })

  it('[Y2] that was never seen can be signed out, so many at a time; one that is linked always', () => {
    expect(run(signOut)).toEqual([['DeviceSignedOut']])
    const many = Array.from({ length: mostSignedOut }, (_, n) => ({ ...signOut, device: `device-${n}` }))
    const end = run(arrive, ...many, { ...signOut, device: 'one-more' }, signOut).slice(-2)
    expect(end).toEqual(['not-allowed', ['DeviceSignedOut']])
  })
})
