// Whose a storage is, and stays.
import { describe, expect, it } from 'vitest'
import type { KeptPlace } from '../../src/client/index.ts'
import { Place } from '../../src/client/storage/place.ts'
import { memoryStorage } from './memory-storage.ts'

function open(place: KeptPlace, expected?: string) {
  const kept: KeptPlace[] = []
  const storage = { ...memoryStorage([], place).storage, keep: (place: KeptPlace) => void kept.push(place) }
  return { kept, place: new Place(storage, undefined, expected) }
}

describe('a storage', () => {
  it('[C23] becomes whose the first token is, and bars everybody else', () => {
    const { kept, place } = open({})
    expect(place.barred('alice')).toBeUndefined()
    expect(kept).toEqual([{ user: 'alice' }])
    expect(place.barred('bob')).toBe("the storage is alice's: each user has one of their own")
    expect(open({ user: 'alice' }).place.barred('bob')).toContain("the storage is alice's")
  })

  it('[C23] becomes nobody’s but who is expected', () => {
    const { kept, place } = open({}, 'alice')
    expect(place.barred('bob')).toBe("the token is bob's, not alice's")
    expect(kept).toEqual([])
    expect(place.barred('alice')).toBeUndefined()
    expect(kept).toEqual([{ user: 'alice' }])
  })

  it('[C23] that is somebody else’s bars also who is expected', () => {
    expect(open({ user: 'bob' }, 'alice').place.barred('alice')).toContain("the storage is bob's")
  })
})
