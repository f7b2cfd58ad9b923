import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { check } from './check.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10' },
    first: { type: 'string' },
    only: { type: 'string', default: 'kill' },
    events: { type: 'string', default: '400' },
  },
})
if (values.only !== 'kill') {
  console.error(`There is no fault '${values.only}'; there is: kill`)
  process.exit(2)
}
const seeds = Number(values.seeds)
const first = Number(values.first ?? Math.floor(Math.random() * 1_000_000))
const count = Number(values.events)
const killsASeed = 6

/** Repeatable random numbers (mulberry32, T. Ettinger 2017). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Runs the workload once; it is killed after so many acknowledgements and a moment more, if at all. */
function run(
  path: string,
  seed: number,
  acknowledged: Set<number>,
  killAfter: number | undefined,
  momentMs: number,
): Promise<boolean> {
  const workload = new URL('./workload.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['-C', 'millrace-source', workload, path, String(seed), String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let finished = false
  let fresh = 0
  let rest = ''
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n')
    rest = lines.pop()!
    for (const line of lines) {
      if (line === 'finished') finished = true
      else {
        acknowledged.add(Number(line))
        if (++fresh === killAfter) setTimeout(() => child.kill('SIGKILL'), momentMs)
      }
    }
  })
  return new Promise((resolve, reject) => {
    child.on('exit', (code, signal) => {
      if (code === 0 || signal === 'SIGKILL') resolve(finished)
      else reject(new Error(`seed ${seed}: the workload ended with ${code ?? signal}`))
    })
  })
}

let bad = 0
for (let seed = first; seed < first + seeds; seed++) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-faults-'))
  const path = join(folder, 'faults.db')
  const random = randomOf(seed)
  const acknowledged = new Set<number>()
  for (let kill = 0; kill < killsASeed; kill++) {
    await run(path, seed, acknowledged, 1 + Math.floor(random() * count), random() * 40)
  }
  await run(path, seed, acknowledged, undefined, 0)
  const verdict = check(path, acknowledged, count)
  const wrong = Object.values(verdict).some((number) => number > 0)
  if (wrong) bad++
  console.log(
    `${wrong ? '✗' : '✓'} kill  seed ${seed}  ${killsASeed} kills  lost ${verdict.lost}  unhandled ${verdict.unhandled}  ` +
      `duplicated ${verdict.duplicated}  reordered ${verdict.reordered}`,
  )
  if (wrong) console.log(`  again: npm run test:faults -- --first ${seed} --seeds 1   (the store is kept: ${path})`)
  else rmSync(folder, { recursive: true })
}
console.log(`${seeds - bad} passed, ${bad} failed`)
process.exitCode = bad === 0 ? 0 : 1
