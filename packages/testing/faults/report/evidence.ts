import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem, type } from 'node:os'
import { commitOf } from '../cli/commit.ts'
import type { SuiteResult } from '../cli/print.ts'
import { hasPassed, sumOf } from '../suite.ts'

/** What the last run of a suite came to, as it is kept beside the page that shows it. */
export interface SuiteEvidence {
  readonly name: string
  readonly description: string
  /** The day, as 2026-01-31. */
  readonly date: string
  readonly commit: string
  readonly machine: string
  readonly first: number
  readonly seeds: number
  readonly failed: number
  readonly findings: number
  /** Why it was not tried. */
  readonly skipped: string | null
  readonly missing: readonly string[]
  readonly counts: Readonly<Record<string, number>>
  readonly seconds: number
}

const file = new URL('../../../../docs/evidence.json', import.meta.url)

/** Where it ran, as far as it matters for how long it took. */
function machineOf(): string {
  const processors = cpus()
  const gigabytes = Math.round(totalmem() / 2 ** 30)
  const { node, sqlite } = process.versions
  return `${processors.length} × ${processors[0]!.model.trim()}, ${gigabytes} GiB, ${type()} ${release()}, Node.js ${node}, SQLite ${sqlite}`
}

/**
 * Replaces what is known of the suites that were run, and keeps the rest.
 * @param order the names of all suites; what is of none of them is dropped
 */
export function keepEvidence(
  results: readonly SuiteResult[],
  first: number,
  order: readonly string[],
): readonly SuiteEvidence[] {
  const known = new Map(readEvidence().map((evidence) => [evidence.name, evidence]))
  const common = { date: new Date().toISOString().slice(0, 10), commit: commitOf(), machine: machineOf(), first }
  for (const { suite, results: seeds, skipped = null, missing, ms } of results) {
    known.set(suite.name, {
      ...common,
      name: suite.name,
      description: suite.description,
      seeds: seeds.length,
      failed: seeds.filter((seed) => !hasPassed(seed)).length,
      findings: seeds.reduce((sum, { findings }) => sum + findings.length, 0),
      skipped,
      missing,
      counts: Object.fromEntries([...sumOf(seeds)].toSorted(([one], [other]) => one.localeCompare(other))),
      seconds: Math.round(ms / 1_000),
    })
  }
  const all = order.flatMap((name) => known.get(name) ?? [])
  writeFileSync(file, `${JSON.stringify(all, undefined, 2)}\n`)
  return all
}

function readEvidence(): readonly SuiteEvidence[] {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as readonly SuiteEvidence[]) : []
}
