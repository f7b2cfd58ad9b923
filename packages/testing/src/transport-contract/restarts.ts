import fc from 'fast-check'
import { expect } from 'vitest'
import type { Promised, StoreFixture } from '../store-contract/fixture.ts'
import { positionsOf } from '../store-contract/reading.ts'
import { consuming } from './consuming.ts'

/** What happens between two starts of a consumer. */
interface Round {
  /** How many events are published: of the consumer's topic, and of others in between. */
  readonly published: readonly boolean[]
  readonly window: number
  /** Which of the deliveries are settled, over and over, in this order of commits. */
  readonly settled: readonly boolean[]
  /** Who comes after: the same one under the same lease, one that takes the lease anew, or a process started later. */
  readonly next: 'same' | 'lease' | 'process'
}

const rounds: fc.Arbitrary<Round[]> = fc.array(
  fc.record({
    published: fc.array(fc.boolean(), { maxLength: 12 }),
    window: fc.integer({ min: 1, max: 30 }),
    settled: fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
    next: fc.constantFrom('same', 'lease', 'process'),
  }),
  { minLength: 2, maxLength: 8 },
)

/** Consumers that end again and again with some of their deliveries settled. */
export function restartPromises(promised: Promised): void {
  promised('after any number of restarts, exactly what was not acknowledged comes again', async (fixture) => {
    let run = 0
    const property = fc.asyncProperty(rounds, (history) => follow(fixture, `run-${++run}`, history))
    await fc.assert(property, { numRuns: 25, interruptAfterTimeLimit: 15_000, markInterruptAsFailure: true })
  })
}

/** Every run has a subscription and a topic of its own in the same store. */
async function follow(fixture: StoreFixture, name: string, history: readonly Round[]): Promise<void> {
  let unsettled: number[] = []
  let epoch: number | undefined
  for (const { published, window, settled, next } of history) {
    for (const own of published) {
      const [position] = await fixture.publish(own ? name : 'noise')
      if (own) unsettled.push(position!)
    }
    const receive = async () => {}
    const s = await consuming(fixture, { name, topics: [name], window, receive, ...(epoch !== undefined && { epoch }) })
    const expected = unsettled.slice(0, window)
    await s.received(expected.length)
    expect(s.positions.slice(0, expected.length)).toEqual(expected)
    const chosen = s.records.filter((_, n) => settled[n % settled.length])
    // Two commits, the later deliveries first.
    const middle = chosen.length >> 1
    if (middle < chosen.length) await s.ack(chosen.slice(middle))
    if (middle > 0) await s.ack(chosen.slice(0, middle))
    await s.consumer.close()
    const done = new Set(positionsOf(chosen))
    unsettled = unsettled.filter((position) => !done.has(position))
    expect((await fixture.store.readSubscription(name, 10_000))!.lag).toBe(unsettled.length)
    epoch = next === 'same' ? s.epoch : undefined
    if (next === 'process' && fixture.reopens) await fixture.reopen()
  }
}
