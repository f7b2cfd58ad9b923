import type { Finding } from '@millrace/testing/history'
import type { Edit } from '../edits/edit.ts'
import { enoughToHappen, type Fault } from '../fault.ts'
import type { Exit, LifeOptions } from '../life.ts'
import type { Trial } from '../trial.ts'
import { stops, unexpected } from './stopped.ts'

const megabyte = 1_000_000
const rounds = 2

/** Processes that have too little memory for what they are to do. */
export const memory: Fault = {
  name: 'memory',
  description:
    'Big events, published faster than the disk takes them and handled late, by processes with little memory: some die of it, which is like a kill, and some refuse publishes as STORE_OVERLOADED. Nothing is lost or doubled, and what is refused was not done.',
  seeds: { quick: 2, full: 20 },
  async run(trial) {
    for (let round = 0; round < rounds; round++) {
      const findings = [
        // First a lag grows, then it is handled.
        ...(await live(trial, {
          operations: 150,
          inFlight: 100,
          deliver: false,
          kinds: ['big', 'plain', 'keyed', 'batch'],
        })),
        ...(await live(trial, {
          operations: 100,
          inFlight: 50,
          kinds: ['big', 'plain', 'retried', 'parked', 'repeated'],
        })),
      ]
      if (findings.length > 0) return findings
    }
    return trial.conclude()
  },
  judge: (counts, seeds) =>
    (seeds < enoughToHappen ? [] : ['deaths for lack of memory', 'STORE_OVERLOADED'])
      .filter((name) => (counts.get(name) ?? 0) === 0)
      .map((name) => `there were no '${name}'`),
}

async function live(trial: Trial, workload: LifeOptions['workload']): Promise<readonly Finding[]> {
  const life = trial.start({ ...shortage(trial), ...(workload !== undefined && { workload }) })
  const exit = await life.exit
  if (diedOfMemory(exit)) trial.count('deaths for lack of memory')
  else if (!stops(exit)) return [unexpected(exit)]
  return []
}

/** A limit of the heap, or of all memory of the process, or of what may wait for the disk; or several. */
function shortage({ random }: Trial): LifeOptions {
  const execArgv = random.chance(0.6) ? [`--max-old-space-size=${24 + random.below(100)}`] : []
  const dataKilobytes = Math.floor(random.between(350, 700) * 1_000)
  const wrapper = random.chance(0.4) ? ['/bin/sh', '-c', `ulimit -d ${dataKilobytes}; exec "$@"`, 'sh'] : []
  return { execArgv, wrapper, edits: random.chance(0.6) ? [admission(random.between(1, 20) * megabyte)] : [] }
}

/** How many octets may wait for the disk; the workload leaves it at the default. */
const admission = (bytes: number): Edit => ({
  file: 'sqlite/options.ts',
  from: 'maxPendingBytes: 256 * 1024 * 1024',
  to: `maxPendingBytes: ${Math.floor(bytes)}`,
})

/** V8 and the C library end a process that gets no memory with a trap or an abort, and say so. */
function diedOfMemory({ code, signal, stderr, error }: Exit): boolean {
  const ended = signal === 'SIGABRT' || signal === 'SIGTRAP' || signal === 'SIGSEGV' || code === 133 || code === 134
  return (ended && /memory|alloc/i.test(stderr)) || error?.code === 'RangeError'
}
