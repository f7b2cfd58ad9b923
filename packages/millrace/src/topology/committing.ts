import { type Clock, isMillraceError } from '../base/index.ts'
import type { Committed, Store, Unit } from '../store/index.ts'

const retryAfterMs = 10

/** Commits the unit; again, while the store only has too much to do, until `isOver`. */
export async function commitWhenFree(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  unit: Unit,
  isOver: () => boolean,
): Promise<Committed> {
  for (;;) {
    try {
      return await store.commit(unit)
    } catch (error) {
      const later = isMillraceError(error, 'STORE_BUSY') || isMillraceError(error, 'STORE_OVERLOADED')
      if (!later || isOver()) throw error
      await new Promise<void>((resolve) => clock.after(retryAfterMs, resolve))
    }
  }
}
