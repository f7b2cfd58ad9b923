import { type Admin, admin } from '../admin/index.ts'
import { type Logger, MillraceError } from '../base/index.ts'
import type { PublishOptions, Rows, Service } from '../delivery/index.ts'
import {
  assertPattern,
  type CommandContract,
  type Contract,
  type EventContract,
  type InputOf,
  isInternalTopic,
  type QueryContract,
  type ReplyOf,
  readEvent,
} from '../event/index.ts'
import {
  type Message,
  type Published,
  type RequestOptions,
  type Streamed,
  type StreamOptions,
  streamEvents,
} from '../messaging/index.ts'
import type { ExpectedRevision, SqlStatement, SqlValue, Store, StoreState } from '../store/index.ts'
import type {
  Application,
  ApplicationConfig,
  ApplicationDocuments,
  Health,
  StartOptions,
  StreamedFrom,
} from './application.ts'
import { assertService, type Settings, settingsOf } from './config.ts'
import { Contracts } from './contracts.ts'
import { healthOf } from './health.ts'
import { Running } from './running.ts'

/**
 * An application: its services on its store. Nothing is opened before `start()`.
 * @throws CONFIG_INVALID, CONTRACT_DUPLICATE, HANDLER_DUPLICATE
 */
export function millrace(config: ApplicationConfig): Application {
  return new MillraceApplication(settingsOf(config), config.logger === undefined)
}

class MillraceApplication implements Application {
  #settings: Settings
  readonly #defaultLogger: boolean
  readonly #contracts = new Contracts()
  #running: Running | undefined
  #phase: 'not started' | 'starting' | 'running' | 'stopping' | 'stopped' = 'not started'
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  #storeError: MillraceError | undefined
  /** Ends what lasts as long as the application runs. */
  readonly #ending = new AbortController()
  /** Why nothing is settled any more: the application stops, or its store has. */
  readonly #halted = new AbortController()

  constructor(settings: Settings, defaultLogger: boolean) {
    this.#settings = settings
    this.#defaultLogger = defaultLogger
    this.#contracts.add(settings.services, settings.contracts)
  }

  get contracts(): readonly Contract[] {
    return this.#contracts.all().filter(({ name }) => !isInternalTopic(name))
  }

