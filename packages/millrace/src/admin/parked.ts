import type { Store, StoredDelivery } from '../store/index.ts'
import type { Parked } from './admin.ts'
import { change, keptAt, listKept, pagesOf, requireSubscription } from './kept.ts'

export function parkedOf(store: Store): Parked {
  const release = (name: string, deliveries: readonly StoredDelivery[]): Promise<number> => {
    const parked = deliveries.filter(({ state }) => state === 'parked')
    const positions = parked.map(({ position }) => position)
    return change(store, 'release', name, positions)
  }

  return {
    list: (query) => listKept(store, 'pending', query),
    release: async (name, positions) => {
      await requireSubscription(store, name)
      if (positions !== 'all') {
        const named = await Promise.all(positions.map((position) => keptAt(store, name, position, 'pending')))
        return release(name, named)
      }
      let count = 0
      for await (const page of pagesOf(store, name, 'pending')) count += await release(name, page)
      return count
    },
  }
}
