import type {
  AckReason,
  EncodedEvent,
  KeptDelivery,
  KeptQuery,
  Outcome,
  Settlement,
  StartPosition,
  Store,
  StoredDelivery,
  Unit,
} from 'millrace/engine'
import type { StoreFixture } from './fixture.ts'
import { leaseOf, takeLease } from './leasing.ts'

/** A delivery that is kept apart, after its first failure. */
export const kept = (event: EncodedEvent, fields: Partial<KeptDelivery> = {}): KeptDelivery => ({
  event,
  orderKey: event.key,
  attempts: 1,
  deaths: 0,
  reason: 'retry',
  history: [],
  ...fields,
})

/** Both units as one. */
export const grown = (unit: Unit, other: Unit): Unit =>
  Object.fromEntries(
    [...new Set([...Object.keys(unit), ...Object.keys(other)])].map((part) => [
      part,
      [...(unit[part as keyof Unit] ?? []), ...(other[part as keyof Unit] ?? [])],
    ]),
  )

/** A subscription with a lease, as the one who handles its deliveries sees it. */
export interface Handling {
  readonly name: string
  readonly epoch: number
  /** The settlement of a delivery that came from the log, or (`kept`) that is kept already. */
  settlement(position: number, outcome: Outcome, isKept?: boolean): Settlement
  /** Commits such a settlement. */
  settle(position: number, outcome: Outcome, isKept?: boolean): Promise<void>
  ack(positions: readonly number[], reason?: AckReason, isKept?: boolean): Promise<void>
  /** What is kept, a page of at most 1,000. `due` are those due now. */
  read(state: KeptQuery['state'], query?: Partial<KeptQuery>): Promise<readonly StoredDelivery[]>
  /** The positions of what is kept. */
  positions(state: KeptQuery['state'], query?: Partial<KeptQuery>): Promise<number[]>
  /** Keeps the event of a position apart, as the handler of a delivery from the log does. */
  keep(position: number, kind: 'park' | 'wait' | 'try' | 'dead', options?: KeepOptions): Promise<void>
}

export interface KeepOptions extends Partial<KeptDelivery> {
  readonly dueMs?: number | null
  readonly isKept?: boolean
}

export interface HandlingOptions {
  readonly name?: string
  readonly topics?: readonly string[]
  readonly from?: StartPosition
}

/** Creates a subscription (default: `s`, of the topic `t`, from the beginning) and takes its lease. */
export async function handling(fixture: StoreFixture, options: HandlingOptions = {}): Promise<Handling> {
  const { name = 's', topics = ['t'], from = 'beginning' } = options
  const { store, clock } = fixture
  await store.commit({ subscriptions: [{ kind: 'ensure', name, topics, from }] })
  const epoch = await takeLease(store, leaseOf(name))
  // The store is asked for anew each time, as a test may have opened it again.
  const commit = (unit: Unit) => fixture.store.commit(unit)
  const settlement = (position: number, outcome: Outcome, isKept = false): Settlement => ({
    subscription: name,
    epoch,
    position,
    kept: isKept,
    outcome,
  })
  const self: Handling = {
    name,
    epoch,
    settlement,
    async settle(position, outcome, isKept) {
      await commit({ settle: [settlement(position, outcome, isKept)] })
    },
    async ack(positions, reason = 'handled', isKept = false) {
      await commit({ settle: positions.map((position) => settlement(position, { kind: 'ack', reason }, isKept)) })
    },
    read: (state, query) =>
      fixture.store.readKept({
        subscription: name,
        state,
        limit: 1_000,
        ...(state === 'due' && { dueBeforeMs: clock.now() }),
        ...query,
      }),
    async positions(state, query) {
      return (await self.read(state, query)).map(({ position }) => position)
    },
    async keep(position, kind, { dueMs = clock.now(), isKept, ...fields } = {}) {
      const delivery = kept(fields.event ?? (await eventAt(fixture.store, position)), fields)
      await self.settle(position, kind === 'park' ? { kind, delivery, dueMs } : { kind, delivery }, isKept)
    },
  }
  return self
}

async function eventAt(store: Store, position: number): Promise<EncodedEvent> {
  const { records } = await store.readLog({ after: position - 1, limit: 1 })
  return records[0]!.event
}