  async start({ deliver = true, logger: given }: StartOptions = {}): Promise<Application> {
    if (this.#phase !== 'not started') throw new MillraceError('APP_NOT_RUNNING', { phase: `${this.#phase} already` })
    this.#phase = 'starting'
    this.#starting = this.#start(deliver, given).catch((error: unknown) => {
      this.#phase = 'stopped'
      throw error
    })
    await this.#starting
    return this
  }

  async #start(deliver: boolean, given: Logger | undefined): Promise<void> {
    if (this.#defaultLogger && given !== undefined) this.#settings = { ...this.#settings, logger: given }
    const { store, clock, newId, logger } = this.#settings
    const onStopped = (error: MillraceError): void => {
      this.#storeError = error
      this.#halted.abort(error)
    }
    const engine = await store.open({ clock, newId, logger, onStopped })
    const running = new Running(engine, this.#settings, this.#contracts)
    try {
      await running.prepare()
      if (deliver) await running.deliver()
    } catch (error) {
      await running.stop().catch((cause: unknown) => {
        logger.error('What had been started did not stop in order', { error: cause })
      })
      throw error
    }
    this.#running = running
    this.#phase = 'running'
    logger.info('The application runs', { services: [...running.subscriptions.keys()] })
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    // A start that is under way comes to its end first; what it failed with was told to whoever started.
    await this.#starting?.catch(() => {})
    if (this.#running !== undefined) {
      this.#phase = 'stopping'
      this.#ending.abort()
      this.#halted.abort(new MillraceError('APP_NOT_RUNNING', { phase: this.#phase }))
      await this.#running.stop().finally(() => {
        this.#phase = 'stopped'
      })
      this.#settings.logger.info('The application has stopped')
    }
    this.#phase = 'stopped'
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  publish<C extends EventContract>(contract: C, data: InputOf<C>, options?: PublishOptions): Promise<Published> {
    // Not an async function: one promise fewer for each event.
    if (this.#phase !== 'running' || this.#running === undefined) return Promise.reject(this.#notRunning())
    return this.#running.publisher.publish({ contract, data, options })
  }

  async publishAll(messages: readonly Message[]): Promise<readonly Published[]> {
    return this.sql([], messages)
  }

  async send<C extends CommandContract>(contract: C, data: InputOf<C>, options?: PublishOptions): Promise<Published> {
    const { publisher } = this.#need()
    return publisher.publish({ contract, data, options })
  }

  async request<C extends QueryContract | CommandContract>(
    contract: C,
    data: InputOf<C>,
    options?: RequestOptions,
  ): Promise<ReplyOf<C>> {
    const { requester } = this.#need()
    return (await requester.request(contract, data, options)) as ReplyOf<C>
  }

  async append(
    stream: string,
    messages: readonly Message[],
    options: { readonly expectedRevision?: ExpectedRevision } = {},
  ): Promise<readonly Published[]> {
    const { publisher } = this.#need()
    return publisher.append(stream, messages, options.expectedRevision ?? 'any')
  }

  async readStream(
    stream: string,
    { from = 0, limit = 1_000 }: { readonly from?: number; readonly limit?: number } = {},
  ): Promise<readonly StreamedFrom[]> {
    const records = await this.#need().store.readStream({ stream, from, limit })
    return Promise.all(
      records.map(async ({ event, position, appendedMs, revision }) => ({
        event: await readEvent(event, this.#contracts.find),
        topic: event.header.topic,
        position,
        revision,
        appendedAt: new Date(appendedMs),
      })),
    )
  }

  readonly schedule: Application['schedule'] = {
    list: async (limit = 1_000) => this.#need().scheduler.list(limit),
    cancel: async (id, contract) => this.#need().scheduler.cancel(id, contract?.topic),
  }

  events(topics: string | readonly string[], options?: StreamOptions): AsyncIterableIterator<Streamed> {
    const list = typeof topics === 'string' ? [topics] : topics
    for (const topic of list) assertPattern(topic)
    const ending = this.#ending.signal
    const signal = options?.signal === undefined ? ending : AbortSignal.any([options.signal, ending])
    return streamEvents(this.#need().store, this.#contracts.find, list, { ...options, signal })
  }

  get documents(): ApplicationDocuments {
    return this.#need().documents
  }

  async sql(statements: readonly SqlStatement[], messages: readonly Message[] = []): Promise<readonly Published[]> {
    const { publisher, store } = this.#need()
    if (statements.length > 0 && !store.capabilities.sql) this.#missSql()
    return publisher.publishAll(messages, statements)
  }

  async query(text: string, ...parameters: readonly SqlValue[]): Promise<Rows> {
    const { store } = this.#need()
    if (!store.capabilities.sql) this.#missSql()
    return store.query({ text, parameters })
  }

  async subscribe(service: Service): Promise<void> {
    const running = this.#need()
    assertService(service)
    if (running.subscriptions.has(service.name)) {
      throw new MillraceError('CONFIG_INVALID', { option: 'service', reason: `'${service.name}' runs already` })
    }
    this.#contracts.add([service], [])
    await running.register([service])
    await running.subscribe(service)
  }

  async unsubscribe(name: string): Promise<void> {
    const running = this.#need()
    if (!running.subscriptions.has(name)) throw new MillraceError('SUBSCRIPTION_UNKNOWN', { subscription: name })
    await running.unsubscribe(name)
    this.#contracts.removeHandlers(name)
  }

  async idle(services?: readonly string[]): Promise<void> {
    const { store, subscriptions } = this.#need()
    const names = services ?? [...subscriptions.keys()]
    const head = await store.locate('now')
    const { signal } = this.#halted
    for (;;) {
      signal.throwIfAborted()
      const committed = Promise.withResolvers<void>()
      const stop = store.onCommit(() => committed.resolve())
      // Nobody waits for it any more where the reads below fail first.
      committed.promise.catch(() => {})
      const halted = (): void => committed.reject(signal.reason)
      signal.addEventListener('abort', halted)
      try {
        const settled = await Promise.all(names.map((name) => hasSettled(store, name, head)))
        if (settled.every((done) => done)) return
        await committed.promise
      } finally {
        signal.removeEventListener('abort', halted)
        stop()
      }
    }
  }

  get admin(): Admin {
    return admin(this.#need().store)
  }

  health(): Health {
    return healthOf(this.#phase, this.#storeError, this.#running?.leased ?? [])
  }

  async inspect(): Promise<StoreState> {
    return this.#need().store.inspect()
  }

  #need(): Running {
    if (this.#phase === 'running' && this.#running !== undefined) return this.#running
    throw this.#notRunning()
  }

  #notRunning(): MillraceError {
    return new MillraceError('APP_NOT_RUNNING', { phase: this.#phase })
  }

  #missSql(): never {
    const { engine } = this.#need().store.capabilities
    throw new MillraceError('CAPABILITY_MISSING', { engine, capability: 'sql', needed: 'sql and query' })
  }
}

/** Whether a subscription has settled everything up to a position, deliveries that are kept apart aside. */
async function hasSettled(store: Store, name: string, head: number): Promise<boolean> {
  const status = await store.readSubscription(name, 1)
  if (status === undefined) throw new MillraceError('SUBSCRIPTION_UNKNOWN', { subscription: name })
  if (status.floor < head && status.lag > 0) return false
  // Deliveries under trial are kept apart from the log, but they are on their way.
  const kept = status.pending === 0 ? [] : await store.readKept({ subscription: name, state: 'pending', limit: 10_000 })
  return kept.every(({ state, position }) => state !== 'trying' || position > head)
}
