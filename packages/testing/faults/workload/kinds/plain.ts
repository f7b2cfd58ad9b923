import { Plain } from '../contracts.ts'
import { type Kind, messageOf, perform, task } from '../work.ts'

/** Single events without a key, whose handlers publish further ones. */
export const plain: Kind = {
  weight: 6,
  async run({ app, random }, id) {
    const derive = random.chance(0.3) ? [random.pick(['done', 'later', 'stream'] as const)] : []
    const slowMs = random.chance(0.3) ? random.below(4) : undefined
    const data = task(id, null, { derive, ...(slowMs === undefined ? {} : { slowMs }) })
    await perform(
      id,
      { kind: 'plain', messages: [messageOf(data, Plain.topic)] },
      () => app.publish(Plain, data),
      ({ position }) => ({ positions: [position] }),
    )
  },
}
