import { MillraceError } from '../base/index.ts'
import type { Store } from '../store/index.ts'
import type { Replayed, ReplayRange } from './admin.ts'
import { change } from './kept.ts'

const pageSize = 500

export async function replay(store: Store, name: string, range: ReplayRange): Promise<Replayed> {
  const subscription = await store.readSubscription(name, 0)
  if (subscription === undefined) throw new MillraceError('SUBSCRIPTION_UNKNOWN', { subscription: name })
  const starts = [range.after ?? 0]
  if (range.from !== undefined) starts.push(await store.locate(range.from))
  const ends = [range.through ?? Number.POSITIVE_INFINITY, subscription.floor, await store.locate('now')]
  if (range.until !== undefined) ends.push(await store.locate(range.until))
  const through = Math.min(...ends)
  let events = 0
  for (let after = Math.max(...starts); after < through; ) {
    const page = await store.readLog({ after, topics: subscription.topics, limit: pageSize })
    const positions = page.records.map(({ position }) => position).filter((position) => position <= through)
    events += await change(store, 'replay', name, positions)
    if (page.scannedTo === after) break
    after = page.scannedTo
  }
  return { events, through }
}
