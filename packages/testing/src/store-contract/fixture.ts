import {
  type EncodedEvent,
  type Environment,
  type OpenEngine,
  type Store,
  type StoreEngine,
  silentLogger,
  type Transport,
  uuidv7,
} from 'millrace/engine'
import { type TestContext, test } from 'vitest'
import { type SimulatedClock, simulatedClock } from '../simulated-clock.ts'
import { type EventFields, eventMaker } from './events.ts'

/** A store that a test may do with as it likes. */
export interface StoreUnderTest {
  /** An engine on a place of its own that nothing was written to yet. */
  readonly engine: StoreEngine
  /**
   * Another engine on the same place, as a later start or another process opens it. Leave it out where the data live only
   * as long as the engine is open; the promises of durability are then skipped.
   */
  readonly reopen?: (() => StoreEngine) | undefined
  /** Removes what the test leaves behind. */
  readonly remove?: (() => Promise<void> | void) | undefined
}

/** Makes a new store for each promise that is tested. */
export type OpenStore = () => Promise<StoreUnderTest> | StoreUnderTest

/** What each promise is tested with. Time stands still unless the test lets it pass. */
export interface StoreFixture {
  /** The store; after `reopen` the one opened last. */
  readonly store: Store
  readonly log: Transport
  readonly clock: SimulatedClock
  /** An event of a topic, different from all others; `fields` replace what is given by default. */
  event(topic: string, fields?: EventFields): EncodedEvent
  /** Appends `count` events of a topic in one unit and returns their positions. */
  publish(topic: string, count?: number, fields?: EventFields): Promise<number[]>
  /** The data outlive the engine. */
  readonly reopens: boolean
  /** Closes the store and opens it again. Skips the test where the data do not outlive it. */
  reopen(): Promise<void>
  /** Several processes may have the store open at once. */
  readonly shares: boolean
  /** Opens the same place once more, as another process does. Skips the test where only one may have it. */
  beside(): Promise<OpenEngine>
  /** Skips the rest of the test, visibly, unless the store can do what it is about. */
  needs(capable: boolean, capability: string): void
  /** Has something checked at the end of the test, before the store is closed. */
  atEnd(check: () => void): void
}

/** Registers the test of one promise. */
export type Promised = (title: string, body: (fixture: StoreFixture) => Promise<void>) => void

/** Gives every promise a store of its own, and closes and removes it afterwards. */
export function promisedBy(open: OpenStore): Promised {
  return (title, body) => test(title, (context) => withStore(open, context, body))
}

/** Does something with a new store, and closes and removes it afterwards. */
export async function withStore(
  open: OpenStore,
  context: TestContext,
  body: (fixture: StoreFixture) => Promise<void>,
): Promise<void> {
  const under = await open()
  const fixture = new Fixture(under, context)
  try {
    await fixture.open(under.engine)
    await body(fixture)
    fixture.ended()
  } finally {
    await fixture.close()
    await under.remove?.()
  }
}

class Fixture implements StoreFixture {
  readonly clock = simulatedClock()
  readonly event: StoreFixture['event']
  // A function of its own, as tests take it out of the fixture.
  readonly publish: StoreFixture['publish'] = async (topic, count = 1, fields = {}) => {
    const append = Array.from({ length: count }, () => ({ event: this.event(topic, fields) }))
    const { appended } = await this.store.commit({ append })
    return appended.map(({ position }) => position)
  }
  readonly reopens: boolean
  readonly #under: StoreUnderTest
  readonly #context: TestContext
  readonly #environment: Environment
  readonly #opened: OpenEngine[] = []
  readonly #checks: (() => void)[] = []
  #current: OpenEngine | undefined

  constructor(under: StoreUnderTest, context: TestContext) {
    const newId = uuidv7(this.clock)
    this.#under = under
    this.reopens = under.reopen !== undefined
    this.#context = context
    this.#environment = { clock: this.clock, newId, logger: silentLogger }
    this.event = eventMaker(this.clock, newId)
  }

  get store(): Store {
    return this.#current!.store
  }

  get log(): Transport {
    return this.#current!.log
  }

  async open(engine: StoreEngine): Promise<void> {
    this.#current = await this.#openAnother(engine)
  }

  async reopen(): Promise<void> {
    const { reopen } = this.#under
    this.needs(reopen !== undefined, 'data that outlive the engine')
    await this.close()
    await this.open(reopen!())
  }

  async beside(): Promise<OpenEngine> {
    const { reopen } = this.#under
    this.needs(this.shares, 'sharing by several processes')
    return this.#openAnother(reopen!())
  }

  needs(capable: boolean, capability: string): void {
    this.#context.skip(!capable, `the engine has no ${capability}`)
  }

  atEnd(check: () => void): void {
    this.#checks.push(check)
  }

  ended(): void {
    for (const check of this.#checks) check()
  }

  get shares(): boolean {
    return this.reopens && this.store.capabilities.sharedByProcesses
  }

  async close(): Promise<void> {
    for (const { log, store } of this.#opened.splice(0).reverse()) {
      await log.close()
      await store.close()
    }
  }

  async #openAnother(engine: StoreEngine): Promise<OpenEngine> {
    const opened = await engine.open(this.#environment)
    this.#opened.push(opened)
    return opened
  }
}
