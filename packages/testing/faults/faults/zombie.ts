import type { Fault } from '../fault.ts'
import { stopInTurns, withoutSignals } from '../scenarios.ts'

const stops = 4

/** SIGSTOP beyond the lease: a process that wakes up believes that it owns what another one has taken over. */
export const zombie: Fault = {
  name: 'zombie',
  description: 'SIGSTOP for longer than the lease while another process takes over, then SIGCONT.',
  seeds: { quick: 4, full: 20 },
  unavailable: withoutSignals,
  async run(trial) {
    await stopInTurns(trial, stops)
    return trial.conclude()
  },
  judge: (counts, seeds) =>
    seeds >= 3 && !counts.has('fenced')
      ? ['no process was ever fenced: nobody took over from one that was stopped']
      : [],
}
