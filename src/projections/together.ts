// Questions that are put one by one and asked together.
import DataLoader from 'dataloader'

/**
 * What is asked within a tick is one question of at most so many, in order. Each statement costs its sender and Postgres a
 * round trip and its overhead, which for looking up one person is most of it.
 */
export function together<Question, Answer>(
  most: number,
  ask: (questions: readonly Question[]) => Promise<readonly Answer[]>,
): (question: Question) => Promise<Answer> {
  const loader = new DataLoader(ask, {
    cache: false,
    maxBatchSize: most,
    batchScheduleFn: go => void setImmediate(go),
  })
  return question => loader.load(question)
}
