import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { basename } from 'node:path'
import type { Application, StoreState } from 'millrace'
import type { SalesLedger } from './sales-ledger.ts'
import type { Snapshot } from './view/snapshot.ts'

/** The rate is taken over this time. */
const rateMs = 1_000

/** Looks at a running shop from outside: at what the store counts, and at what the runtime tells on its channels. */
export class Watch {
  readonly #app: Application
  readonly #ledger: SalesLedger
  readonly #marks: { readonly atMs: number; readonly head: number }[] = []
  #retries: number
  readonly #onRetry = (): void => {
    this.#retries++
  }

  /** @param retries how many there were before this start */
  constructor(app: Application, ledger: SalesLedger, retries: number) {
    this.#app = app
    this.#ledger = ledger
    this.#retries = retries
    subscribe('millrace:retry', this.#onRetry)
  }

  close(): void {
    unsubscribe('millrace:retry', this.#onRetry)
  }

  async look(): Promise<{ readonly snapshot: Snapshot; readonly isQuiet: boolean }> {
    const state = await this.#app.inspect()
    const [input] = await this.#app.query('SELECT coalesce(max(line), 0) AS line FROM shop_input')
    const [sums] = await this.#app.query(
      'SELECT coalesce(sum(orders), 0) AS orders, coalesce(sum(revenue), 0) AS revenue, coalesce(sum(refunds), 0) AS refunds FROM shop_accounts',
    )
    const services = state.subscriptions.map((subscription) => ({
      name: subscription.name,
      handled: subscription.settled.handled ?? 0,
      lag: subscription.lag,
      retrying: subscription.parked + subscription.waiting,
      dead: subscription.dead,
    }))
    const snapshot = {
      ledger: basename(this.#ledger.path),
      entries: this.#ledger.entries,
      line: Number(input?.line),
      events: state.head,
      eventsPerSecond: this.#rate(state.head),
      retries: this.#retries,
      deadLetters: services.reduce((sum, { dead }) => sum + dead, 0),
      scheduled: state.timers,
      completed: Number(sums?.orders),
      revenue: Number(sums?.revenue),
      refunds: Number(sums?.refunds),
      services,
    }
    return { snapshot, isQuiet: isQuiet(state) }
  }

  #rate(head: number): number {
    const atMs = performance.now()
    this.#marks.push({ atMs, head })
    while (this.#marks.length > 2 && (this.#marks[1]?.atMs ?? atMs) < atMs - rateMs) this.#marks.shift()
    const first = this.#marks[0] ?? { atMs, head }
    return first.atMs === atMs ? 0 : Math.round(((head - first.head) * 1_000) / (atMs - first.atMs))
  }
}

/** Nothing is under way, nothing is scheduled, nothing waits to be tried again: no more will happen by itself. */
export function isQuiet({ subscriptions, timers }: StoreState): boolean {
  return timers === 0 && subscriptions.every(({ lag, parked, waiting }) => lag + parked + waiting === 0)
}
