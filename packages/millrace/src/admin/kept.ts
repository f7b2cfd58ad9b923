import { isMillraceError, MillraceError } from '../base/index.ts'
import type { Store, StoredDelivery, SubscriptionWrite } from '../store/index.ts'
import type { KeptListing } from './admin.ts'

type State = 'dead' | 'pending'
type ChangeKind = Extract<SubscriptionWrite, { readonly positions: readonly number[] }>['kind']

/** How many deliveries one unit changes: far more make a commit that holds up the others. */
const unitSize = 500

/** Kept deliveries of one subscription or of all, in log order. @throws SUBSCRIPTION_UNKNOWN */
export async function listKept(
  store: Store,
  state: State,
  { subscription, after = 0, limit = 100 }: KeptListing = {},
): Promise<readonly StoredDelivery[]> {
  if (subscription !== undefined) {
    await requireSubscription(store, subscription)
    return store.readKept({ subscription, state, after, limit })
  }
  const { subscriptions } = await store.inspect()
  const ofEach = await Promise.all(
    subscriptions.map(({ name }) => store.readKept({ subscription: name, state, after, limit })),
  )
  const all = ofEach.flat().sort((a, b) => a.position - b.position || (a.subscription < b.subscription ? -1 : 1))
  // A caller goes on after the last position, so that one position must not lie on two pages.
  const last = all[limit - 1]?.position
  return last === undefined ? all : all.filter(({ position }) => position <= last)
}

/** Does something to deliveries in units of a bounded size, in log order. Returns how many. */
export async function change(
  store: Store,
  kind: ChangeKind,
  name: string,
  positions: readonly number[],
): Promise<number> {
  const ordered = [...new Set(positions)].sort((a, b) => a - b)
  for (let from = 0; from < ordered.length; from += unitSize) {
    const some = ordered.slice(from, from + unitSize)
    await store.commit({ subscriptions: [{ kind, name, positions: some }] })
  }
  return ordered.length
}

/**
 * Does it to all deliveries of that state, a page at a time. The application goes on meanwhile: a page of which something
 * was settled since it was read is read anew. Returns how many.
 */
export async function changeAll(
  store: Store,
  kind: ChangeKind,
  name: string,
  state: State,
  applies: (delivery: StoredDelivery) => boolean = () => true,
): Promise<number> {
  let count = 0
  for (let after = 0; ; ) {
    const page = await store.readKept({ subscription: name, state, after, limit: unitSize })
    const positions = page.filter(applies).map(({ position }) => position)
    try {
      count += await change(store, kind, name, positions)
    } catch (error) {
      if (!isMillraceError(error, 'DELIVERY_UNKNOWN')) throw error
      continue
    }
    if (page.length < unitSize) return count
    after = page.at(-1)!.position
  }
}

/** @throws DELIVERY_UNKNOWN when there is none in that state */
export async function keptAt(
  store: Store,
  subscription: string,
  position: number,
  state: State,
): Promise<StoredDelivery> {
  const [found] = await store.readKept({ subscription, state, after: position - 1, limit: 1 })
  if (found?.position === position) return found
  throw new MillraceError('DELIVERY_UNKNOWN', { subscription, position, state })
}

/** @throws SUBSCRIPTION_UNKNOWN */
export async function requireSubscription(store: Store, name: string): Promise<void> {
  if ((await store.readSubscription(name, 0)) === undefined) {
    throw new MillraceError('SUBSCRIPTION_UNKNOWN', { subscription: name })
  }
}
