import type { Finding } from '@millrace/testing/history'

/** What became of one seed. */
export interface SeedResult {
  readonly seed: number
  readonly findings: readonly Finding[]
  /** Why the seed could not be tried to its end. */
  readonly error?: unknown
  readonly counts: ReadonlyMap<string, number>
  readonly ms: number
  /** Where what is needed to look into it was kept. */
  readonly kept?: string
}

export const hasPassed = ({ findings, error }: SeedResult): boolean => findings.length === 0 && error === undefined

/** What the command runs under one name: a fault with its trials, or the simulation. */
export interface Suite {
  readonly name: string
  readonly description: string
  readonly seeds: { readonly quick: number; readonly full: number }
  unavailable(): Promise<string | undefined>
  prepare(): Promise<void>
  /** Never rejects. */
  run(seed: number): Promise<SeedResult>
  judge(counts: ReadonlyMap<string, number>, seeds: number): readonly string[]
  /** Lets go of what it holds, after the last seed. */
  close(): Promise<void>
}

/** The sums of what the seeds counted. */
export function sumOf(results: readonly SeedResult[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>()
  for (const { counts } of results) for (const [name, by] of counts) sums.set(name, (sums.get(name) ?? 0) + by)
  return sums
}
