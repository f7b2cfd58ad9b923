import type { PublishOptions } from '../delivery/index.ts'
import type { CommandContract, Contract, EventContract, InputOf } from '../event/index.ts'

/** A message that is to be published: its contract, its data, its options. Made by `message`. */
export interface Message {
  readonly contract: Contract
  readonly data: unknown
  readonly options: PublishOptions | undefined
}

/** A message whose data is checked against its contract by the compiler. */
export function message<C extends EventContract | CommandContract>(
  contract: C,
  data: InputOf<C>,
  options?: PublishOptions,
): Message {
  return { contract, data, options }
}

/** What became of a message that was published. */
export interface Published {
  readonly id: string
  /** Its position in the log; 0 for a scheduled message, which is not there yet. */
  readonly position: number
  /** True when a message with the chosen id was there already: nothing was published, `position` is the earlier one's. */
  readonly duplicate: boolean
}
