import { Noise, Price } from '../contracts.ts'
import { type Kind, messageOf, perform, task } from '../work.ts'

/** Events of topics that retention and compaction thin out. What a subscription has not handled must stay. */
export const trimmed: Kind = {
  weight: 3,
  async run({ app, store, random }, id) {
    if (random.chance(0.3)) {
      const [kind, topic] = random.pick([
        ['oldest', Noise.topic],
        ['superseded', Price.topic],
      ] as const)
      const through = await store.locate('now')
      await perform(id, { kind: 'trimmed' }, () =>
        store.commit({ trims: [{ kind, topic, through, limit: 1 + random.below(50) }] }),
      )
      return
    }
    const contract = random.pick([Noise, Price])
    const data = task(id, contract === Price ? `price-${random.below(4)}` : null)
    await perform(
      id,
      { kind: 'trimmed', messages: [messageOf(data, contract.topic)] },
      () => app.publish(contract, data),
      ({ position }) => ({ positions: [position] }),
    )
  },
}
