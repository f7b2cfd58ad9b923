import type { Clock, Logger } from '../base/index.ts'
import type { Contract } from '../event/index.ts'
import type { Store } from '../store/index.ts'
import type { Contracts } from './contracts.ts'
import { requireHandler } from './handler-registry.ts'
import { registerContract } from './published-contracts.ts'

/**
 * Lets a contract's messages into the log: the contract is compared with what was published and registered, and a
 * command or query must have a handler. Asked for every message, answered from memory after the first.
 */
export class Admission {
  readonly #store: Store
  readonly #contracts: Contracts
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #leaves: (topic: string) => boolean
  readonly #admitted = new Set<Contract>()
  readonly #asking = new Map<Contract, Promise<void>>()

  /** @param leaves whether messages of a topic go out to a transport: then their handler may be elsewhere */
  constructor(store: Store, contracts: Contracts, clock: Clock, logger: Logger, leaves: (topic: string) => boolean) {
    this.#store = store
    this.#leaves = leaves
    this.#contracts = contracts
    this.#clock = clock
    this.#logger = logger
  }

  /** Undefined when the contract is admitted already. @throws CONTRACT_DUPLICATE; the promise as `register` and COMMAND_UNHANDLED */
  readonly admit = (contract: Contract): Promise<void> | undefined => {
    if (this.#admitted.has(contract)) return undefined
    let asking = this.#asking.get(contract)
    if (asking === undefined) {
      this.#contracts.know(contract)
      asking = this.#ask(contract).finally(() => this.#asking.delete(contract))
      this.#asking.set(contract, asking)
    }
    return asking
  }

  /** @throws CONTRACT_INCOMPATIBLE, UPCASTER_MISSING, CONTRACT_SCHEMA_UNKNOWN */
  async register(contract: Contract): Promise<void> {
    await registerContract(this.#store, contract, new Date(this.#clock.now()), this.#logger)
  }

  async #ask(contract: Contract): Promise<void> {
    await this.register(contract)
    if (contract.kind !== 'event' && !this.#leaves(contract.topic)) await requireHandler(this.#store, contract.name)
    this.#admitted.add(contract)
  }
}
