import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Finding } from '@millrace/testing/history'
import { enoughToHappen, type Fault } from '../fault.ts'
import type { Life } from '../life.ts'
import type { Trial } from '../trial.ts'
import { frequentCheckpoints } from './checkpoints.ts'
import { unexpected } from './stopped.ts'

const program = fileURLToPath(new URL('./busy/locker.ts', import.meta.url))

/** How long a workload process waits for a lock, and how long the locks are held compared with that. */
const busyTimeoutsMs = [100, 300] as const
const longestHolds = [0.1, 0.5, 2, 4] as const
const rounds = 2

/** Other programs that hold the locks of the store. */
export const busy: Fault = {
  name: 'busy',
  description:
    'Another program holds the locks of the store for moments and for longer than the busy timeout, also while it is made, opened and checkpointed. What is refused as busy was not done, and everything else is done once.',
  seeds: { quick: 3, full: 20 },
  async run(trial) {
    for (let round = 1; round <= rounds; round++) {
      const findings = await workBesideLocker(trial)
      if (findings.length > 0) return findings
    }
    return trial.conclude()
  },
  judge: (counts, seeds) =>
    seeds < enoughToHappen || counts.has('STORE_BUSY') ? [] : ['no operation was ever refused because of a lock'],
}

async function workBesideLocker(trial: Trial): Promise<readonly Finding[]> {
  const { random } = trial
  const edits = frequentCheckpoints(random)
  const busyTimeoutMs = random.pick(busyTimeoutsMs)
  const start = (): Life => trial.start({ edits, workload: { operations: 80, inFlight: 8, busyTimeoutMs } })
  const longestHoldMs = busyTimeoutMs * random.pick(longestHolds)
  // Either the store is made and opened beside the other program, or it runs when that comes.
  const first = random.chance(0.5) ? undefined : start()
  await first?.until(({ isUp }) => isUp)
  const locker = startLocker(trial, longestHoldMs)
  try {
    const lives = [first ?? start()]
    if (random.chance(0.5)) lives.push(start())
    const findings: Finding[] = []
    for (const life of lives) {
      const exit = await life.exit
      // An application that cannot be started because of a lock says so; one that runs bears with locks.
      const refused = !life.isUp && (exit.error?.code === 'STORE_LOCKED' || exit.error?.code === 'STORE_BUSY')
      if (refused) trial.count('starts refused')
      else if (!exit.finished) findings.push(unexpected(exit))
    }
    return findings
  } finally {
    await locker.end()
  }
}

function startLocker({ store, random }: Trial, longestHoldMs: number): { end(): Promise<void> } {
  const longestPauseMs = random.pick([1, 20, 100])
  const values = [program, store, random.below(2 ** 31), longestHoldMs, longestPauseMs].map(String)
  const child: ChildProcess = spawn(process.execPath, values, { stdio: ['ignore', 'ignore', 'pipe'] })
  const closed = once(child, 'close')
  let stderr = ''
  child.stderr!.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  return {
    async end() {
      child.kill('SIGKILL')
      const [, signal] = await closed
      if (signal !== 'SIGKILL') throw new Error(`the process that takes the locks ended by itself\n${stderr}`)
    },
  }
}
