import { figureOf } from './figures.ts'
import { type MeasurementName, measurementNames, measurements, type Outcome } from './measure/index.ts'
import type { Row } from './result.ts'
import { type Job, type Reply, runJob } from './run.ts'
import { type Variant, versionsOf } from './variants.ts'

interface Options {
  readonly amount: Job['amount']
  readonly runs: number
  /** The folder that stores write to. */
  readonly folder: string
  readonly say: (text: string) => void
}

interface Kept {
  readonly outcomes: Partial<Record<MeasurementName, Outcome[]>>
  readonly failures: Partial<Record<MeasurementName, string>>
  durability: string
  server: string
}

const shown = (reply: Reply): string => {
  if ('failed' in reply) return `failed: ${reply.failed}`
  if ('perSecond' in reply.outcome) return `${reply.outcome.perSecond.toLocaleString('en')}/s`
  return `p50 ${reply.outcome.p50Ms} ms, p99 ${reply.outcome.p99Ms} ms`
}

/**
 * Measures everything, each in a process of its own, the peers by turns: what disturbs the machine for a while disturbs them
 * all. The first of a turn is another one each time.
 */
export async function measureAll(variants: readonly Variant[], options: Options): Promise<readonly Row[]> {
  const { amount, runs, folder, say } = options
  const kept = new Map<Variant, Kept>(
    variants.map((each) => [each, { outcomes: {}, failures: {}, durability: each.settings, server: '?' }]),
  )
  const total = runs * measurementNames.reduce((sum, name) => sum + having(variants, name).length, 0)
  let count = 0
  for (let run = 0; run < runs; run++) {
    for (const name of measurementNames) {
      const turn = having(variants, name)
      for (let at = 0; at < turn.length; at++) {
        const variant = turn[(at + run) % turn.length]!
        const { address, durability, settings } = variant
        const scope = `bench_${process.pid}_${count++}`
        const reply = await runJob(
          { peer: variant.key, measurement: name, amount },
          { address, durability, settings, scope },
          folder,
        )
        say(
          `[${count}/${total}] ${variant.peer.name}, ${variant.setting}: ${measurements[name].title}: ${shown(reply)}`,
        )
        keep(kept.get(variant)!, name, reply)
      }
    }
  }
  return variants.map((variant) => rowOf(variant, kept.get(variant)!))
}

const having = (variants: readonly Variant[], name: MeasurementName): readonly Variant[] =>
  variants.filter(({ peer }) => measurements[name].of(peer))

function keep(kept: Kept, name: MeasurementName, reply: Reply): void {
  if ('failed' in reply) {
    kept.failures[name] = reply.failed
    return
  }
  const outcomes = kept.outcomes[name] ?? []
  kept.outcomes[name] = outcomes
  outcomes.push(reply.outcome)
  kept.durability = reply.durability
  kept.server = reply.server
}

function rowOf({ peer, setting }: Variant, { outcomes, failures, durability, server }: Kept): Row {
  const figures = Object.entries(outcomes).map(([name, each]) => [name, figureOf(each)] as const)
  return {
    peer: peer.name,
    setting,
    durability,
    server,
    packages: versionsOf(peer.packages),
    load: peer.load,
    notes: peer.notes,
    figures: Object.fromEntries(figures),
    outcomes,
    failures,
  }
}
