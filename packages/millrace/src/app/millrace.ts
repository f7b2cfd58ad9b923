import { MillraceError } from '../base/index.ts'
import type { PublishOptions, Rows, Service } from '../delivery/index.ts'
import {
  type CommandContract,
  type EventContract,
  type InputOf,
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
import type { Application, ApplicationConfig, ApplicationDocuments, Health, StreamedFrom } from './application.ts'
import { type Settings, settingsOf } from './config.ts'
import { Contracts } from './contracts.ts'
import { healthOf } from './health.ts'
import { Running } from './running.ts'

/**
 * An application: its services on its store. Nothing is opened before `start()`.
 * @throws CONFIG_INVALID, CONTRACT_DUPLICATE, HANDLER_DUPLICATE
 */
export function millrace(config: ApplicationConfig): Application {
  return new MillraceApplication(settingsOf(config))
}

class MillraceApplication implements Application {
  readonly #settings: Settings
  readonly #contracts = new Contracts()
  #running: Running | undefined
  #phase: 'not started' | 'starting' | 'running' | 'stopping' | 'stopped' = 'not started'
  #stopping: Promise<void> | undefined

  constructor(settings: Settings) {
    this.#settings = settings
    this.#contracts.add(settings.services, settings.contracts)
  }

  async start(): Promise<Application> {
    if (this.#phase !== 'not started') throw new MillraceError('APP_NOT_RUNNING', { phase: `${this.#phase} already` })
    this.#phase = 'starting'
    const { store, clock, newId, logger } = this.#settings
    const engine = await store.open({ clock, newId, logger })
    const running = new Running(engine, this.#settings, this.#contracts)
    try {
      await running.start()
    } catch (error) {
      this.#phase = 'stopped'
      await running.stop()
      throw error
    }
    this.#running = running
    this.#phase = 'running'
    logger.info('The application runs', { services: [...running.subscriptions.keys()] })
    return this
  }

  stop(): Promise<void> {
    if (this.#running === undefined) {
      this.#phase = 'stopped'
      return Promise.resolve()
    }
    this.#phase = this.#phase === 'running' ? 'stopping' : this.#phase
    this.#stopping ??= this.#running.stop().finally(() => {
      this.#phase = 'stopped'
      this.#settings.logger.info('The application has stopped')
    })
    return this.#stopping
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async publish<C extends EventContract>(contract: C, data: InputOf<C>, options?: PublishOptions): Promise<Published> {
    const { publisher } = this.#need()
    return publisher.publish({ contract, data, options })
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
    cancel: async (id) => this.#need().scheduler.cancel(id),
  }

  events(topics: string | readonly string[], options?: StreamOptions): AsyncIterableIterator<Streamed> {
    const list = typeof topics === 'string' ? [topics] : topics
    return streamEvents(this.#need().store, this.#contracts.find, list, options)
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
  }

  async idle(services?: readonly string[]): Promise<void> {
    const { store, subscriptions } = this.#need()
    const names = services ?? [...subscriptions.keys()]
    for (;;) {
      const committed = Promise.withResolvers<void>()
      const stop = store.onCommit(() => committed.resolve())
      try {
        const lags = await Promise.all(names.map((name) => lagOf(store, name)))
        if (lags.every((lag) => lag === 0)) return
        await committed.promise
      } finally {
        stop()
      }
    }
  }

  health(): Health {
    return healthOf(this.#phase, this.#running?.subscriptions.values() ?? [])
  }

  async inspect(): Promise<StoreState> {
    return this.#need().store.inspect()
  }

  #need(): Running {
    if (this.#phase === 'running' && this.#running !== undefined) return this.#running
    throw new MillraceError('APP_NOT_RUNNING', { phase: this.#phase })
  }

  #missSql(): never {
    const { engine } = this.#need().store.capabilities
    throw new MillraceError('CAPABILITY_MISSING', { engine, capability: 'sql', needed: 'sql and query' })
  }
}

async function lagOf(store: Store, name: string): Promise<number> {
  const status = await store.readSubscription(name, 1)
  if (status === undefined) throw new MillraceError('SUBSCRIPTION_UNKNOWN', { subscription: name })
  return status.lag
}
