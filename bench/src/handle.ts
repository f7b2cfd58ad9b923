import { join } from 'node:path'
import { collection, type Dispatch, message, millrace, service } from 'millrace'
import { sqlite } from 'millrace/sqlite'
import { inFolder } from './folder.ts'
import { rate } from './measure.ts'
import { OrderPlaced, order } from './order.ts'

const Totals = collection<{ total: number }>('bench.totals')

/** A backlog of `count` events, each handled with one document written and acknowledged in the same commit. */
export function handleBacklog(count: number, dispatch: Dispatch): Promise<number> {
  return inFolder(async (folder) => {
    const path = join(folder, 'bench.db')
    {
      await using app = await millrace({ store: sqlite(path) }).start()
      for (let first = 0; first < count; first += 1_000) {
        await app.publishAll(Array.from({ length: 1_000 }, (_, index) => message(OrderPlaced, order(first + index))))
      }
    }
    const totals = service('totals', { dispatch }).on(OrderPlaced, ({ data }, { documents }) => {
      documents.put(Totals, data.customer, { total: data.total })
    })
    return await rate(count, async () => {
      await using app = await millrace({ store: sqlite(path), services: [totals] }).start()
      await app.idle()
    })
  })
}

/** One event every 5 ms, from the call of `publish` until its handler runs. */
export function idleHandle(count: number): Promise<number[]> {
  return inFolder(async (folder) => {
    const latencies: number[] = []
    let began = 0
    let handled = Promise.withResolvers<void>()
    const watch = service('watch').on(OrderPlaced, () => {
      latencies.push(performance.now() - began)
      handled.resolve()
    })
    await using app = await millrace({ store: sqlite(join(folder, 'bench.db')), services: [watch] }).start()
    for (let number = 0; number < count; number++) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      handled = Promise.withResolvers()
      began = performance.now()
      await app.publish(OrderPlaced, order(number))
      await handled.promise
    }
    return latencies
  })
}
