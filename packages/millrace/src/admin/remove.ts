import { isMillraceError, systemClock, uuidv7 } from '../base/index.ts'
import type { Store } from '../store/index.ts'

/** An operator's hold lasts for one commit; if the process dies right after, the time does the rest. */
const ttlMs = 1

/**
 * Forgets a subscription and all that is kept for it. It takes the subscription's lease in the same unit, so that it fails
 * while an application has that.
 * @throws SUBSCRIPTION_UNKNOWN, LEASE_HELD
 */
export async function removeSubscription(store: Store, name: string): Promise<void> {
  const lease = `subscription:${name}`
  // No process of another host has this one's id, so that only the time ends what an application has left behind.
  const owner = { instance: uuidv7(systemClock)(), pid: process.pid, host: 'operator' }
  const { epochs } = await store.commit({
    leases: [{ kind: 'acquire', name: lease, owner, ttlMs }],
    subscriptions: [{ kind: 'remove', name }],
  })
  try {
    // The removal raised the epoch by one.
    await store.commit({ leases: [{ kind: 'release', name: lease, epoch: epochs[0]!.epoch + 1 }] })
  } catch (error) {
    // An application has taken it meanwhile.
    if (!isMillraceError(error, 'LEASE_LOST')) throw error
  }
}
