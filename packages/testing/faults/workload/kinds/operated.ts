import { setTimeout as sleep } from 'node:timers/promises'
import { type Kind, perform } from '../work.ts'

/** What an operator does in between: a pause, or parked deliveries that are made due at once. */
export const operated: Kind = {
  weight: 1,
  async run({ app, random }, id) {
    const { admin } = app
    if (random.chance(0.5)) {
      await perform(id, { kind: 'operated' }, () => admin.parked.release('worker', 'all'))
      return
    }
    const name = random.pick(['auditor', 'crowd'])
    await perform(`${id}/pause`, { kind: 'operated' }, () => admin.pause(name, 'to see what happens'))
    await sleep(random.below(10))
    await perform(`${id}/resume`, { kind: 'operated' }, () => admin.resume(name))
  },
}
