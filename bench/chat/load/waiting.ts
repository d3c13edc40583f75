// Waiting, and doing several things at once.

export const pause = (seconds: number): Promise<void> => new Promise(resolve => setTimeout(resolve, seconds * 1000))

/** How long what is under way may take, in seconds, before it is lost. */
const PATIENCE = 15

/** Waits until nothing is under way. Answers what still is. */
export const drained = async (underWay: () => number): Promise<number> => {
  const givenUp = performance.now() + PATIENCE * 1000
  while (underWay() > 0 && performance.now() < givenUp) await pause(0.02)
  return underWay()
}

/** `work(0)` … `work(count - 1)`, so many at once; the results in that order. */
export const inParallel = async <T>(
  count: number,
  atOnce: number,
  work: (index: number) => Promise<T>,
): Promise<T[]> => {
  const results: T[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) {
      const index = next++
      results[index] = await work(index)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker))
  return results
}
