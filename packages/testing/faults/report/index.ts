import { readFileSync, writeFileSync } from 'node:fs'
import type { SuiteResult } from '../cli/print.ts'
import { keepEvidence } from './evidence.ts'
import { betweenMarks } from './marks.ts'
import { details, summary } from './page.ts'

const root = new URL('../../../../', import.meta.url)

/** Writes what the suites came to into the page with the evidence and the table of the README. @returns the files */
export function writeReport(
  results: readonly SuiteResult[],
  first: number,
  order: readonly string[],
): readonly string[] {
  const evidence = keepEvidence(results, first, order)
  const pages = { 'docs/evidence.md': details(evidence), 'README.md': summary(evidence) }
  for (const [page, content] of Object.entries(pages)) {
    const place = new URL(page, root)
    writeFileSync(place, betweenMarks(readFileSync(place, 'utf8'), 'evidence', content))
  }
  return ['docs/evidence.json', ...Object.keys(pages)]
}
