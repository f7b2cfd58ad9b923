import { MillraceError } from '../base/index.ts'
import type { Service } from '../delivery/index.ts'
import { assertPattern, type Contract, compilePattern } from '../event/index.ts'
import { replyContract } from '../messaging/index.ts'

/** The contracts that an application knows, by type, and who handles its commands and queries. */
export class Contracts {
  readonly #byType = new Map<string, Contract>([[replyContract.name, replyContract]])
  readonly #handlers = new Map<string, string>()

  /** @throws CONTRACT_DUPLICATE */
  know(contract: Contract): void {
    const known = this.#byType.get(contract.name)
    if (known !== undefined && known !== contract) {
      throw new MillraceError('CONTRACT_DUPLICATE', { contract: contract.name, version: contract.version })
    }
    this.#byType.set(contract.name, contract)
  }

  /** @throws CONTRACT_DUPLICATE, HANDLER_DUPLICATE */
  add(services: readonly Service[], contracts: readonly Contract[]): void {
    for (const contract of contracts) this.know(contract)
    for (const service of services) {
      for (const { contract } of service.routes) {
        if (contract === undefined) continue
        this.know(contract)
        if (contract.kind !== 'event') this.#addHandler(contract, service.name)
      }
    }
  }

  readonly find = (type: string): Contract | undefined => this.#byType.get(type)

  all(): Contract[] {
    return [...this.#byType.values()]
  }

  /** The commands and queries that this application handles, with the service that does. */
  handled(): ReadonlyMap<string, string> {
    return this.#handlers
  }

  /** Another service may handle what this one did. */
  removeHandlers(service: string): void {
    for (const [message, handledBy] of this.#handlers) if (handledBy === service) this.#handlers.delete(message)
  }

  #addHandler(contract: Contract, service: string): void {
    const other = this.#handlers.get(contract.name)
    if (other !== undefined && other !== service) {
      throw new MillraceError('HANDLER_DUPLICATE', { message: contract.name, service, other })
    }
    this.#handlers.set(contract.name, service)
  }
}

/** The first entry whose pattern matches the topic. */
export function firstMatch<T>(entries: Readonly<Record<string, T>>): (topic: string) => T | undefined {
  const compiled = Object.entries(entries).map(([pattern, value]) => {
    assertPattern(pattern)
    return { matches: compilePattern(pattern), value }
  })
  return (topic) => compiled.find(({ matches }) => matches(topic))?.value
}
