import type { Consumer, LogRecord, OpenEngine, Outcome, TransportSubscription } from 'millrace/engine'
import { expect } from 'vitest'
import { eventually } from '../eventually.ts'
import type { StoreFixture } from '../store-contract/fixture.ts'
import { leaseOf, takeLease } from '../store-contract/leasing.ts'
import { positionsOf } from '../store-contract/reading.ts'

export interface ConsumingOptions extends Partial<TransportSubscription> {
  /** What to do with a batch. Default: acknowledge it whole. */
  readonly receive?: (batch: readonly LogRecord[], self: Consuming) => Promise<void>
  /** The process that consumes. Default: the one of the fixture. */
  readonly at?: OpenEngine
  /** Which instance takes the lease. */
  readonly instance?: string
}

/** A consumer under test, and what it was handed. */
export interface Consuming {
  readonly name: string
  readonly epoch: number
  readonly consumer: Consumer
  /** Everything that was handed over, in order. */
  readonly records: LogRecord[]
  readonly positions: readonly number[]
  /** What was handed over and not settled, in order. */
  readonly unsettled: readonly LogRecord[]
  /** Commits how the handling of these ended. */
  settle(records: readonly LogRecord[], outcome: (record: LogRecord) => Outcome): Promise<void>
  /** Commits that these are handled. */
  ack(records: readonly LogRecord[]): Promise<void>
  /** Waits until so many were handed over in all. */
  received(count: number): Promise<void>
}

/**
 * Creates a subscription (default: `s`, of the topic `t`, from the beginning, with a window of 100), takes its lease and
 * consumes it. Whatever the test does, each call of `receive` is checked: no call before the last one resolved, never more
 * unsettled deliveries than the window, positions that rise.
 */
export async function consuming(fixture: StoreFixture, options: ConsumingOptions = {}): Promise<Consuming> {
  const { name = 's', topics = ['t'], window = 100, instance = 'me' } = options
  const receive = options.receive ?? ((batch, self) => self.ack(batch))
  const { store, log } = options.at ?? fixture
  await store.commit({ subscriptions: [{ kind: 'ensure', name, topics, from: 'beginning' }] })
  const epoch = options.epoch ?? (await takeLease(store, leaseOf(name), instance))
  const records: LogRecord[] = []
  const broken: unknown[] = []
  let receiving = false
  const open = new Map<number, LogRecord>()

  const check = (batch: readonly LogRecord[]): void => {
    expect(receiving, 'no batch comes before the last one was taken').toBe(false)
    expect(batch.length, 'a batch has deliveries').toBeGreaterThan(0)
    const positions = [records.at(-1)?.position ?? 0, ...positionsOf(batch)]
    expect(positions, 'deliveries come in the order of the log, once each').toEqual(
      [...new Set(positions)].toSorted((a, b) => a - b),
    )
    records.push(...batch)
    for (const record of batch) open.set(record.position, record)
    expect(open.size, 'no more than the window are unsettled').toBeLessThanOrEqual(window)
  }
  const self: Consuming = {
    name,
    epoch,
    records,
    get consumer() {
      return consumer
    },
    get positions() {
      return positionsOf(records)
    },
    get unsettled() {
      return [...open.values()]
    },
    async settle(batch, outcome) {
      // Taken away when it is asked for: the next batch may come before the answer.
      for (const { position } of batch) open.delete(position)
      await store.commit({
        settle: batch.map((record) => ({
          subscription: name,
          epoch,
          position: record.position,
          kept: false,
          outcome: outcome(record),
        })),
      })
    },
    ack: (batch) => self.settle(batch, () => ({ kind: 'ack', reason: 'handled' })),
    async received(count) {
      await eventually(() => broken.length > 0 || records.length >= count, { what: `${count} deliveries` })
      assertWhole()
    },
  }
  const assertWhole = (): void => {
    if (broken.length > 0) throw broken[0]
  }
  fixture.atEnd(assertWhole)
  const consumer = await log.subscribe({ name, topics, epoch, window }, async (batch) => {
    try {
      check(batch)
      receiving = true
      await receive(batch, self)
    } catch (error) {
      broken.push(error)
    } finally {
      receiving = false
    }
  })
  return self
}

/** Lets whatever can happen without the passing of time happen. */
export async function quiet(): Promise<void> {
  for (let turns = 0; turns < 50; turns++) await new Promise<void>((resolve) => setImmediate(resolve))
}
