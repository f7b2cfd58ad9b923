// Runs seeds of the simulation one after the other, and shows what one of them does. `npm run test:faults -- --only simulation`
// runs many of them beside each other.
import { parseArgs } from 'node:util'
import { commitOf } from '../faults/cli/commit.ts'
import { type FaultKind, faultKinds, profileOf } from './profile.ts'
import { runSeed, type SeedRun } from './run.ts'

const usage = `npx node -C millrace-source packages/testing/simulation/main.ts [options]
  --first SEED      begins with this seed; default 1
  --seeds N         so many seeds; default 1
  --routed          only those seeds that have two sites and a broker between them
  --stop-at N       ends after so many seeds with findings
  --trace           prints what happened, line by line
  --without KIND,…  leaves these faults out: ${faultKinds.join(', ')}
  --shrink          tries which faults a seed with findings can do without`

const mostFindings = 5

function optionsOf(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      first: { type: 'string', default: '1' },
      seeds: { type: 'string', default: '1' },
      'stop-at': { type: 'string', default: 'Infinity' },
      routed: { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
      without: { type: 'string', multiple: true, default: [] },
      shrink: { type: 'boolean', default: false },
    },
  })
  const without = values.without.flatMap((kinds) => kinds.split(','))
  const unknown = without.find((kind) => !faultKinds.some((known) => known === kind))
  if (unknown !== undefined) throw new TypeError(`there is no fault '${unknown}'`)
  const [first, seeds, stopAt] = [values.first, values.seeds, values['stop-at']].map(Number) as [number, number, number]
  if (!(Number.isSafeInteger(first) && Number.isSafeInteger(seeds) && stopAt > 0)) {
    throw new TypeError('--first, --seeds and --stop-at take whole numbers')
  }
  return { ...values, first, seeds, stopAt, without: without as FaultKind[] }
}

/** Leaves out one kind of fault after the other, as long as something is found all the same. */
async function shrunk(run: SeedRun, without: readonly FaultKind[]): Promise<SeedRun> {
  let smallest = run
  let out = without
  for (const kind of faultKinds.filter((each) => run.profile.faults[each] > 0)) {
    const tried = await runSeed(run.seed, { without: [...out, kind] })
    if (tried.findings.length === 0) continue
    smallest = tried
    out = [...out, kind]
  }
  return smallest
}

function print({ seed, findings, fingerprint, counts, profile, trace }: SeedRun, withTrace: boolean): void {
  const mark = findings.length === 0 ? '✓' : '✗'
  const told = Object.entries(counts).map(([name, count]) => `${name} ${count}`)
  console.log(`${mark} seed ${seed}  ${fingerprint}  ${told.join('  ')}`)
  if (withTrace) console.log([JSON.stringify(profile), ...trace].join('\n'))
  if (findings.length === 0) return
  for (const { kind, message, evidence } of findings.slice(0, mostFindings)) {
    console.log(`    ${kind}: ${message}  ${JSON.stringify(evidence)}`)
  }
  if (findings.length > mostFindings) console.log(`    and ${findings.length - mostFindings} more`)
  const faults = Object.entries(profile.faults).filter(([, count]) => count > 0)
  console.log(`    faults: ${faults.map(([kind, count]) => `${kind} ${count}`).join(', ') || 'none'}`)
  console.log(`    commit ${commitOf()}; again: --first ${seed} --trace`)
}

async function run(options: ReturnType<typeof optionsOf>): Promise<number> {
  const { first, seeds, stopAt, trace, without, shrink, routed } = options
  let failed = 0
  let seed = first
  for (let left = seeds; left > 0 && failed < stopAt; seed++) {
    if (routed && profileOf(seed).sites === 'one') continue
    left--
    const run = await runSeed(seed, { without })
    if (run.findings.length > 0) failed++
    print(shrink && run.findings.length > 0 ? await shrunk(run, without) : run, trace)
  }
  console.log(`${failed} failed, up to seed ${seed - 1}`)
  return failed === 0 ? 0 : 1
}

function parsed(): ReturnType<typeof optionsOf> | undefined {
  try {
    return optionsOf(process.argv.slice(2))
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    console.error(`${error.message}\n\n${usage}`)
    return undefined
  }
}

const options = parsed()
process.exitCode = options === undefined ? 2 : await run(options)
