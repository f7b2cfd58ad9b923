import { Keyed, KeyedToo, type Plan } from '../contracts.ts'
import type { KindName } from '../kind-names.ts'
import { type Kind, messageOf, perform, task, type Work } from '../work.ts'

/** A chain of events of one key, awaited one by one or not. Some of their handlers take a while. */
export const keyed: Kind = {
  weight: 5,
  run: (work, id) => chain(work, id, 'keyed', `k${work.random.below(10)}`, {}),
}

/** The same, and the first one fails once or twice and is tried again at once or soon. */
export const retried: Kind = {
  weight: 3,
  run: (work, id) =>
    chain(work, id, 'retried', `r${work.random.below(5)}`, {
      fails: 1 + work.random.below(2),
      retryMs: work.random.below(5),
    }),
}

/** The same, and the first one is put aside for so long that the others must be put behind it. */
export const parked: Kind = {
  weight: 2,
  run: (work, id) =>
    chain(work, id, 'parked', `p${work.random.below(5)}`, {
      fails: 1 + work.random.below(2),
      retryMs: 30 + work.random.below(60),
    }),
}

/** The same, and the first one is a dead letter until its data are mended and it is redriven. */
export const dead: Kind = {
  weight: 2,
  run: (work, id) => chain(work, id, 'dead', `d${work.random.below(5)}`, { dead: true }),
}

async function chain(work: Work, id: string, kind: KindName, key: string, first: Plan): Promise<void> {
  const { app, random } = work
  const oneByOne = random.chance(0.5)
  const published: Promise<unknown>[] = []
  const length = 2 + random.below(4)
  for (let index = 0; index < length; index++) {
    const slow = random.chance(0.4) ? { slowMs: random.below(work.options.handlerMs + 1) } : {}
    const derive = random.chance(0.2) ? { derive: ['done'] as const } : {}
    const data = task(`${id}.${index}`, key, { ...(index === 0 ? first : {}), ...slow, ...derive })
    const contract = random.chance(0.3) ? KeyedToo : Keyed
    const publishing = perform(
      data.id,
      { kind, messages: [messageOf(data, contract.topic)] },
      () => app.publish(contract, data),
      ({ position }) => ({ positions: [position] }),
    )
    published.push(publishing)
    if (oneByOne) await publishing
  }
  await Promise.all(published)
}
