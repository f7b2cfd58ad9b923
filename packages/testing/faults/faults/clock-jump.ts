import { join } from 'node:path'
import type { Finding, History } from '@millrace/testing/history'
import type { Fault } from '../fault.ts'
import type { Life } from '../life.ts'
import { type Control, makeControl } from '../native/control.ts'
import { buildLibrary, libraryEnv, libraryUnavailable } from '../native/library.ts'
import type { Trial } from '../trial.ts'
import { unexpected } from './stopped.ts'

const hourNs = 3_600e9
const jumps = 4
/** The longest time between a look for what is due and the commit that publishes it. */
const takenAndCommittedMs = 1_000

/** A wall clock that is set forward and back while the store is in use. */
export const clockJump: Fault = {
  name: 'clock-jump',
  description:
    'The wall clock of all processes jumps by up to an hour, forward and back, again and again. Nothing is lost, doubled, out of order or before its time by that clock.',
  seeds: { quick: 3, full: 20 },
  unavailable: libraryUnavailable,
  async prepare() {
    await buildLibrary()
  },
  async run(trial) {
    const control = makeControl(join(trial.folder, 'control'))
    try {
      const env = libraryEnv(await buildLibrary(), { store: trial.store, control: control.path })
      const { lives, latestNs } = await workWhileClockJumps(trial, control, env)
      const exits = await Promise.all([...lives].map((life) => life.exit))
      const wrong = exits.filter(({ finished }) => !finished)
      if (wrong.length > 0) return wrong.map(unexpected)
      // What was planned by the clock at its latest is not due before; nobody wants to wait for an hour.
      control.set({ clockOffsetNs: latestNs })
      const findings = await trial.conclude({ env })
      return findings.length === 0 ? [] : withoutBarelyEarly(findings, await trial.history({ settled: true }))
    } finally {
      control.close()
    }
  },
}

async function workWhileClockJumps(
  trial: Trial,
  control: Control,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly lives: ReadonlySet<Life>; readonly latestNs: number }> {
  const { random } = trial
  // So many that they do not end before the clock has jumped.
  const workload = { operations: 400, pauseMs: 5, leaseMs: 2_000 }
  const start = (): Life => trial.start({ env, workload })
  const lives = new Set([start()])
  if (random.chance(0.5)) lives.add(start())
  let latestNs = 0
  for (let jump = 0; jump < jumps; jump++) {
    const [one] = lives
    const enough = one!.acknowledged + 20 + random.below(60)
    await one!.until(({ acknowledged }) => acknowledged >= enough)
    await trial.pause(random.between(0, 50))
    const offsetNs = random.pick([-1, 1]) * random.pick([hourNs, random.next() * hourNs])
    latestNs = Math.max(latestNs, offsetNs)
    control.set({ clockOffsetNs: offsetNs })
    trial.count('jumps')
    if (random.chance(0.3)) {
      await one!.kill()
      lives.delete(one!)
      lives.add(start())
    }
  }
  return { lives, latestNs }
}

/**
 * While the clock is behind the log, the times in the log stand still. What was due when it was taken, a moment before the clock was
 * set back, then seems to be a moment early.
 */
function withoutBarelyEarly(findings: readonly Finding[], { log }: History): readonly Finding[] {
  const before = new Map(log.map(({ position }, index) => [position, log[index - 1]]))
  return findings.filter(({ kind, evidence }) => {
    if (kind !== 'early') return true
    const stoodStill = before.get(Number(evidence.position))?.appendedMs === evidence.appendedMs
    return !stoodStill || Number(evidence.notBeforeMs) - Number(evidence.appendedMs) > takenAndCommittedMs
  })
}
