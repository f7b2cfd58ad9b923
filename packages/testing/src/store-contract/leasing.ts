import type { LeaseOwner, Store } from 'millrace/engine'

/** An owner of leases that lives as long as this process, unless told otherwise. */
export const owner = (instance: string, fields: Partial<LeaseOwner> = {}): LeaseOwner => ({
  instance,
  pid: process.pid,
  host: 'this host',
  ...fields,
})

/** The name of the lease whose epoch fences the deliveries of a subscription. */
export const leaseOf = (subscription: string): string => `subscription:${subscription}`

/** Takes a lease and returns its epoch. */
export async function takeLease(store: Store, name: string, instance = 'me', ttlMs = 60_000): Promise<number> {
  const { epochs } = await store.commit({ leases: [{ kind: 'acquire', name, owner: owner(instance), ttlMs }] })
  return epochs[0]!.epoch
}
