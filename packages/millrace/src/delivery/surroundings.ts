import type { Logger } from '../base/index.ts'
import type { Composer } from '../event/index.ts'
import type { Store } from '../store/index.ts'

/** What all handlers of one subscription share. */
export interface Surroundings {
  readonly store: Store
  readonly composer: Composer
  readonly log: Logger
  readonly source: string
  readonly subscription: string
}
