import type { Clock, Logger } from '../base/index.ts'
import type { Composer } from '../event/index.ts'
import type { Store } from '../store/index.ts'
import type { Transport } from '../transport/index.ts'
import type { Turns } from './failure/turns.ts'
import type { Watchdog } from './watchdog.ts'

/** What the subscriptions of an application share. */
export interface Runtime {
  readonly store: Store
  readonly log: Transport
  readonly composer: Composer
  readonly clock: Clock
  readonly logger: Logger
  readonly random: () => number
  readonly source: string
  readonly watchdog: Watchdog | undefined
  /** Trials of all subscriptions, one at a time, so that a death is laid to one delivery. */
  readonly trials: Turns
}
