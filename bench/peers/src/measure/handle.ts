import { order } from '../../../src/order.ts'
import type { Order, Peer, Target } from '../peer.ts'
import { type Budget, publishBatches } from './publish.ts'

/** The effect of a handler, the same for every peer: a sum for each customer, in memory. */
function totals() {
  const sums = new Map<string, number>()
  let handled = 0
  return {
    handler: ({ customer, total }: Order): void => {
      sums.set(customer, (sums.get(customer) ?? 0) + total)
      handled++
    },
    handled: () => handled,
    sum: () => sums.values().reduce((sum, each) => sum + each, 0),
  }
}

/**
 * A backlog, from the connection of the consumer until the acknowledgement of the last event has arrived.
 * @throws Error when the effects are not those of the events, each once
 */
export async function handleBacklog(peer: Peer, target: Target, budget: Budget) {
  let published: number
  {
    await using session = await peer.open(target)
    published = (await publishBatches(session, peer.load, budget)).done
  }
  const effect = totals()
  const began = performance.now()
  await using session = await peer.open({ ...target, handler: effect.handler })
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, budget.maxMs)
  })
  await Promise.race([session.settled(published), late])
  const elapsedMs = performance.now() - began
  clearTimeout(timer)
  const done = effect.handled()
  const wanted = Array.from({ length: done }, (_, number) => order(number).total).reduce((sum, each) => sum + each, 0)
  if (done > published || (done === published && effect.sum() !== wanted)) {
    throw new Error(`${done} handled of ${published}, sum ${effect.sum()} instead of ${wanted}`)
  }
  return { done, elapsedMs }
}
