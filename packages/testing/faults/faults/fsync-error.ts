import { join } from 'node:path'
import type { Fault } from '../fault.ts'
import type { Exit, Life } from '../life.ts'
import { type Control, type FileKind, kindBits, makeControl } from '../native/control.ts'
import { buildLibrary, libraryUnavailable } from '../native/library.ts'
import type { Trial } from '../trial.ts'
import { frequentCheckpoints } from './checkpoints.ts'
import { putFiles } from './files.ts'
import { type Power, watchPower } from './power-loss/power.ts'
import { judgeExits } from './stopped.ts'

/** Files whose syncs fail together, as when they are on different parts of a disk. */
const broken: readonly (readonly FileKind[])[] = [
  ['wal'],
  ['wal'],
  ['main'],
  ['folder'],
  ['main', 'wal', 'journal', 'folder'],
]
const rounds = 2

/**
 * A disk that cannot make durable what was written. The kernel tells so once, and takes what it could not write for written
 * from then on, so that a second sync succeeds while the data are gone.
 */
export const fsyncError: Fault = {
  name: 'fsync-error',
  description:
    'A sync fails with EIO, once or from then on, and what it was to make durable is lost in part. The store stops and acknowledges nothing more; what was acknowledged is there after a restart, each effect once.',
  seeds: { quick: 3, full: 20 },
  unavailable: libraryUnavailable,
  async prepare() {
    await buildLibrary()
  },
  async run(trial) {
    for (let round = 1; round <= rounds; round++) {
      const control = makeControl(join(trial.folder, `control-${round}`))
      try {
        const power = watchPower(
          await buildLibrary(),
          trial.store,
          join(trial.folder, `power-${round}.journal`),
          control.path,
        )
        const kinds = trial.random.pick(broken)
        const exits = await workUntilBroken(trial, control, power, { kinds, isNew: round === 1 })
        const failed = control.get('syncsFailed')
        trial.count('failed syncs', failed)
        // What fails while the log is copied to the file does no harm, and is tried again.
        const mayGoOn = kinds.includes('main')
        const findings = judgeExits(trial, exits, mayGoOn ? 0 : failed)
        if (findings.length > 0) return findings
        // The next sync may come before anything was read again, or after the machine was started anew.
        if (trial.random.chance(0.7)) putFiles(trial.store, power.lose(trial.random))
      } finally {
        control.close()
      }
    }
    return trial.conclude()
  },
}

async function workUntilBroken(
  trial: Trial,
  control: Control,
  power: Power,
  { kinds, isNew }: { readonly kinds: readonly FileKind[]; readonly isNew: boolean },
): Promise<readonly Exit[]> {
  const { random } = trial
  const edits = frequentCheckpoints(random)
  const early = random.chance(0.2)
  const settings = { syncKinds: kindBits(kinds), syncFails: random.chance(0.5) ? 1 : 1e9 }
  // A store that is made, or opened, syncs a few times only.
  if (early) control.set({ ...settings, syncFailsAt: 1 + random.below(isNew ? 8 : 2) })
  const lives: Life[] = []
  const start = (): void => {
    lives.push(trial.start({ env: power.env, edits, workload: { operations: 250 } }))
  }
  start()
  if (random.chance(0.5)) start()
  if (!early) {
    const enough = random.below(150)
    await lives[0]!.until(({ isUp, acknowledged }) => isUp && acknowledged >= enough)
    control.set({ ...settings, syncFailsAt: control.get('syncs') + 1 + random.below(20) })
  }
  return Promise.all(lives.map((life) => life.exit))
}
