import type { Context } from '../measurement.ts'
import { OrderPlaced, order, orders } from '../order.ts'
import { atOnce, bareLog, insertRows, openIn } from '../work/bare.ts'
import { counted, ordersService } from '../work/handle.ts'
import { every, failures } from '../work/pace.ts'
import { publishBatches, publishSingly, warmUpPublishing } from '../work/publish.ts'
import { start } from '../work/store.ts'
import { sharedMs } from './shared-clock.ts'

/** The moments at which all members of a crew wait for each other. */
export interface Moments {
  /** Resolves when all are ready, with the time. */
  begin(): Promise<number>
  ended(beganMs: number): void
}

/** What of the work is one member's. */
export interface Share {
  /** How many events it takes. */
  readonly count: number
  /** 0 for the first member. */
  readonly index: number
}

type Work = (context: Context, share: Share, moments: Moments) => Promise<void>

const publishing =
  (publish: typeof publishSingly): Work =>
  async (context, { count, index }, { begin, ended }) => {
    await warmUpPublishing(context, publish, `warm-${index}`)
    await using app = await start(context)
    const data = orders(count)
    const began = await begin()
    await publish(app, data)
    ended(began)
  }

const intervalMs = 5

/** SQLite waits for the lock of the others by itself, as it does for whoever uses it bare. */
const busyTimeoutMs = 60_000

const inserting: Work = async (context, { count, index }, { begin, ended }) => {
  const { insert, rows } = bareLog(context)
  using database = openIn(context, 'bare')
  database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`)
  const own = rows.slice(index * count, (index + 1) * count)
  const began = await begin()
  insertRows(database, insert, own, atOnce)
  ended(began)
}

const pacing: Work = async (context, { count }, { begin, ended }) => {
  await using app = await start(context)
  const { watch, assertNone } = failures()
  const began = await begin()
  // The event says when it was published, in microseconds of the clock that all processes share.
  await every(intervalMs, count, (number) =>
    watch(app.publish(OrderPlaced, { ...order(number), total: Math.round(sharedMs() * 1_000) })),
  )
  assertNone()
  ended(began)
}

const dying: Work = async (context, { count }, { begin }) => {
  const counter = counted(Math.ceil(count / 2))
  const app = await start(context, { services: [ordersService('orders', 'keyed', 'document', counter)] })
  const data = orders(count)
  await begin()
  await Promise.race([publishSingly(app, data), counter.all])
  process.kill(process.pid, 'SIGKILL')
}

/** What a process of a crew can do. */
export const memberTasks = {
  publishSingly: publishing(publishSingly),
  publishBatches: publishing(publishBatches),
  insertBare: inserting,
  publishPaced: pacing,
  publishAndHandleUntilKilled: dying,
} satisfies Readonly<Record<string, Work>>

export type MemberTask = keyof typeof memberTasks
