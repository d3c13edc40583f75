// A storage whose keeping is over when the test says so.
import type { ClientStorage, KeptFrame, KeptPlace } from '../../src/client/index.ts'

export function memoryStorage(frames: readonly KeptFrame[] = [], place: KeptPlace = {}) {
  const kept = new Map(frames.map(frame => [frame.id, frame]))
  const puts: { id: string; kept: () => void; failed: (why: Error) => void }[] = []
  const storage: ClientStorage = {
    frames,
    place,
    put: frame =>
      new Promise<void>((resolve, reject) => {
        puts.push({
          id: frame.id,
          kept: () => {
            kept.set(frame.id, frame)
            resolve()
          },
          failed: reject,
        })
      }),
    remove: id => void kept.delete(id),
    keep: () => {},
    close: () => {},
  }
  return { storage, kept, puts }
}
