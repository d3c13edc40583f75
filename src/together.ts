// Questions that are put one by one and asked together.

interface Asked<Question, Answer> {
  readonly question: Question
  answer(answer: Answer): void
  fail(error: unknown): void
}

/**
 * What is asked within a tick, and while the last question is under way, is one question of at most so many, in order. Each statement
 * costs its sender and Postgres a round trip and its overhead, which for looking up one person is most of it: sixteen who log in
 * at once, one after the other, came in ticks of their own, and 5,000 of them asked 4,500 times. As many as one question may
 * hold do not wait for another.
 */
export function together<Question, Answer>(
  most: number,
  ask: (questions: readonly Question[]) => Promise<readonly Answer[]>,
): (question: Question) => Promise<Answer> {
  let waiting: Asked<Question, Answer>[] = []
  let underWay = 0
  let due = false

  const put = async (): Promise<void> => {
    const asked = waiting.slice(0, most)
    waiting = waiting.slice(most)
    underWay++
    try {
      const answers = await ask(asked.map(({ question }) => question))
      for (const [n, one] of asked.entries()) one.answer(answers[n]!)
    } catch (error) {
      for (const one of asked) one.fail(error)
    }
    underWay--
    if (!due) go()
  }
  const go = (): void => {
    due = false
    while (waiting.length >= most || (waiting.length > 0 && underWay === 0)) void put()
  }

  return question =>
    new Promise((answer, fail) => {
      waiting.push({ question, answer, fail })
      if (due || (underWay > 0 && waiting.length < most)) return
      due = true
      setImmediate(go)
    })
}
