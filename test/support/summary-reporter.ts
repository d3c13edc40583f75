// The run's last line in the plain form that scripts read: `N passed, N failed`, with `, N skipped` where there are any.
import type { Reporter, TestModule } from 'vitest/node'

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 }
    for (const module of modules) {
      // a file that could not even be collected has no tests of its own, and must not pass for nothing
      if (module.errors().length > 0) count.failed++
      for (const test of module.children.allTests()) count[test.result().state]++
    }
    const skipped = count.skipped + count.pending
    // after the other reporters' summaries, which print when this hook is over
    process.on('exit', () =>
      console.log(`${count.passed} passed, ${count.failed} failed` + (skipped ? `, ${skipped} skipped` : '')),
    )
  }
}
