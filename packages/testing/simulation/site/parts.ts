import type { Route } from 'millrace'
import type { HistoryRecorder } from '../../src/history/index.ts'
import type { SimulatedBroker } from '../broker.ts'
import type { Scheduler } from '../machine/scheduler.ts'
import type { Profile } from '../profile.ts'
import type { StoreHost } from '../store/host.ts'
import type { PlannedOperation } from './operations.ts'

/** What all sites of a run share. */
export interface World {
  readonly profile: Profile
  readonly scheduler: Scheduler
  /** The wall clock at the start, in milliseconds since 1970. */
  readonly startMs: number
  readonly broker: SimulatedBroker | undefined
  random(): number
  newId(): string
  /** From now on everything goes well. */
  isHealed(): boolean
  /** Something that must never happen. */
  violate(what: string): void
}

/** What the processes of a site share, and what outlives them. */
export interface SiteParts {
  readonly name: string
  readonly world: World
  readonly host: StoreHost
  readonly routes: readonly Route[]
  /** Tells its events from those of other sites. */
  readonly source: string
  readonly recorder: HistoryRecorder
  /** Messages that were acknowledged to its clients, and are in the log. */
  readonly acknowledged: Set<string>
  /** Which process was the last to begin to handle something, by service. */
  readonly handling: Map<string, string>
  /** What is still to be asked of the system, whichever process does it. */
  readonly todo: PlannedOperation[]
}
