import type { Environment, OpenEngine, StoreEngine } from 'millrace/engine'
import type { SimulatedProcess } from '../machine/process.ts'
import type { Scheduler } from '../machine/scheduler.ts'

/** Where the processes of a site keep their state. */
export interface StoreHost {
  /** The engine as one process has it. */
  engineFor(client: SimulatedProcess): StoreEngine
  /** The process is dead: what it held is given up, and of what it had sent some may be lost. */
  died(client: SimulatedProcess): void
  /** Lets the engine of a process stop, as it does when it cannot keep its promises; where that can be simulated. */
  readonly break?: (client: SimulatedProcess) => void
  /** For so long the store has no room for anybody. */
  refuse(forMs: number): void
  /** For reading when the run is over. */
  open(): Promise<OpenEngine>
  /** Removes what is left of it. */
  remove(): void
}

/** What an engine needs that runs in a process of the machine. */
export function environmentOf(scheduler: Scheduler, process: SimulatedProcess, newId: () => string): Environment {
  const silent = (): void => {}
  const logger = { debug: silent, info: silent, warn: silent, error: silent }
  return { clock: scheduler.clockOf(process), newId, logger }
}
