import { setTimeout as sleep } from 'node:timers/promises'
import { type Application, isMillraceError } from 'millrace'
import { redriveAll } from './operator.ts'

/** Lets everything be handled that is not, dead letters included, and resolves when nothing is left. */
export async function settle(app: Application): Promise<void> {
  for (let quiet = 0; quiet < 2; ) {
    await redriveAll(app)
    try {
      for (const { name, paused } of await app.admin.subscriptions()) if (paused !== null) await app.admin.resume(name)
    } catch (error) {
      if (!isMillraceError(error, 'STORE_BUSY')) throw error
    }
    const { subscriptions, timers } = await app.inspect()
    const left = subscriptions.reduce(
      (sum, { lag, parked, waiting, dead }) => sum + lag + parked + waiting + dead,
      timers,
    )
    quiet = left === 0 ? quiet + 1 : 0
    await sleep(5)
  }
}
