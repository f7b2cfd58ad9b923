import { join } from 'node:path'
import { message, millrace } from 'millrace'
import { sqlite } from 'millrace/sqlite'
import { inFolder } from './folder.ts'
import { rate } from './measure.ts'
import { OrderPlaced, order } from './order.ts'

/** Single calls, `inFlight` of them at any time. */
export function publishSingle(count: number, inFlight: number): Promise<number> {
  return inFolder(async (folder) => {
    await using app = await millrace({ store: sqlite(join(folder, 'bench.db')) }).start()
    let next = 0
    const publisher = async (): Promise<void> => {
      while (next < count) await app.publish(OrderPlaced, order(next++))
    }
    return await rate(count, () => Promise.all(Array.from({ length: inFlight }, publisher)))
  })
}

/** Units of `size` events, one after the other. */
export function publishBatches(count: number, size: number): Promise<number> {
  return inFolder(async (folder) => {
    await using app = await millrace({ store: sqlite(join(folder, 'bench.db')) }).start()
    return await rate(count, async () => {
      for (let first = 0; first < count; first += size) {
        await app.publishAll(Array.from({ length: size }, (_, index) => message(OrderPlaced, order(first + index))))
      }
    })
  })
}

/** One event every 5 ms, from the call of `publish` until it is durable. */
export function idlePublish(count: number): Promise<number[]> {
  return inFolder(async (folder) => {
    await using app = await millrace({ store: sqlite(join(folder, 'bench.db')) }).start()
    const latencies: number[] = []
    for (let number = 0; number < count; number++) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      const began = performance.now()
      await app.publish(OrderPlaced, order(number))
      latencies.push(performance.now() - began)
    }
    return latencies
  })
}
