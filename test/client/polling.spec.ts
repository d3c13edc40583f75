// What a client that polls leaves behind: nothing.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Http } from '../../src/client/http.ts'
import { openPolling } from '../../src/client/polling.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

const turn = () => new Promise(setImmediate)

describe('polls that another one of the same device replaces', () => {
  const open = () => {
    let polls = 0
    const http = {
      get: () => Promise.resolve({ frames: [], cursor: 'c', replaced: polls++ > 0 }),
      ask: () => Promise.resolve({ frames: [] }),
    } as unknown as Http
    const listener = { opened: () => {}, text: () => {}, frame: () => {}, lost: () => {}, answered: () => {} }
    return { polling: openPolling(http, listener), polls: () => polls }
  }

  it('have a pause', async () => {
    const { polls } = open()
    await turn()
    expect([polls(), vi.getTimerCount()]).toEqual([2, 1])
    vi.runAllTimers()
    await turn()
    expect(polls()).toBe(3)
  })

  it('hold nothing up once they are over', async () => {
    const { polling, polls } = open()
    await turn()
    await polling.drop(1000)
    await turn()
    expect([polls(), vi.getTimerCount()]).toEqual([2, 0])
  })
})
