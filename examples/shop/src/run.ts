import { setTimeout as sleep } from 'node:timers/promises'
import type { Application } from 'millrace'
import { differencesOf } from './compare.ts'
import type { SalesLedger } from './sales-ledger.ts'
import { sentCatalogues } from './services/marketing.ts'
import { shoppingCart } from './services/shopping-cart.ts'
import { doublesOf, retriesOf, totalsOf } from './totals.ts'
import { totalsDirect } from './totals-direct.ts'
import type { View } from './view/snapshot.ts'
import type { Outcome } from './view/summary.ts'
import { isQuiet, Watch } from './watch.ts'

const frameMs = 100

/** Works through the ledger until nothing is left to do. Returns earlier, with false, when `signal` says so. */
export async function runShop(
  app: Application,
  ledger: SalesLedger,
  { rate, view, signal }: { readonly rate: number; readonly view: View; readonly signal: AbortSignal },
): Promise<boolean> {
  const { payments, emails } = await retriesOf(app)
  const watch = new Watch(app, ledger, payments + emails)
  const cart = follow(shoppingCart(app, ledger, { perSecond: rate, signal }))
  try {
    for (;;) {
      const done = cart.isDone()
      const { snapshot, isQuiet } = await watch.look()
      view.show(snapshot)
      if (signal.aborted) return false
      if (done && isQuiet) return true
      assertUp(app)
      await sleep(frameMs)
    }
  } finally {
    watch.close()
    view.close()
  }
}

/** Whether everything was done already before this start. */
export async function isFinished(app: Application): Promise<boolean> {
  const [input] = await app.query('SELECT line, entries FROM shop_input')
  return input !== undefined && input.line === input.entries && isQuiet(await app.inspect())
}

/** What the shop came to, beside what it should have come to. */
export async function outcomeOf(app: Application, ledger: SalesLedger, store: string): Promise<Outcome> {
  const totals = await totalsOf(app)
  const { subscriptions, documents } = await app.inspect()
  return {
    totals,
    retries: await retriesOf(app),
    catalogues: documents[sentCatalogues.name] ?? 0,
    deadLetters: subscriptions.reduce((sum, { dead }) => sum + dead, 0),
    differences: differencesOf(totals, await totalsDirect(ledger.path)),
    doubles: await doublesOf(app),
    store,
  }
}

/** Asks a promise again and again. @throws what it was rejected with */
function follow(work: Promise<void>): { isDone(): boolean } {
  let done = false
  let failure: { readonly error: unknown } | undefined
  work.then(
    () => {
      done = true
    },
    (error: unknown) => {
      failure = { error }
    },
  )
  return {
    isDone() {
      if (failure !== undefined) throw failure.error
      return done
    },
  }
}

/** A service that cannot go on, as on a full disk, would keep the shop waiting for ever. */
function assertUp(app: Application): void {
  const failed = app.health().services.find(({ phase }) => phase === 'failed')
  if (failed !== undefined) throw new Error(`The service ${failed.name} has failed: ${failed.error}`)
}
