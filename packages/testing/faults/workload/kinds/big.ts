import { Keyed, Plain } from '../contracts.ts'
import { type Kind, messageOf, perform, task } from '../work.ts'

const largestBytes = 900_000

/** Events that are nearly as big as events may be, with and without a key. */
export const big: Kind = {
  weight: 3,
  async run({ app, random }, id) {
    const [contract, key] = random.chance(0.5) ? ([Plain, null] as const) : ([Keyed, `b${random.below(5)}`] as const)
    const filler = 'x'.repeat(random.below(largestBytes))
    const data = task(id, key, { filler, ...(random.chance(0.3) ? { slowMs: random.below(4) } : {}) })
    await perform(
      id,
      { kind: 'big', messages: [messageOf(data, contract.topic)] },
      () => app.publish(contract, data),
      ({ position }) => ({ positions: [position] }),
    )
  },
}
