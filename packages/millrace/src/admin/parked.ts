import type { Store, StoredDelivery } from '../store/index.ts'
import type { Parked } from './admin.ts'
import { change, changeAll, keptAt, listKept, requireSubscription } from './kept.ts'

const isParked = ({ state }: StoredDelivery): boolean => state === 'parked'

export function parkedOf(store: Store): Parked {
  return {
    list: (query) => listKept(store, 'pending', query),
    release: async (name, positions) => {
      await requireSubscription(store, name)
      if (positions === 'all') return changeAll(store, 'release', name, 'pending', isParked)
      const named = await Promise.all(positions.map((position) => keptAt(store, name, position, 'pending')))
      return change(
        store,
        'release',
        name,
        named.filter(isParked).map(({ position }) => position),
      )
    },
  }
}
