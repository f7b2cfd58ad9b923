import { writeFileSync } from 'node:fs'
import type { Reporter, SerializedError, TestModule } from 'vitest/node'

/** Counts of a test run. What failed outside of any test (a file that does not load, an unhandled error) is a failure too. */
function countsOf(modules: readonly TestModule[], unhandled: readonly SerializedError[]): string {
  let passed = 0
  let failed = unhandled.length
  for (const module of modules) {
    const tests = [...module.children.allTests()].map((test) => test.result().state)
    const failedTests = tests.filter((state) => state === 'failed').length
    passed += tests.filter((state) => state === 'passed').length
    failed += failedTests === 0 && module.state() === 'failed' ? 1 : failedTests
  }
  return `${passed} passed, ${failed} failed`
}

/** A reporter for vitest that writes `N passed, N failed` into the file that `TEST_COUNTS_FILE` names. */
// biome-ignore lint/style/noDefaultExport: vitest takes the default export of a reporter.
export default class CountsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const file = process.env.TEST_COUNTS_FILE
    if (file === undefined) throw new Error('TEST_COUNTS_FILE must name the file for the counts')
    writeFileSync(file, `${countsOf(modules, unhandled)}\n`)
  }
}
