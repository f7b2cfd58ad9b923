import { setTimeout as sleep } from 'node:timers/promises'
import { type Application, isMillraceError } from 'millrace'
import { report } from './channel.ts'
import type { Task } from './contracts.ts'

const everyMs = 20

/** Mends and redrives dead letters until the signal aborts. */
export async function operate(app: Application, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await redriveAll(app)
    await sleep(everyMs)
  }
}

/** @returns how many dead letters there were */
export async function redriveAll(app: Application): Promise<number> {
  const letters = await app.admin.deadLetters.list({ limit: 1_000 })
  for (const { subscription, position, reason, event } of letters) {
    const data = JSON.parse(event.data!) as Task
    report({ type: 'dead', subscription, message: data.id, reason })
    try {
      const mended: Task = { ...data, plan: {} }
      if (data.plan.dead === true) await app.admin.deadLetters.edit(subscription, position, mended)
      await app.admin.deadLetters.redrive(subscription, [position])
      report({ type: 'count', name: 'redriven', by: 1 })
    } catch (error) {
      // Another process has redriven it, or could not be waited for.
      if (!isMillraceError(error, 'DELIVERY_UNKNOWN') && !isMillraceError(error, 'STORE_BUSY')) throw error
    }
  }
  return letters.length
}
