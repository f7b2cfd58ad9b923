import type { Exit, Life, LifeOptions } from './life.ts'
import type { Trial } from './trial.ts'

/** Why processes cannot be killed and stopped here; undefined where they can. */
export const withoutSignals = (): string | undefined =>
  process.platform === 'win32' ? 'it needs the signals of POSIX' : undefined

/** Starts a process, and kills it after so many acknowledgements and a moment more, if it has not ended by then. */
export async function killAtRandom(trial: Trial, options: LifeOptions = {}): Promise<void> {
  const { random } = trial
  const operations = 100 + random.below(200)
  const life = trial.start({ ...options, workload: { operations, ...options.workload } })
  const after = random.below(operations)
  await life.until(({ acknowledged }) => acknowledged >= after)
  await trial.pause(random.between(0, 20))
  if (!life.hasEnded) trial.count('kills')
  assertUnharmed(await life.kill())
}

/** Two processes beside each other: one is killed, and the other one takes over, until it is killed, too, or has ended. */
export async function killInTurns(trial: Trial, options: LifeOptions = {}): Promise<void> {
  const { random } = trial
  const workload = { operations: 100 + random.below(100), inFlight: 8, ...options.workload }
  const lives = [trial.start({ ...options, workload }), trial.start({ ...options, workload })]
  for (const life of random.chance(0.5) ? lives : lives.toReversed()) {
    const after = life.acknowledged + random.below(100)
    await life.until(({ acknowledged }) => acknowledged >= after)
    await trial.pause(random.between(0, 20))
    if (!life.hasEnded) trial.count('kills')
    assertUnharmed(await life.kill())
  }
}

/** How long a stopped process is stopped: its lease lapses, and one that stands by looks every second. */
const stopMs = { shortest: 200, longest: 1_800 }
const leaseMs = 250

/**
 * Two processes run the same services; each stands by for what the other one has. One after the other is stopped (SIGSTOP) in
 * the middle of its work, and goes on (SIGCONT) when the other may have taken over.
 */
export async function stopInTurns(trial: Trial, stops: number, options: LifeOptions = {}): Promise<void> {
  const { random } = trial
  const workload = { operations: 250, inFlight: 8, pauseMs: 20, handlerMs: 60, leaseMs, ...options.workload }
  const lives = [trial.start({ ...options, workload }), trial.start({ ...options, workload })]
  for (let stop = 0; stop < stops; stop++) {
    const running = lives.filter(({ hasEnded }) => !hasEnded)
    if (running.length === 0) break
    await stopOnce(trial, random.pick(running))
  }
  for (const { exit } of lives) assertUnharmed(await exit)
}

async function stopOnce(trial: Trial, life: Life): Promise<void> {
  const { random } = trial
  const after = life.acknowledged + 10 + random.below(60)
  if (!(await life.until(({ acknowledged }) => acknowledged >= after))) return
  await trial.pause(random.between(0, 10))
  life.signal('SIGSTOP')
  trial.count('stops')
  await trial.pause(random.between(stopMs.shortest, stopMs.longest))
  life.signal('SIGCONT')
}

/** Two processes beside each other on one store, to their end. */
export async function beside(trial: Trial, options: LifeOptions = {}): Promise<void> {
  const workload = { operations: 200, ...options.workload }
  const lives = [trial.start({ ...options, workload }), trial.start({ ...options, workload })]
  for (const { exit } of lives) assertUnharmed(await exit)
}

/** @throws Error unless the process ended in order or was killed: nothing was done to it that may stop its store */
export function assertUnharmed({ error, stderr }: Exit): void {
  if (error !== undefined) throw new Error(`a process ended with ${error.message}\n${stderr}`)
}
