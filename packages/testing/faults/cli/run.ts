import { inspect } from 'node:util'
import { hasPassed, type SeedResult, type Suite, sumOf } from '../suite.ts'
import { paint, printSeed, type SuiteResult } from './print.ts'

/** Runs the seeds of a suite, some beside each other, and tells of each as it ends. */
export async function runSuite(suite: Suite, first: number, seeds: number, parallel: number): Promise<SuiteResult> {
  const began = performance.now()
  const ended = (rest: Partial<SuiteResult>): SuiteResult => ({
    suite,
    results: [],
    missing: [],
    ...rest,
    ms: performance.now() - began,
  })
  const skipped = await suite.unavailable()
  if (skipped !== undefined) {
    console.log(`${paint('yellow', '-')} ${suite.name.padEnd(12)} skipped: ${skipped}`)
    return ended({ skipped })
  }
  try {
    await suite.prepare()
  } catch (error) {
    console.log(`${paint('red', '✗')} ${suite.name.padEnd(12)} could not be prepared: ${inspect(error)}`)
    return ended({ missing: ['it could not be prepared'] })
  }
  const results: SeedResult[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < seeds) {
      const result = await suite.run(first + next++)
      results.push(result)
      printSeed(suite, result, results.length, seeds)
    }
  }
  await Promise.all(Array.from({ length: Math.min(parallel, seeds) }, lane))
  await suite.close()
  const passed = results.filter(hasPassed)
  // Of a suite with failures much is missing; those are what is to be looked at.
  const missing = passed.length === results.length ? suite.judge(sumOf(results), seeds) : []
  for (const sentence of missing) console.log(`${paint('red', '✗')} ${suite.name.padEnd(12)} ${sentence}`)
  return ended({ results, missing })
}
