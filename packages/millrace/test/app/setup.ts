import { type SimulatedClock, simulatedClock } from '@millrace/testing'
import { type Application, type ApplicationConfig, type Logger, millrace } from 'millrace'
import type { Store, StoreEngine } from 'millrace/engine'
import { sqlite } from 'millrace/sqlite'
import { onTestFinished } from 'vitest'

/** What a logger was told. */
export interface Logged {
  readonly level: keyof Logger
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

export interface Started {
  readonly app: Application
  readonly clock: SimulatedClock
  /** The store of the application, to do to it what operators do. */
  readonly store: Store
  readonly logged: readonly Logged[]
}

interface Setup extends Partial<ApplicationConfig> {
  readonly clock?: SimulatedClock
  readonly path?: string
  /** Wraps the engine, to make it behave like another one. */
  readonly wrap?: (engine: StoreEngine) => StoreEngine
}

/**
 * An application on the real engine, in memory unless there is a `path`, on a clock that stands still. It stops with the
 * test, if it has not been stopped before.
 */
export async function start({ path = ':memory:', wrap = (engine) => engine, ...config }: Setup): Promise<Started> {
  const clock = config.clock ?? simulatedClock()
  const logged: Logged[] = []
  const { engine, opened } = tapped(wrap(sqlite(path, path === ':memory:' ? {} : { synchronous: 'normal' })))
  // The watchdog watches real time.
  const app = millrace({
    blockedAfterMs: 0,
    logger: recorder(logged),
    random: () => 0.5,
    ...config,
    store: engine,
    clock,
  })
  onTestFinished(() => stopAtLast(app, clock))
  await app.start()
  return { app, clock, logged, store: opened() }
}

/** Stops an application whose handlers may be left hanging: it waits for them as long as its clock says. */
export async function stopAtLast(app: Application, clock: SimulatedClock): Promise<void> {
  let stopped = false
  const stopping = app.stop().finally(() => {
    stopped = true
  })
  while (!stopped) await clock.advance(1_000)
  await stopping
}

/** An engine whose store can be had, too. */
export function tapped(inner: StoreEngine): { engine: StoreEngine; opened: () => Store } {
  let store: Store | undefined
  const engine: StoreEngine = {
    engine: inner.engine,
    async open(environment) {
      const open = await inner.open(environment)
      store = open.store
      return open
    },
  }
  return { engine, opened: () => store! }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/**
 * An engine as one behind a network is: what it has done, and what it has read, is known only some turns later. `turns` says
 * after how many.
 */
export function distant(inner: StoreEngine, turns: () => number): StoreEngine {
  const late = async <T>(answer: Promise<T>): Promise<T> => {
    const [settled] = await Promise.allSettled([answer])
    for (let left = turns(); left > 0; left--) await turn()
    if (settled.status === 'rejected') throw settled.reason
    return settled.value
  }
  return {
    engine: inner.engine,
    async open(environment) {
      const { store, log } = await inner.open(environment)
      const { commit, readKept, readDocument, readSubscription } = store
      Object.assign(store, {
        commit: (...values: Parameters<typeof commit>) => late(commit.apply(store, values)),
        readKept: (...values: Parameters<typeof readKept>) => late(readKept.apply(store, values)),
        readDocument: (...values: Parameters<typeof readDocument>) => late(readDocument.apply(store, values)),
        readSubscription: (...values: Parameters<typeof readSubscription>) =>
          late(readSubscription.apply(store, values)),
      })
      return { store, log }
    },
  }
}

function recorder(logged: Logged[]): Logger {
  const log =
    (level: keyof Logger) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      logged.push({ level, message, fields })
    }
  return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }
}
