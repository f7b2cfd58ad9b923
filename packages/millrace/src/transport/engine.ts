import type { Clock, Logger, MillraceError, NewId } from '../base/index.ts'
import type { Store } from '../store/index.ts'
import type { BrokerTransport, Transport } from './transport.ts'

/** What an application gives every engine it opens. */
export interface Environment {
  readonly clock: Clock
  readonly newId: NewId
  readonly logger: Logger
  /** Told once when the engine cannot keep its promise any more. */
  readonly onStopped?: (error: MillraceError<'STORE_STOPPED'>) => void
}

/** An engine that keeps state, as its factory returns it: nothing is opened before `open`. */
export interface StoreEngine {
  readonly engine: string
  /**
   * Opens the engine, and brings its own schema up to date.
   * @throws STORE_UNREADABLE, STORE_FOREIGN, STORE_DAMAGED, STORE_TOO_NEW, STORE_VERSION_UNSAFE, STORE_LOCKED
   */
  open(environment: Environment): Promise<OpenEngine>
}

export interface OpenEngine {
  readonly store: Store
  /** The store's log as a transport: acknowledgements are part of the commit. */
  readonly log: Transport
}

/** A broker, as its factory returns it: nothing is opened before `open`. */
export interface TransportEngine {
  readonly engine: string
  /** Does not wait for the broker to be there: what it is needed for fails until it is. */
  open(environment: Environment): Promise<BrokerTransport>
}
