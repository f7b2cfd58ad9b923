import { constants } from 'node:os'
import { join } from 'node:path'
import type { Fault } from '../fault.ts'
import type { Exit, Life } from '../life.ts'
import { type Control, type FileKind, kindBits, makeControl } from '../native/control.ts'
import { buildLibrary, libraryEnv, libraryUnavailable } from '../native/library.ts'
import type { Trial } from '../trial.ts'
import { frequentCheckpoints } from './checkpoints.ts'
import { judgeExits } from './stopped.ts'

/** Files that find no room: the log, its index, the file itself at a checkpoint, or whatever comes first. */
const starved: readonly (readonly FileKind[])[] = [
  ['wal'],
  ['main'],
  ['shm'],
  ['main', 'wal', 'shm', 'journal', 'other'],
  ['main', 'wal', 'shm', 'journal', 'other'],
]
const rounds = 3

/** A disk without room. */
export const diskFull: Fault = {
  name: 'disk-full',
  description:
    'A write finds no room on the disk, for the log, its index or the file, some of it after its first octets; later there is room again, or not until the restart. The store stops; what was acknowledged is there, each effect once.',
  seeds: { quick: 3, full: 20 },
  unavailable: libraryUnavailable,
  async prepare() {
    await buildLibrary()
  },
  async run(trial) {
    for (let round = 1; round <= rounds; round++) {
      const control = makeControl(join(trial.folder, `control-${round}`))
      try {
        const kinds = trial.random.pick(starved)
        const exits = await workUntilFull(trial, control, { kinds, isNew: round === 1 })
        const failed = control.get('writesFailed')
        trial.count('failed writes', failed)
        // What fails while the log is copied to the file does no harm, and is tried again.
        const mayGoOn = kinds.includes('main')
        const findings = judgeExits(trial, exits, mayGoOn ? 0 : failed)
        if (findings.length > 0) return findings
      } finally {
        control.close()
      }
    }
    return trial.conclude()
  },
}

async function workUntilFull(
  trial: Trial,
  control: Control,
  { kinds, isNew }: { readonly kinds: readonly FileKind[]; readonly isNew: boolean },
): Promise<readonly Exit[]> {
  const { random } = trial
  const env = libraryEnv(await buildLibrary(), { store: trial.store, control: control.path })
  const edits = frequentCheckpoints(random)
  const early = random.chance(0.3)
  const settings = {
    writeKinds: kindBits(kinds),
    writeFails: random.chance(0.5) ? 1 + random.below(10) : 1e9,
    writeErrno: constants.errno.ENOSPC,
    writePart: random.chance(0.5) ? 1 + random.below(4_096) : 0,
  }
  // To make a store takes some fifty writes, to open one a few.
  if (early) control.set({ ...settings, writeFailsAt: 1 + random.below(isNew ? 60 : 10) })
  const lives: Life[] = []
  const start = (): void => {
    lives.push(trial.start({ env, edits, workload: { operations: 200 } }))
  }
  start()
  if (random.chance(0.5)) start()
  if (!early) {
    const enough = random.below(150)
    await lives[0]!.until(({ isUp, acknowledged }) => isUp && acknowledged >= enough)
    control.set({ ...settings, writeFailsAt: control.get('writes') + 1 + random.below(100) })
  }
  return Promise.all(lives.map((life) => life.exit))
}
