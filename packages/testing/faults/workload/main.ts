// One process of the workload. Its options are a file of JSON; what it does is told over file descriptor 3.
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMillraceError, type Logger, millrace } from 'millrace'
import type { Environment, Store, StoreEngine } from 'millrace/engine'
import { sqlite } from 'millrace/sqlite'
import { randomOf } from '../random.ts'
import { report } from './channel.ts'
import { kinds } from './kinds/index.ts'
import { operate } from './operator.ts'
import type { WorkloadOptions } from './options.ts'
import { read } from './reader.ts'
import { effectTable, servicesOf } from './services.ts'
import { settle } from './settle.ts'
import type { Kind, Work } from './work.ts'

/** What went wrong within the application is seen on the error stream, where the parent shows it when it matters. */
const logger: Logger = {
  debug: () => {},
  info: () => {},
  warn: (text) => {
    if (text.includes('was fenced')) report({ type: 'count', name: 'fenced', by: 1 })
  },
  error: (text, fields) => console.error(text, fields),
}

/** The engine, and the store that it opens, which applications do not hand out. */
function watched(engine: StoreEngine): { readonly engine: StoreEngine; readonly store: () => Store } {
  let store: Store | undefined
  return {
    engine: {
      ...engine,
      open: async (environment: Environment) => {
        const opened = await engine.open(environment)
        store = opened.store
        return opened
      },
    },
    store: () => store!,
  }
}

async function main(options: WorkloadOptions): Promise<void> {
  const { path, synchronous, busyTimeoutMs, process: name } = options
  const { engine, store } = watched(sqlite(path, { synchronous, busyTimeoutMs }))
  const app = await millrace({ store: engine, services: [], logger }).start({ deliver: options.deliver })
  await app.sql([{ text: effectTable, parameters: [] }])
  if (options.deliver) for (const service of servicesOf(options)) await app.subscribe(service)
  report({ type: 'up' })

  const random = randomOf(options.seed)
  let next = 0
  const work: Work = {
    app,
    store: store(),
    options,
    random,
    newId: (kind) => `${name}-${kind}-${next++}`,
  }
  const ending = new AbortController()
  const { signal } = ending
  const from = random.pick(['beginning', 'now'] as const)
  const beside = [read(app, `${name}-reader`, from, signal)]
  if (options.deliver) beside.push(operate(app, signal))
  try {
    await Promise.race([busy(work), failureOf(beside)])
    if (options.settle) await Promise.race([settle(app), failureOf(beside)])
  } finally {
    ending.abort()
  }
  await Promise.all(beside)
  await app.stop()
  report({ type: 'finished' })
}

/** Rejects when one of them does, and never resolves. */
function failureOf(tasks: readonly Promise<void>[]): Promise<never> {
  return new Promise((_, reject) => {
    for (const task of tasks) task.catch(reject)
  })
}

/** Repeats what is to be repeated, and does so many operations more. */
async function busy(work: Work): Promise<void> {
  const { options, random } = work
  const repeats = [...options.repeat]
  // A kind stands in the list as often as its weight says.
  const choices = options.kinds.flatMap((name) => Array.from({ length: kinds[name].weight }, () => name))
  let left = options.operations
  const lane = async (): Promise<void> => {
    for (let again = repeats.shift(); again !== undefined; again = repeats.shift()) {
      await (kinds[again.kind] as Kind).repeat!(work, `${again.operation}+${options.process}`, again.what)
    }
    while (left-- > 0) {
      const name = random.pick(choices)
      await kinds[name].run(work, work.newId(name))
      if (options.pauseMs > 0) await sleep(options.pauseMs)
    }
  }
  await Promise.all(Array.from({ length: options.inFlight }, lane))
}

function endWith(error: unknown): never {
  const code = isMillraceError(error) ? error.code : error instanceof Error ? error.name : typeof error
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  report({ type: 'error', code, message })
  process.exit(3)
}

process.on('unhandledRejection', endWith)
process.on('uncaughtException', endWith)
const options = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as WorkloadOptions
main(options).catch(endWith)
