import { join } from 'node:path'
import { eventually } from '@millrace/testing'
import { type Application, message } from 'millrace'
import { onTestFinished } from 'vitest'
import { folder } from './command-line.ts'
import shop, { OrderRequested } from './shop.ts'

export const shopFile = join(import.meta.dirname, 'shop.ts')

export interface Shop {
  readonly path: string
  readonly application: Application
  /** Orders with these totals, each handled or given up. */
  order(...totals: readonly number[]): Promise<void>
  /** Resolves when nothing waits to be handled or tried again. */
  settled(): Promise<void>
}

/** A store in a file of its own, on which the shop runs in this process. */
export async function runningShop(): Promise<Shop> {
  const path = join(folder(), 'shop.db')
  process.env.SHOP_STORE = path
  const application = await shop().start()
  onTestFinished(() => application.stop())
  const settled = async (): Promise<void> => {
    await eventually(async () => {
      const { subscriptions } = await application.inspect()
      return subscriptions.every(({ lag, parked, waiting }) => lag + parked + waiting === 0)
    })
  }
  let orders = 0
  return {
    path,
    application,
    async order(...totals) {
      await application.publishAll(totals.map((total) => message(OrderRequested, { orderId: `o-${++orders}`, total })))
      await settled()
    },
    settled,
  }
}

/** A store in a file of its own, on which the shop has run and runs no more. */
export async function storeOfShop(...totals: readonly number[]): Promise<string> {
  const { path, application, order } = await runningShop()
  if (totals.length > 0) await order(...totals)
  await application.stop()
  return path
}
