import { MillraceError } from '../base/index.ts'
import type { Store, StoredDelivery, SubscriptionWrite } from '../store/index.ts'
import type { KeptListing } from './admin.ts'

type State = 'dead' | 'pending'

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

/** All kept deliveries of one subscription, a page at a time. */
export async function* pagesOf(
  store: Store,
  subscription: string,
  state: State,
): AsyncGenerator<readonly StoredDelivery[]> {
  for (let after = 0; ; ) {
    const page = await store.readKept({ subscription, state, after, limit: unitSize })
    if (page.length > 0) yield page
    if (page.length < unitSize) return
    after = page.at(-1)!.position
  }
}

/** Does something to deliveries in units of a bounded size, in log order. Returns how many. */
export async function change(
  store: Store,
  kind: Extract<SubscriptionWrite, { readonly positions: readonly number[] }>['kind'],
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
